"""The tables of the stored accounts: their names, columns, types, and what each means, in Spanish and English.

The only place where they are defined: DDL, comments in the database, documentation and whatever writes or reads a row come from
here. It holds no figures and connects to nothing.
"""

from typing import Literal, NamedTuple

DEFINITION = 2
"""Raised by whoever changes a table or a view, or what is written into one: accounts of another definition are built anew."""

Kind = Literal["text", "count", "flag", "instant", "moment", "day", "json"]
"""text · a whole number · true or false · a whole second of UTC · a time to the microsecond · a date · lists and objects."""


class Column(NamedTuple):
    """A column: `es` and `en` say what it holds."""

    name: str
    kind: Kind
    es: str
    en: str
    required: bool = True


class Table(NamedTuple):
    """A table: the columns of its key, what to find its rows by (one index each), and whether `readers` may rely on it."""

    name: str
    key: tuple[str, ...]
    es: str
    en: str
    columns: tuple[Column, ...]
    found_by: tuple[tuple[str, ...], ...] = ()
    readers: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns, in order."""
        return tuple(it.name for it in self.columns)


def _maybe(name: str, kind: Kind, es: str, en: str) -> Column:
    return Column(name, kind, es, en, required=False)


_TICKET = Column("ticket", "text", "El ticket.", "The ticket.")
_CLIENT = Column("client", "text", "El cliente.", "The client.")
_POLICY = _maybe("policy", "text", "La póliza vigente al abrirse el ticket; nulo sin ella.",
                 "The policy in force when the ticket was opened; null without one.")  # fmt: skip
_MONTH = Column("month", "text", "El mes (AAAA-MM) en la zona de los términos; sin términos, en UTC.",
                "The month (YYYY-MM) in the zone of the terms; without terms, in UTC.")  # fmt: skip
_JUDGED = Column("judged_at", "moment", "El momento al que corresponden las cifras de esta fila.",
                 "The moment that the figures of this row are of.")  # fmt: skip
_SETTLED = Column("settled", "flag", "Si solo un asiento nuevo puede cambiar la fila; si no, corre: vale a la hora judged_at.",
                  "Whether only a new entry can change the row; if not, something runs: it is as of judged_at.")  # fmt: skip
_OPENED = (
    Column("opening", "count", "La posición del asiento que abrió el ticket.", "The position of the entry that opened it."),
    Column("opened_uncut_at", "moment", "La apertura, con su fracción de segundo.", "The opening, with its fraction."),
)  # fmt: skip
_CLOCK: tuple[tuple[str, Kind, bool, str, str], ...] = (
    ("verdict", "text", True, "met, breached, running, paused o not_applicable",
     "met, breached, running, paused or not_applicable"),
    ("target_seconds", "count", False, "segundos prometidos", "seconds promised"),
    ("earliest_seconds", "count", False, "extremo inferior del rango prometido", "lower end of the range promised"),
    ("started_at", "instant", False, "inicio", "start"),
    ("due_at", "instant", False, "vencimiento, si nada más lo detiene", "due, if nothing else stops it"),
    ("stopped_at", "instant", False, "parada", "stop"),
    ("elapsed_seconds", "count", True, "segundos contados", "seconds counted"),
    ("paused_seconds", "count", True, "segundos en pausa", "seconds paused"),
    ("overrun_seconds", "count", True, "segundos por encima de lo prometido", "seconds over the target"),
    ("clauses", "json", True, "cláusulas citadas", "clauses cited"),
    ("readings", "json", True, "lecturas empleadas", "readings used"),
)  # fmt: skip
CLOCK_FIELDS = tuple(name for name, *_ in _CLOCK)
CLOCKS = ("response", "resolution")
_OF = {"response": ("Respuesta", "Response"), "resolution": ("Solución", "Resolution")}

SLA = Table(
    "sla", ("ticket",),
    "Niveles de servicio: una fila por ticket, como `bitacora report sla`.",
    "Service levels: a row for each ticket, as `bitacora report sla` has it.",
    (
        _TICKET, _CLIENT, _POLICY,
        _maybe("terms", "text", "Los términos que aplican.", "The terms that apply."),
        Column("priority", "text", "La prioridad más reciente.", "The latest priority."),
        Column("kind", "text", "incident, question o request.", "incident, question or request."),
        _maybe("incident_type", "text", "El tipo de incidente.", "The type of incident."),
        Column("opened_at", "instant", "Cuándo se abrió.", "When it was opened."),
        _maybe("official_at", "instant", "Cuándo fue oficial la solicitud.", "When the request became official."),
        Column("status", "text", "open, resolved o closed.", "open, resolved or closed."),
        _maybe("closed_reason", "text", "Por qué se cerró.", "Why it was closed."),
        _maybe("continues", "text", "El ticket que continúa.", "The ticket that it continues."),
        _maybe("continued_by", "text", "El ticket que lo continúa.", "The ticket that continues it."),
        Column("level", "count", "El nivel de soporte, 1 a 4.", "The level of support, 1 to 4."),
        _maybe("stops_operation", "text", "Cuándo se dijo que la operación está parada: at_opening o declared_late.",
               "When it was said that the operation is stopped: at_opening or declared_late."),
        *(
            Column(f"{clock}_{name}", kind, f"{_OF[clock][0]}: {es}.", f"{_OF[clock][1]}: {en}.", required)
            for clock in CLOCKS for name, kind, required, es, en in _CLOCK
        ),
        _MONTH, *_OPENED, _SETTLED, _JUDGED,
    ),
    (("client",), ("opened_uncut_at", "opening")),
)  # fmt: skip

SEGMENTS = Table(
    "segments", ("ticket", "clock", "number"),
    "Los tramos en que cada reloj corrió o estuvo detenido, como `bitacora explain`; entre ellos, lo que falta es tiempo fuera"
    " de horario.",
    "The segments in which each clock ran or was stopped, as `bitacora explain` has them; what is missing between them is time"
    " outside its hours.",
    (
        _TICKET,
        Column("clock", "text", "response o resolution.", "response or resolution."),
        Column("number", "count", "Su orden, desde 1.", "Its order, from 1 on."),
        Column("from_at", "instant", "Desde.", "From."),
        Column("to_at", "instant", "Hasta, sin incluirlo.", "To, itself not included."),
        Column("state", "text", "running, paused, contingency o resolved.",
               "running, paused, contingency or resolved."),
        Column("counted_seconds", "count", "Segundos que cuentan.", "Seconds that count."),
        _maybe("cause", "count", "La posición del asiento que lo causó.", "The position of the entry that caused it."),
        _maybe("clause", "text", "La cláusula.", "The clause."),
        Column("longest", "flag", "Si es el tramo más largo en que ese reloj corrió.",
               "Whether it is the longest time that this clock ran."),
    ),
)  # fmt: skip

_DEALT = Column("dealt_for", "text", "policy: y la póliza, o client: y el cliente para sus tickets fuera de toda póliza.",
                "policy: and the policy, or client: and the client for its tickets outside any policy.")  # fmt: skip
CONSUMPTION = Table(
    "consumption", ("dealt_for",),
    "Consumo: una fila por póliza con cuotas, y por cliente con tickets sin póliza, como `bitacora report consumption`.",
    "Consumption: a row for each policy with quotas, and for each client with tickets outside any, as"
    " `bitacora report consumption` has it.",
    (
        _DEALT,
        _maybe("policy", "text", "La póliza.", "The policy."), _CLIENT,
        Column("terms", "text", "Sus términos.", "Its terms."),
        _maybe("tier", "text", "El plan.", "The tier."),
        _maybe("starts", "day", "El primer día.", "The first day."),
        _maybe("ends", "day", "El último día.", "The last day."),
        Column("state", "text", "not_started, in_force, exhausted, expired, cancelled o none.",
               "not_started, in_force, exhausted, expired, cancelled or none."),
        Column("tickets_included", "count", "Tickets incluidos.", "Tickets included."),
        Column("tickets_used", "count", "Tickets cubiertos.", "Tickets covered."),
        Column("tickets_remaining", "count", "Tickets que quedan.", "Tickets that are left."),
        Column("by_priority", "json", "Lo mismo por prioridad; véase quotas.", "The same by priority; see quotas."),
        Column("onsite", "json", "Los meses con visitas.", "The months with visits."),
        Column("covered", "json", "Los tickets cubiertos, por orden.", "The tickets covered, in order."),
        Column("pay_per_event", "json", "Los que se pagan por evento.", "Those paid per event."),
        Column("benefits", "json", "Los beneficios entregados; su detalle está sellado (datos personales).",
               "The benefits delivered; their detail is sealed (personal data)."),
        Column("readings", "json", "Las lecturas empleadas.", "The readings used."),
        _maybe("last_day", "day", "El último día vigente.", "The last day in force."),
        Column("time_zone", "text", "La zona de sus términos.", "The zone of its terms."),
        _maybe("begun_at", "moment", "Cuándo se contrató, o se registró el cliente.",
               "When it was contracted, or the client registered."),
        _maybe("begun", "count", "La posición de ese asiento.", "The position of that entry."),
        _JUDGED,
    ),
    (("client",),),
)  # fmt: skip

QUOTAS = Table(
    "quotas", ("dealt_for", "priority"),
    "Lo incluido y lo usado por prioridad: una fila por póliza y prioridad.",
    "What is included and used by priority: a row for each policy and priority.",
    (
        _DEALT,
        Column("priority", "text", "La prioridad.", "The priority."),
        _CLIENT,
        Column("included", "count", "Incluidos.", "Included."),
        Column("used", "count", "Usados.", "Used."),
        Column("remaining", "count", "Los que quedan.", "Left."),
    ),
    (("client",),),
)  # fmt: skip

BILLING = Table(
    "billing", ("entry",),
    "La factura: una fila por cargo, como `bitacora report billing`.",
    "The bill: a row for each charge, as `bitacora report billing` has it.",
    (
        _TICKET, _CLIENT, _POLICY,
        Column("entry", "count", "La posición del asiento que se cobra.", "The position of the entry that is charged."),
        Column("at", "instant", "El momento del cargo.", "The moment that it stands under."),
        Column("kind", "text", "follow_up, session, per_event o travel.", "follow_up, session, per_event or travel."),
        Column("minutes", "count", "Minutos que duró.", "Minutes that it took."),
        Column("consultants", "count", "Consultores.", "Consultants."),
        Column("billable_minutes", "count", "Minutos cobrables.", "Billable minutes."),
        Column("after_hours_minutes", "count", "De ellos, pedidos fuera de horario.", "Of these, requested after hours."),
        Column("unrequested_minutes", "count", "De ellos, fuera de horario sin pedirse.", "Of these, after hours unrequested."),
        _maybe("amount", "text", "El importe, decimal exacto como texto; nulo si no hay.",
               "The amount, an exact decimal as text; null if there is none."),
        _maybe("currency", "text", "La moneda.", "The currency."),
        _maybe("amount_note", "text", "not agreed o to be quoted, si no hay importe.",
               "not agreed or to be quoted, if there is no amount."),
        _maybe("clause", "text", "La cláusula.", "The clause."),
        _maybe("amount_cents", "count", "El importe en centavos, para sumarlo.", "The amount in cents, to be summed."),
        _MONTH,
        Column("uncut_at", "moment", "El momento, con su fracción de segundo.", "The moment, with its fraction of a second."),
    ),
    (("ticket",), ("client", "kind"), ("uncut_at", "entry")),
)  # fmt: skip

OPEN_WORK = Table(
    "open_work", ("ticket",),
    "Trabajo abierto: los tickets que no están cerrados, con su próximo vencimiento. Las cifras valen a la hora judged_at.",
    "Open work: the tickets that are not closed, with what is due next. Figures are as of judged_at.",
    (
        _TICKET, _CLIENT, _POLICY,
        Column("priority", "text", "La prioridad más reciente.", "The latest priority."),
        Column("status", "text", "open o resolved.", "open or resolved."),
        Column("level", "count", "El nivel de soporte.", "The level of support."),
        Column("waiting", "flag", "Si se espera al cliente.", "Whether the client is awaited."),
        _maybe("stops_operation", "text", "Cuándo se dijo que la operación está parada.",
               "When it was said that the operation is stopped."),
        _maybe("next_due_at", "instant", "El vencimiento más próximo de un reloj sin parar; puede haber pasado.",
               "The earliest due time of a clock that has not stopped; it may have passed."),
        _maybe("next_due_clock", "text", "De qué reloj.", "Of which clock."),
        _maybe("left_alone_since", "instant", "Desde cuándo nadie lo atiende.", "Since when nobody attended it."),
        _maybe("unattended_from", "instant", "Cuándo cumple un día de soporte desatendido.",
               "When it has been left alone for a day of support."),
        Column("unattended", "flag", "Si ya lo cumplió.", "Whether it has."),
        Column("unattended_seconds", "count", "Segundos de soporte desatendido.", "Seconds of support left alone."),
        _maybe("unattended_clause", "text", "La cláusula.", "The clause."),
        *_OPENED, _JUDGED,
    ),
    (("client",), ("next_due_at",)),
)  # fmt: skip

WORK = Table(
    "work", ("entry", "number"),
    "Trabajo de cada consultor: una fila por respuesta, seguimiento, y consultor de una sesión.",
    "Work of each consultant: a row for each answer, follow-up, and consultant of a session.",
    (
        _TICKET, _CLIENT, _POLICY,
        Column("entry", "count", "La posición del asiento.", "The position of the entry."),
        Column("number", "count", "El lugar del consultor en él, desde 1.", "The consultant's place in it, from 1 on."),
        Column("consultant", "text", "El consultor, sellado (datos personales): nunca en claro.",
               "The consultant, sealed (personal data): never in plain."),
        Column("kind", "text", "answer, follow_up o session.", "answer, follow_up or session."),
        Column("at", "instant", "Cuándo.", "When."),
        Column("minutes", "count", "Minutos propios en la sesión; 0 en lo demás.", "Own minutes of the session; else 0."),
        _MONTH,
    ),
    (("ticket", "entry"), ("consultant",)),
)  # fmt: skip

# What only the follower needs ---------------------------------------------------------------------------------------

USES = Table(
    "uses", ("ticket",),
    "Lo que el reparto de cuotas necesita de cada ticket.", "What dealing the quotas needs of each ticket.",
    (
        _TICKET, _CLIENT, _DEALT, *_OPENED,
        Column("priority", "text", "La prioridad.", "The priority."),
        Column("onsite", "flag", "Si hubo visita.", "Whether it was on site."),
        Column("visits", "json", "Inicios de visitas, segundos desde 1970.", "Starts of its visits, seconds since 1970."),
        Column("quoted_minutes", "count", "Minutos de sus sesiones.", "Minutes of its sessions."),
    ),
    (("client",),), readers=False,
)  # fmt: skip

TIMETABLE = Table(
    "timetable", ("subject",),
    "Hasta cuándo vale lo guardado de cada ticket o cliente.", "Until when what is stored of each ticket or client holds.",
    (
        Column("subject", "text", "ticket:, client: o desk.", "ticket:, client: or desk."),
        _maybe("client", "text", "El cliente.", "The client."),
        _JUDGED,
        _maybe("changes_at", "moment", "Cuándo cambia por sí solo.", "When it next changes of itself."),
    ),
    (("changes_at",), ("judged_at",), ("client",)), readers=False,
)  # fmt: skip

PARKED = Table(
    "parked", ("subject",),
    "Lo apartado: tickets o clientes con un asiento que no se pudo procesar; sus filas quedan como estaban.",
    "What is parked: tickets or clients with an entry that could not be processed; their rows stay as they were.",
    (
        Column("subject", "text", "ticket:, client:, policy:, terms: o desk.", "ticket:, client:, policy:, terms: or desk."),
        _maybe("client", "text", "El cliente, si se sabe.", "The client, if known."),
        Column("position", "count", "La posición del asiento.", "The position of the entry."),
        Column("problem", "text", "Lo que falló.", "What failed."),
        Column("parked_at", "moment", "Cuándo se apartó.", "When it was parked."),
        Column("attempts", "count", "Cuántas veces se intentó.", "How often it was tried."),
    ),
)  # fmt: skip

OF_TICKET = (SLA, SEGMENTS, OPEN_WORK, WORK, USES)
"""The tables whose rows are each of one ticket, apart from its charges."""
TABLES = (SLA, SEGMENTS, CONSUMPTION, QUOTAS, BILLING, OPEN_WORK, WORK, USES, TIMETABLE, PARKED)
