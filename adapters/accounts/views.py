"""What reporting reads: views with stable names and columns over the version of the accounts in use, the same on every store.

Each view says in Spanish and English what it and its columns mean, and has a query to begin with. SQL here is what SQLite and
PostgreSQL both understand; sums of money are exact, in cents and as text. It computes nothing that a report does not.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from adapters.accounts.tables import CLOCKS, TABLES, Column, Table


class Shown(NamedTuple):
    """A column of a view: `sql` is what it shows."""

    name: str
    sql: str
    es: str
    en: str


class View(NamedTuple):
    """A view: its columns, where they come from (what follows them in its SELECT), and a query to begin with."""

    name: str
    es: str
    en: str
    columns: tuple[Shown, ...]
    source: str
    query: str


def _same(name: str, es: str, en: str) -> Shown:
    return Shown(name, name, es, en)


def _how_many(condition: str) -> str:
    return f"SUM(CASE WHEN {condition} THEN 1 ELSE 0 END)"


def _sum(column: str) -> str:
    """A sum as a whole number, which PostgreSQL would make a decimal of."""
    return f"CAST(SUM({column}) AS bigint)"


_CLIENT = _same("client", "El cliente.", "The client.")
_PRIORITY = _same("priority", "La prioridad.", "The priority.")
_MONTH = _same("month", "El mes (AAAA-MM), en la zona de los términos.", "The month (YYYY-MM), in the zone of the terms.")
_OF = {"response": ("Respuesta", "Response"), "resolution": ("Solución", "Resolution")}


def _compliance(clock: str) -> Iterator[Shown]:
    es, en = _OF[clock]
    verdict = f"{clock}_verdict"
    for name, condition, spanish, english in (
        ("met", f"{verdict} = 'met'", "a tiempo", "in time"),
        ("breached", f"{verdict} = 'breached'", "fuera de tiempo", "late"),
        (
            "open",
            f"{verdict} IN ('running', 'paused')",
            "cuyo reloj aún corre o está en pausa",
            "whose clock still runs or is paused",
        ),
        ("not_applicable", f"{verdict} = 'not_applicable'", "sin promesa", "without a promise"),
    ):  # fmt: skip
        yield Shown(f"{clock}_{name}", _how_many(condition), f"{es}: tickets {spanish}.", f"{en}: tickets {english}.")
    met = _how_many(f"{verdict} = 'met'")
    judged = _how_many(f"{verdict} IN ('met', 'breached')")
    yield Shown(f"{clock}_percent", f"100 * {met} / NULLIF({judged}, 0)",
                f"{es}: a tiempo de cada cien juzgados, sin redondear hacia arriba.",
                f"{en}: in time of each hundred judged, never rounded up.")  # fmt: skip


MONTHLY_COMPLIANCE = View(
    "monthly_compliance",
    "Cumplimiento por mes de apertura, cliente, términos y prioridad.",
    "Compliance by month of opening, client, terms and priority.",
    (
        _MONTH, _CLIENT, _same("terms", "Los términos.", "The terms."), _PRIORITY,
        Shown("tickets", "COUNT(*)", "Tickets abiertos.", "Tickets opened."),
        *_compliance("response"), *_compliance("resolution"),
        Shown("judged_at", "MIN(judged_at)", "La fila más antigua es de este momento.", "The oldest row is of this moment."),
    ),
    "FROM sla GROUP BY month, client, terms, priority",
    "SELECT month, client, priority, tickets, response_percent, resolution_percent FROM monthly_compliance"
    " WHERE month >= '2026-01' ORDER BY month, client, priority",
)  # fmt: skip

_QUOTA = ("client", "policy", "terms", "tier", "starts", "ends", "state")
QUOTA_USE = View(
    "quota_use",
    "Consumo frente a la cuota, por póliza y prioridad; la prioridad all es el total.",
    "Consumption against quota, by policy and priority; the priority all is the total.",
    (
        _CLIENT, _same("policy", "La póliza.", "The policy."), _same("terms", "Sus términos.", "Its terms."),
        _same("tier", "El plan.", "The tier."), _same("starts", "El primer día.", "The first day."),
        _same("ends", "El último día.", "The last day."),
        _same("state", "not_started, in_force, exhausted, expired o cancelled.",
              "not_started, in_force, exhausted, expired or cancelled."),
        _PRIORITY, _same("included", "Tickets incluidos.", "Tickets included."), _same("used", "Usados.", "Used."),
        _same("remaining", "Los que quedan.", "Left."),
    ),
    f"FROM (SELECT {', '.join(f'c.{it}' for it in _QUOTA)}, q.priority, q.included, q.used, q.remaining"
    " FROM consumption c JOIN quotas q ON q.dealt_for = c.dealt_for WHERE c.policy IS NOT NULL UNION ALL"
    f" SELECT {', '.join(_QUOTA)}, 'all', tickets_included, tickets_used, tickets_remaining FROM consumption"
    " WHERE policy IS NOT NULL) together",
    "SELECT client, policy, state, included, used, remaining FROM quota_use WHERE priority = 'all'"
    " AND state IN ('in_force', 'exhausted') ORDER BY remaining, client",
)  # fmt: skip

_CENTS = _sum("amount_cents")
_AMOUNT = (
    f"CASE WHEN SUM(amount_cents) IS NULL THEN NULL ELSE ({_CENTS} / 100) || '.' ||"
    f" CASE WHEN {_CENTS} % 100 < 10 THEN '0' ELSE '' END || ({_CENTS} % 100) END"
)
MONTHLY_BILLING = View(
    "monthly_billing",
    "Minutos cobrables e importe por mes, cliente y moneda.",
    "Billable minutes and money by month, client and currency.",
    (
        _MONTH, _CLIENT, _same("currency", "La moneda; nula si no hay precios.", "The currency; null where none is known."),
        Shown("charges", "COUNT(*)", "Cargos.", "Charges."),
        Shown("billable_minutes", _sum("billable_minutes"), "Minutos cobrables.", "Billable minutes."),
        Shown("after_hours_minutes", _sum("after_hours_minutes"), "De ellos, fuera de horario.", "Of these, after hours."),
        Shown("amount", _AMOUNT, "El importe, decimal exacto como texto.", "The amount, an exact decimal as text."),
        Shown("amount_cents", _CENTS, "El importe en centavos.", "The amount in cents."),
        Shown("without_amount", _how_many("amount IS NULL"), "Cargos sin importe.", "Charges without an amount."),
    ),
    "FROM billing GROUP BY month, client, currency",
    "SELECT month, client, billable_minutes, amount, currency FROM monthly_billing ORDER BY month, client, currency",
)  # fmt: skip


def _breached(clock: str) -> str:
    """The breached clocks of one kind, each with the longest time that it ran."""
    own = ", ".join(f"t.{clock}_{it} AS {it}" for it in (
        "target_seconds", "elapsed_seconds", "overrun_seconds", "paused_seconds", "due_at", "stopped_at", "clauses",
    ))  # fmt: skip
    found = ", ".join(f"s.{it} AS longest_{it}" for it in ("from_at", "to_at", "counted_seconds"))
    return (
        f"SELECT t.ticket, t.client, t.policy, t.terms, t.priority, t.status, t.month, '{clock}' AS clock, {own}, {found},"
        f" t.judged_at FROM sla t LEFT JOIN segments s ON s.ticket = t.ticket AND s.clock = '{clock}' AND s.longest"
        f" WHERE t.{clock}_verdict = 'breached'"
    )


BREACHES = View(
    "breaches",
    "Incumplimientos y su causa: cuánto se pasó, el tramo más largo en que corrió sin atenderse, y las cláusulas. Los segundos"
    " valen a la hora judged_at: lo que sigue abierto (still_open) crece; su vencimiento, due_at, ya no cambia por sí solo.",
    "Breaches and their cause: by how much, the longest time that it ran unattended to, and the clauses. Seconds are as of"
    " judged_at: what is still_open grows; when it was due, due_at, does not change of itself any more.",
    (
        _same("ticket", "El ticket.", "The ticket."), _CLIENT, _same("policy", "La póliza.", "The policy."),
        _same("terms", "Los términos.", "The terms."), _PRIORITY, _same("status", "open, resolved o closed.",
                                                                         "open, resolved or closed."), _MONTH,
        _same("clock", "response o resolution.", "response or resolution."),
        Shown("how", "CASE WHEN stopped_at IS NULL THEN 'still_open' ELSE 'late' END",
              "late: llegó tarde; still_open: aún no llega.", "late: it came late; still_open: it has not come yet."),
        _same("target_seconds", "Segundos prometidos.", "Seconds promised."),
        _same("elapsed_seconds", "Segundos contados.", "Seconds counted."),
        _same("overrun_seconds", "Segundos de más.", "Seconds over."),
        _same("paused_seconds", "Segundos en pausa, que no cuentan.", "Seconds paused, which do not count."),
        _same("due_at", "Cuándo vencía.", "When it was due."), _same("stopped_at", "Cuándo paró.", "When it stopped."),
        _same("longest_from_at", "El tramo más largo en que corrió: desde.", "The longest time that it ran: from."),
        _same("longest_to_at", "Hasta.", "To."),
        _same("longest_counted_seconds", "Sus segundos.", "Its seconds."),
        _same("clauses", "Las cláusulas citadas (JSON).", "The clauses cited (JSON)."),
        _same("judged_at", "De qué momento son las cifras.", "The moment that the figures are of."),
    ),
    f"FROM ({' UNION ALL '.join(map(_breached, CLOCKS))}) together",
    "SELECT ticket, client, clock, how, due_at, overrun_seconds, longest_counted_seconds, judged_at FROM breaches"
    " ORDER BY how DESC, due_at, ticket, clock",
)  # fmt: skip

UNATTENDED_TICKETS = View(
    "unattended_tickets",
    "Tickets que nadie atiende desde hace un día de soporte o más; los segundos valen a la hora judged_at.",
    "Tickets that nobody has attended for a support day or more; seconds are as of judged_at.",
    (
        _same("ticket", "El ticket.", "The ticket."),
        _CLIENT,
        _same("policy", "La póliza.", "The policy."),
        _PRIORITY,
        _same("left_alone_since", "Desde cuándo.", "Since when."),
        _same("unattended_seconds", "Segundos de soporte.", "Seconds of support."),
        Shown("clause", "unattended_clause", "La cláusula.", "The clause."),
        _same("judged_at", "De qué momento son las cifras.", "The moment that the figures are of."),
    ),
    "FROM open_work WHERE unattended",
    "SELECT ticket, client, priority, left_alone_since FROM unattended_tickets ORDER BY left_alone_since, ticket",
)

_SEALED = ("El consultor, sellado: quien puede lo ve con `bitacora`, nunca aquí.",
           "The consultant, sealed: who may sees it with `bitacora`, never here.")  # fmt: skip
CONSULTANT_WORKLOAD = View(
    "consultant_workload",
    "Trabajo de cada consultor por mes. El consultor está sellado (datos personales).",
    "Work of each consultant by month. The consultant is sealed (personal data).",
    (
        _MONTH,
        _same("consultant", *_SEALED),
        Shown("tickets", "COUNT(DISTINCT ticket)", "Tickets en que trabajó.", "Tickets worked on."),
        Shown("answers", _how_many("kind = 'answer'"), "Respuestas.", "Answers."),
        Shown("follow_ups", _how_many("kind = 'follow_up'"), "Seguimientos.", "Follow-ups."),
        Shown("sessions", _how_many("kind = 'session'"), "Sesiones.", "Sessions."),
        Shown("session_minutes", _sum("minutes"), "Minutos propios en sesiones.", "Own minutes of sessions."),
    ),
    "FROM work GROUP BY month, consultant",
    "SELECT month, consultant, tickets, sessions, session_minutes FROM consultant_workload ORDER BY month, consultant",
)

CONSULTANT_OPEN_WORK = View(
    "consultant_open_work",
    "Tickets sin cerrar de cada consultor: del último que respondió, siguió o tuvo sesión.",
    "Tickets not closed of each consultant: of the last one who answered, followed up or held a session.",
    (
        Shown("consultant", "w.consultant", *_SEALED),
        Shown("open_tickets", _how_many("o.status = 'open'"), "Por resolver.", "To be resolved."),
        Shown("resolved_tickets", _how_many("o.status = 'resolved'"), "Por cerrar.", "To be closed."),
        Shown("waiting_tickets", _how_many("o.waiting"), "De ellos, en espera del cliente.", "Of these, awaiting the client."),
        Shown("unattended_tickets", _how_many("o.unattended"), "De ellos, desatendidos.", "Of these, unattended."),
        Shown("next_due_at", "MIN(o.next_due_at)", "El vencimiento más próximo.", "The earliest due time."),
    ),
    "FROM open_work o JOIN work w ON w.ticket = o.ticket AND w.number = 1"
    " AND w.entry = (SELECT MAX(l.entry) FROM work l WHERE l.ticket = o.ticket) GROUP BY w.consultant",
    "SELECT consultant, open_tickets, unattended_tickets, next_due_at FROM consultant_open_work ORDER BY consultant",
)

VIEWS = (
    MONTHLY_COMPLIANCE, QUOTA_USE, MONTHLY_BILLING, BREACHES, UNATTENDED_TICKETS, CONSULTANT_WORKLOAD, CONSULTANT_OPEN_WORK,
)  # fmt: skip


def tables_shown() -> Iterator[Table]:
    """The tables that are shown to readers under their plain names."""
    return (it for it in TABLES if it.readers)


def shown(number: int, *, told: bool = False) -> Iterator[tuple[str, str]]:
    """Every view over a version, by name with its SELECT, each after those it reads; `told`: with what it and its columns mean
    in comments, for a store that keeps no others."""
    for table in tables_shown():
        plain = [(it.name, it) for it in table.columns]
        yield table.name, _select(table, plain, f"FROM {table.name}_{number}", told)
    for view in VIEWS:
        yield view.name, _select(view, [(f"{it.sql} AS {it.name}", it) for it in view.columns], view.source, told)


def _select(it: Table | View, columns: Sequence[tuple[str, Column | Shown]], source: str, told: bool) -> str:
    if not told:
        return f"SELECT {', '.join(sql for sql, _ in columns)} {source}"
    lines = [f"    {sql}{',' if sql != columns[-1][0] else ''} -- {column.es} / {column.en}" for sql, column in columns]
    return "\n".join([f"-- {it.es} / {it.en}", "SELECT", *lines, source])
