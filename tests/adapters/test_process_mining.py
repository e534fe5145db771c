"""XES and OCEL, read back by a process-mining tool: every ticket, every entry that counts, nothing anyone wrote, persons by
name or by a pseudonym. pm4py is imported here alone: it takes two seconds."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pm4py
import pytest

from adapters.exporters.cases import Exported, pseudonym
from adapters.exporters.ocel import write_ocel
from adapters.exporters.xes import write_xes
from adapters.ledger import Ledger
from adapters.reports.reports import NotFound, Reports
from projections.contracts import Question
from tests.adapters.given import DESK, REGISTERED, followed_up, opened
from tests.replay.desks import random_desk, small_desk

pytestmark = pytest.mark.filterwarnings("ignore:Install the optional requirement")

AT = datetime(2026, 3, 31, 18, tzinfo=UTC)
VOIDED = {"type": "EntryVoided", "at": "2026-03-02T18:00:00-06:00", "entry": 7, "reason": "twice"}
SESSION = {
    "type": "SessionHeld", "at": "2026-03-02T12:00:00-06:00", "ticket": "G-1", "started": "2026-03-02T11:00:00-06:00",
    "ended": "2026-03-02T12:00:00-06:00", "consultants": [{"consultant": "luis"}, {"consultant": "eva"}], "delivery": "remote",
    "tool": "a\u0001b<&\"'>",
}  # fmt: skip
CHANGED = {"type": "PriorityChanged", "at": "2026-03-02T13:00:00-06:00", "ticket": "G-1", "priority": "low", "reason": "secret"}
AFTER_HOURS = {
    "type": "AfterHoursRequested", "at": "2026-03-02T14:00:00-06:00", "ticket": "G-1", "from": "2026-03-02T19:00:00-06:00",
    "to": "2026-03-02T20:00:00-06:00", "message_id": "secret",
}  # fmt: skip
STORY = [
    *DESK,
    opened("G-1", subject="secret"),
    followed_up("G-1", note="secret", consultant="luis"),
    SESSION,
    CHANGED,
    AFTER_HOURS,
]


def xes(
    folder: Path, ledger: Ledger, *, sealed: bool = False, client: str | None = None, question: Question | None = None
) -> Any:
    """An export to XES as pm4py reads it: a frame with a row for each event."""
    path = folder / "log.xes"
    with path.open("wb") as file:
        write_xes(of(ledger, sealed, client, question), file)
    return pm4py.read_xes(str(path), show_progress_bar=False)


def ocel(folder: Path, ledger: Ledger, *, sealed: bool = False, client: str | None = None) -> Any:
    path = folder / "log.jsonocel"
    with path.open("wb") as file:
        write_ocel(of(ledger, sealed, client, None), file)
    return pm4py.read_ocel2_json(str(path))


def of(ledger: Ledger, sealed: bool, client: str | None, question: Question | None) -> Exported:
    named = pseudonym if sealed else ledger.unsealed().text
    return Exported(ledger, question or Question(AT, ledger.head()), client, named)


def counted(ledger: Ledger, question: Question, kinds: tuple[str, ...]) -> Counter[str]:
    """The entries of streams of these kinds that count, by type; voidings left out."""
    found = (it for kind in kinds for _, recorded in ledger.streams(kind) for it in question.counted(recorded))
    return Counter(type(it.event).__name__ for it in found if type(it.event).__name__ != "EntryVoided")


# On random ledgers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", (9501, 9502, 9503))
def test_a_trace_is_a_ticket_and_an_event_an_entry_that_counts(seed: int, tmp_path: Path) -> None:
    with random_desk(tmp_path, seed) as (ledger, entries, _rng):
        question = Question(datetime(2026, 12, 1, tzinfo=UTC), len(entries))
        log = xes(tmp_path, ledger, question=question)
        rows = {it["ticket"]: it for it in Reports(ledger, question).sla()}
        assert set(log["case:concept:name"]) == set(rows)
        kinds = Counter(log["concept:name"])
        traces = dict(list(log.groupby("case:concept:name")))
        assert kinds == sum((counted_of(ledger, question, it) for it in rows), Counter())
        for ticket, row in rows.items():
            assert set(traces[ticket]["case:response_verdict"]) == {row["response"]["verdict"]}
            assert set(traces[ticket]["case:resolution_elapsed_seconds"]) == {row["resolution"]["elapsed_seconds"]}
            assert traces[ticket]["time:timestamp"].is_monotonic_increasing


def counted_of(ledger: Ledger, question: Question, ticket: str) -> Counter[str]:
    found = question.counted(ledger.stream(f"ticket:{ticket}"))
    return Counter(type(it.event).__name__ for it in found if type(it.event).__name__ != "EntryVoided")


@pytest.mark.parametrize("seed", (9501, 9504))
def test_an_object_centric_log_has_every_entry_and_whom_it_concerns(seed: int, tmp_path: Path) -> None:
    with random_desk(tmp_path, seed) as (ledger, entries, _rng):
        question = Question(datetime(2026, 12, 1, tzinfo=UTC), len(entries))
        path = tmp_path / "log.jsonocel"
        with path.open("wb") as file:
            write_ocel(of(ledger, False, None, question), file)
        log = pm4py.read_ocel2_json(str(path))
        tickets = [it["ticket"] for it in Reports(ledger, question).sla()]
        kinds = sum((counted_of(ledger, question, it) for it in tickets), counted(ledger, question, ("client", "policy")))
        assert Counter(log.events["ocel:activity"]) == kinds
        assert set(log.objects[log.objects["ocel:type"] == "ticket"]["ocel:oid"]) == {f"ticket:{it}" for it in tickets}
        assert log.is_ocel20()


# What is told -------------------------------------------------------------------------------------------------------


def test_events_have_their_times_and_who_took_part(tmp_path: Path) -> None:
    with small_desk(tmp_path, *STORY) as ledger:
        log = xes(tmp_path, ledger)
    events = {it["concept:name"]: it for it in log.to_dict("records")}
    session = events["SessionHeld"]
    assert session["org:resource"] == "luis eva" and session["tool"] == "a\ufffdb<&\"'>"
    assert session["time:timestamp"] == pd.Timestamp("2026-03-02T18:00:00Z")
    assert session["started"] == pd.Timestamp("2026-03-02T17:00:00Z")
    assert (events["TicketOpened"]["org:resource"], events["FollowedUp"]["org:resource"]) == ("ana", "luis")
    assert events["AfterHoursRequested"]["from"] == pd.Timestamp("2026-03-03T01:00:00Z")


def test_free_text_is_never_told(tmp_path: Path) -> None:
    with small_desk(tmp_path, *STORY) as ledger:
        xes(tmp_path, ledger)
        ocel(tmp_path, ledger)
    for name in ("log.xes", "log.jsonocel"):
        written = (tmp_path / name).read_bytes()
        # Neither in plain nor sealed.
        assert not any(it in written for it in (b"secret", b"sealed1", b"subject", b"note", b"message_id", b"reason"))


def test_void_entries_and_voidings_are_left_out(tmp_path: Path) -> None:
    with small_desk(tmp_path, *STORY, VOIDED) as ledger:
        voided = ledger.entry(7)
        assert voided is not None and type(voided.event).__name__ == "FollowedUp"
        assert set(xes(tmp_path, ledger)["concept:name"]) == {
            "TicketOpened", "SessionHeld", "PriorityChanged", "AfterHoursRequested",
        }  # fmt: skip
        as_then = xes(tmp_path, ledger, question=Question(AT, ledger.head() - 1))
        assert "FollowedUp" in set(as_then["concept:name"])


def test_persons_are_named_unless_a_pseudonym_is_wanted(tmp_path: Path) -> None:
    with small_desk(tmp_path, *STORY) as ledger:
        plain = xes(tmp_path, ledger)["org:resource"].tolist()
        sealed = xes(tmp_path, ledger, sealed=True)["org:resource"].tolist()
        raw = (tmp_path / "log.xes").read_text("utf-8")
        ocel(tmp_path, ledger, sealed=True)
        raw += (tmp_path / "log.jsonocel").read_text("utf-8")
    assert plain[:3] == ["ana", "luis", "luis eva"]
    assert sealed[2].split()[0] == sealed[1] and len({*sealed[0].split(), *sealed[2].split()}) == 3
    assert not any(f'"{name}' in raw or f":{name}" in raw for name in ("ana", "luis", "eva"))


def test_who_is_forgotten_is_not_named(tmp_path: Path) -> None:
    with small_desk(tmp_path, *STORY) as ledger:
        ledger.forget("person", "luis")
        assert "[forgotten]" in xes(tmp_path, ledger)["org:resource"].tolist()


def test_a_ticket_has_its_priority_as_it_was_and_as_it_changed(tmp_path: Path) -> None:
    with small_desk(tmp_path, *STORY) as ledger:
        log = ocel(tmp_path, ledger)
    (ticket,) = log.objects[log.objects["ocel:type"] == "ticket"].to_dict("records")
    assert (ticket["ocel:oid"], ticket["priority"]) == ("ticket:G-1", "high")
    (change,) = log.object_changes.to_dict("records")
    assert (change["priority"], change["ocel:timestamp"]) == ("low", pd.Timestamp("2026-03-02T19:00:00Z"))


def test_objects_are_linked_to_each_other_and_to_their_events(tmp_path: Path) -> None:
    with small_desk(tmp_path, *STORY) as ledger:
        log = ocel(tmp_path, ledger)
    links = {(it["ocel:oid"], it["ocel:oid_2"]) for it in log.o2o.to_dict("records")}
    assert {("ticket:G-1", "client:acme"), ("ticket:G-1", "policy:P-1"), ("policy:P-1", "client:acme")} <= links
    session = log.relations[log.relations["ocel:activity"] == "SessionHeld"]
    assert set(session["ocel:oid"]) == {"ticket:G-1", "client:acme", "policy:P-1", "consultant:luis", "consultant:eva"}


def test_one_client_can_be_exported_alone(tmp_path: Path) -> None:
    other = REGISTERED | {"client": "beta", "name": "Beta"}
    ticket = opened("B-1", client="beta", channel="portal")
    with small_desk(tmp_path, *STORY, other, ticket) as ledger:
        assert set(xes(tmp_path, ledger, client="beta")["case:concept:name"]) == {"B-1"}
        log = ocel(tmp_path, ledger, client="beta")
        assert set(log.objects["ocel:oid"]) == {"client:beta", "ticket:B-1"}
        with pytest.raises(NotFound):
            of(ledger, False, "nobody", None)


def test_a_model_can_be_mined_from_it(tmp_path: Path) -> None:
    with small_desk(tmp_path, *STORY) as ledger:
        graph, begins, ends = pm4py.discover_dfg(xes(tmp_path, ledger))
    assert graph["TicketOpened", "FollowedUp"] == 1
    assert (begins, ends) == ({"TicketOpened": 1}, {"AfterHoursRequested": 1})


def test_a_ledger_without_tickets_is_an_empty_log(tmp_path: Path) -> None:
    with small_desk(tmp_path) as ledger:
        path = tmp_path / "log.xes"
        with path.open("wb") as file:
            assert write_xes(of(ledger, False, None, None), file) == (0, 0)
        assert path.read_text("utf-8").rstrip().endswith("</log>")
