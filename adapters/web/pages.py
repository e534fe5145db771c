"""The pages, one function each: who looks and what the URL asks in, HTML out. How they are routed is in `routes`.

A caller of the role `client` is shown what is its own, and for all else exactly what it is shown for what does not exist.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from msgspec import structs

from adapters.language import _
from adapters.reports.reports import NotFound, Selection
from adapters.web import agreed, listing, recording
from adapters.web.asking import BadQuestion, State, address, readings_known, state_of
from adapters.web.desk import Desk, Readings
from adapters.web.kept import BeingMade, View
from adapters.web.proof_words import words
from adapters.web.setting import Page, Viewer, Wrong, rendered
from adapters.web.ticket import client_of, gathered, position_of
from domain.refusal import said
from domain.terms_document import Reading
from projections.contracts import Question
from replay.as_of import Focus

MATRIX_ENTRIES = 20_000
"""In a ledger of more entries the readings matrix is asked of a client, a policy or a ticket, not of everything."""


def settled(desk: Desk, page: Page, client: str | None) -> str | None:
    """Where a list of another moment stands: the same address, with the moment and the position said, so that it has one answer
    for ever. None if that is the address asked for, and for the lists of now, which stand by themselves."""
    state = state_of(page.query)
    if not state.asks_lists:
        return None
    now = desk.clock().replace(microsecond=0)
    at, known = state.at or now, state.known_at
    if not isinstance(known, datetime) or known > now:
        known = position_of(desk.ledger, known if isinstance(known, int) else None, client)
    if (at, known) == (state.at, state.known_at):
        return None
    others = [it for it in page.query if it[0] not in ("at", "known_at", "reading")]
    return address(page.path, [*others, *State(at, known, state.readings).query()])


@contextmanager
def _lists(desk: Desk, state: State, client: str | None) -> Iterator[View]:
    """What lists are read from: the accounts of now, or of the moment that was settled."""
    if not state.asks_lists:
        with desk.kept.reading() as view:
            yield view
        return
    assert state.at is not None, "whoever asks of another moment is led to where it is said"
    with readings_known("reading"):
        known = position_of(desk.ledger, state.known_at, client)
        with desk.moments.reading(Question(state.at, known, state.readings), client) as view:
            yield view


def _askable(desk: Desk, client: str | None) -> dict[str, Reading]:
    """The unclear clauses of the newest terms seen, by key."""
    seen = agreed.published(desk.ledger, agreed.terms_seen(desk.ledger, client))
    return dict(sorted(pair for versions in seen.values() for pair in versions[-1].terms.about.readings.items()))


def overview(desk: Desk, page: Page, client: str | None) -> str:
    """Compliance by month and priority, breaches with their cause, what is due, whom nobody attends, quotas nearly used up."""
    state = state_of(page.query).of_lists()
    _check_readings(desk, client, state)
    with _lists(desk, state, client) as view:
        found = listing.overview(view, client)
        names = {it["ticket"] for rows in (found.breaches, found.due, found.unattended) for it in rows}
        return rendered("overview.html", page, it=found, view=view, subjects=listing.subjects(desk.ledger, names), state=state,
                        askable=_askable(desk, client))  # fmt: skip


def tickets(desk: Desk, page: Page, client: str | None) -> str:
    """The tickets, newest first, through filters."""
    asked, state = dict(page.query), state_of(page.query).of_lists()
    _check_readings(desk, client, state)
    names = listing.Filters.__struct_fields__
    filters = listing.Filters(**{name: asked[name] for name in names if asked.get(name)})
    if client is not None:
        filters = structs.replace(filters, client=client)
    with _lists(desk, state, client) as view:
        found, known = listing.tickets(view, filters), listing.known(view, client)
        subjects = listing.subjects(desk.ledger, [it["ticket"] for it in found.rows])
        return rendered("tickets.html", page, it=found, filters=filters, known=known, view=view, subjects=subjects, state=state,
                        askable=_askable(desk, client))  # fmt: skip


def ticket(desk: Desk, page: Page, viewer: Viewer, ident: str) -> str:
    """One ticket, replayed as the URL asks."""
    check_seen(desk, viewer, ident)
    state = state_of(page.query)
    _check_readings(desk, viewer.client, state)
    found = gathered(desk.ledger, ident, state, desk.clock(), desk.signer, viewer.client)
    return rendered("ticket.html", page, it=found, proof_words=words(), recorded=dict(page.query).get("recorded", ""))


def check_seen(desk: Desk, viewer: Viewer, ident: str) -> None:
    """NotFound for a ticket that is not there, or not the caller's: it cannot be told which."""
    owner = client_of(desk.ledger, ident)
    if owner is None or viewer.client not in (None, owner):
        raise NotFound("ticket", ident)


def _check_readings(desk: Desk, client: str | None, state: State) -> None:
    """BadQuestion for a reading of terms that the caller does not see, as for one that no terms have."""
    if client is None or not (state.readings or state.supposed.readings):
        return
    own = agreed.published(desk.ledger, agreed.terms_seen(desk.ledger, client))
    known = {key for versions in own.values() for it in versions for key in it.terms.about.readings}
    for field, readings in (("reading", state.readings), ("if_reading", state.supposed.readings)):
        for key in readings.keys() - known:
            raise BadQuestion(field, said("no terms have a reading {key}"), key=key)


