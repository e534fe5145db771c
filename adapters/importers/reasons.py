"""Why a row of a foreign log gave no entry: stable codes, and the words a person reads for them in English
and Spanish."""

REASONS: dict[str, dict[str, str]] = {
    # What cannot be read
    "empty-line": {"en": "the line is empty", "es": "la línea está vacía"},
    "line-too-long": {"en": "the line is over 1 MiB", "es": "la línea pasa de 1 MiB"},
    "bad-quoting": {
        "en": "a quotation mark is not closed or stands amiss",
        "es": "hay una comilla sin cerrar o fuera de lugar",
    },
    "wrong-column-count": {
        "en": "the row has not as many columns as the header",
        "es": "la fila no tiene tantas columnas como el encabezado",
    },
    "not-utf-8": {"en": "text that is not UTF-8", "es": "texto que no es UTF-8"},
    "bad-character": {
        "en": "a character that cannot be kept (U+0000)",
        "es": "un carácter que no se puede guardar (U+0000)",
    },
    "bad-date": {"en": "not a date and time that can be read", "es": "no es una fecha y hora legible"},
    "bad-number": {"en": "not a whole number", "es": "no es un número entero"},
    "bad-name": {"en": "nothing to make an id of", "es": "nada con que formar un identificador"},
    "unknown-priority": {
        "en": "a priority the table does not know",
        "es": "una prioridad que la tabla no conoce",
    },
    "unknown-channel": {"en": "a channel the table does not know", "es": "un canal que la tabla no conoce"},
    "unknown-activity": {
        "en": "an activity the table does not know",
        "es": "una actividad que la tabla no conoce",
    },
    "unknown-role": {"en": "a role the table does not know", "es": "un papel que la tabla no conoce"},
    "unknown-state": {"en": "a state without a meaning", "es": "un estado sin significado"},
    # What can be read and cannot be taken down
    "before-opening": {
        "en": "dated before the ticket was opened",
        "es": "con fecha anterior a la apertura del ticket",
    },
    "time-goes-back": {
        "en": "dated before what the log has told of this ticket already",
        "es": "con fecha anterior a lo que el registro ya contó de este ticket",
    },
    "no-longer-new": {
        "en": "shown as new again after work had begun",
        "es": "aparece otra vez como nuevo después de empezado el trabajo",
    },
    "after-closing": {
        "en": "the desk's own note on a closed ticket",
        "es": "nota de la propia mesa en un ticket cerrado",
    },
    "unasked-comment": {
        "en": "the client wrote with no request for information open; there is no entry for that",
        "es": "el cliente escribió sin que hubiera información solicitada; no hay asiento para ello",
    },
    # What adds nothing to account for
    "nothing-changed": {
        "en": "changes nothing that the ledger takes down",
        "es": "no cambia nada de lo que el libro asienta",
    },
    "reassignment-note": {
        "en": "only hands the ticket to another group; the log gives no level, and a note would be billed",
        "es": "solo pasa el ticket a otro grupo; el registro no da nivel, y una nota se cobraría",
    },
    "assignee-note": {
        "en": "only changes who works on the ticket",
        "es": "solo cambia quién atiende el ticket",
    },
    "state-not-recorded": {
        "en": "moves between states of work which no entry tells apart",
        "es": "pasa entre estados de trabajo que ningún asiento distingue",
    },
    "repeats-closing": {"en": "repeats a closing already taken down", "es": "repite un cierre ya asentado"},
    "repeats-resolution": {
        "en": "repeats a solution already taken down",
        "es": "repite una solución ya asentada",
    },
    "already-waiting": {"en": "already waiting for the client", "es": "ya se esperaba al cliente"},
    "already-open": {"en": "the ticket is already open", "es": "el ticket ya está abierto"},
    "already-at-level": {
        "en": "already at the level this would escalate to",
        "es": "ya está en el nivel al que esto lo escalaría",
    },
    "anomaly-solved": {
        "en": "ends the anomaly, not the ticket; there is no entry for that",
        "es": "termina la anomalía, no el ticket; no hay asiento para ello",
    },
    "same-comment": {
        "en": "one more sentence of a comment translated at its first",
        "es": "otra frase de un comentario ya traducido en la primera",
    },
    "internal-comment": {"en": "not shown to the client", "es": "no se muestra al cliente"},
    "automatic-notice": {
        "en": "a notice the system posts by itself; nobody answered",
        "es": "un aviso que el sistema publica solo; nadie contestó",
    },
}


def reason_text(reason: str, language: str) -> str:
    """A reason in words, for a `Translated.reason` and "en" or "es"; names the field where the reason
    does."""
    code, _, field = reason.partition(":")
    text = REASONS[code][language]
    return f"{field}: {text}" if field else text