def clients(desk: Desk, page: Page) -> str:
    """All clients, with their tickets counted."""
    with desk.kept.reading() as view:
        rows, more = listing.clients(view, desk.ledger, dict(page.query).get("after", ""))
        return rendered("clients.html", page, rows=rows, more=more, view=view)


def client(desk: Desk, page: Page, viewer: Viewer, ident: str) -> str:
    """A client and its policies: quota, visits, expiry, statements."""
    if viewer.client not in (None, ident):
        raise NotFound("client", ident)
    with desk.kept.reading() as view:
        found = agreed.client_shown(desk.ledger, view.reports(Selection(client=ident)), ident)
        rows = listing.tickets(view, listing.Filters(client=ident)).rows[: listing.SHOWN]
        subjects = listing.subjects(desk.ledger, [it["ticket"] for it in rows])
        return rendered("client.html", page, it=found, rows=rows, subjects=subjects, view=view)


def terms(desk: Desk, page: Page, viewer: Viewer) -> str:
    """The terms published."""
    found = agreed.published(desk.ledger, agreed.terms_seen(desk.ledger, viewer.client))
    return rendered("all_terms.html", page, it=found)


def one_terms(desk: Desk, page: Page, viewer: Viewer, ident: str) -> str:
    """The newest version of one terms, or the one asked for: its clauses, and how each unclear one may be read."""
    found = agreed.published(desk.ledger, agreed.terms_seen(desk.ledger, viewer.client)).get(ident)
    if not found:
        raise NotFound("terms", ident)
    wanted = dict(page.query).get("version", "")
    shown = next((it for it in found if str(it.version) == wanted), found[-1])
    return rendered("one_terms.html", page, it=shown, versions=found)


def readings(desk: Desk, page: Page, viewer: Viewer) -> str:
    """On which unclear clauses the outcome hangs, of a ticket, a policy, a client or everything."""
    asked = dict(page.query)
    state = state_of(page.query)
    focus = Focus(client=viewer.client or asked.get("client") or None, policy=asked.get("policy") or None,
                  ticket=asked.get("ticket") or None)  # fmt: skip
    _check_readings(desk, viewer.client, state)
    head = position_of(desk.ledger, None, viewer.client)
    # To the minute, so that who asks again is answered from memory.
    at = state.at or desk.clock().replace(second=0, microsecond=0)
    question = Question(at, position_of(desk.ledger, state.known_at, viewer.client), state.readings)
    found = None
    if head <= MATRIX_ENTRIES or any((focus.client, focus.policy, focus.ticket)):
        if focus.ticket is not None:
            check_seen(desk, viewer, focus.ticket)
        found = _hanging(desk, focus, question)
    seen = agreed.terms_seen(desk.ledger, viewer.client)
    hangs = [] if found is None else [it for it in found.hangs if seen is None or it.terms in seen]
    totals = None if found is None else found.totals
    return rendered("readings.html", page, hangs=hangs, totals=totals, focus=focus, state=state, most=MATRIX_ENTRIES,
                    question=question if found else None, askable=_askable(desk, viewer.client))  # fmt: skip


def _hanging(desk: Desk, focus: Focus, question: Question) -> Readings:
    with readings_known("reading"):
        return desk.readings(focus, question)


# Recording ----------------------------------------------------------------------------------------------------------


def record_form(desk: Desk, page: Page, filled: recording.Filled | None = None) -> str:
    """The form for a type of entry; without one, the types to choose from."""
    asked = dict(page.query)
    if filled is None and asked.get("type") in recording.offered():
        known = {name: asked[name] for name in ("ticket", "client", "policy") if asked.get(name)}
        now = desk.clock().astimezone(UTC).replace(microsecond=0).isoformat()
        filled = recording.new(asked["type"], {"at": now.replace("+00:00", "Z"), **known})
    fields = recording.fields(filled.type) if filled is not None else []
    return rendered("record.html", page, groups=recording.GROUPS, filled=filled, fields=fields, ticket=asked.get("ticket", ""),
                    recorded=asked.get("recorded", ""))  # fmt: skip


def record(desk: Desk, viewer: Viewer, values: Mapping[str, str]) -> recording.Recorded | recording.Filled:
    """Records what a form was filled in with. NotFound for a type that no form is for."""
    type_name = values.get("type", "")
    if type_name not in recording.offered():
        raise NotFound("type", type_name)
    return recording.record(desk.ledger, type_name, values, viewer.name)


# What is not a page of its own --------------------------------------------------------------------------------------


def sign_in(page: Page, failed: bool, there: str) -> str:
    """The form a token is shown in."""
    return rendered("sign_in.html", page, failed=failed, there=there)


def being_made(page: Page, error: BeingMade) -> str:
    """That the accounts are being made, and how far they are."""
    return rendered("being_made.html", page, done=error.done, all=error.all, is_replay=error.is_replay)


def problem(page: Page, wrong: Wrong) -> str:
    """What went wrong, and a way on."""
    return rendered("problem.html", page, wrong=wrong)


def missing(error: NotFound) -> str:
    """What is not there, in the language spoken."""
    templates = {
        "ticket": _("there is no ticket {value}, or none that counts at the moment asked for"),
        "client": _("there is no client {value}"),
        "policy": _("there is no policy {value}"),
        "terms": _("there are no terms {value}"),
    }
    return templates.get(error.field, _("there is no {value}")).format(value=error.value)
