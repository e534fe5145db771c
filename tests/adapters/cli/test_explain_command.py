"""`bitacora explain`: one ticket whole, as a person would read it out and as a program takes it."""

import json
from pathlib import Path

from tests.adapters.cli.calling import Bitacora
from tests.adapters.cli.stories import AT
from tests.adapters.given import write_lines


def text(desk: Bitacora, ticket: str, *asked: object) -> str:
    """The explanation with its runs of spaces made one."""
    return " ".join(desk.done("explain", ticket, "--at", AT, *asked).out.split())


def test_it_tells_what_happened_in_order_with_positions_who_and_local_time(desk: Bitacora) -> None:
    told = text(desk, "G-1")
    first = "8 2026-03-02 09:00:00 -06:00 Ticket opened for acme by ana (e-mail): incident, priority high. “no network”"
    assert first in told
    assert "9 2026-03-02 14:00:00 -06:00 Answered; consultant: luis luis" in told
    assert "luis, eva (from 09:30:00)" in told
    assert told.index("Ticket opened") < told.index("Answered") < told.index("Solved")
    assert "Times in America/Mexico_City" in told


def test_each_clock_has_its_figures_and_its_segments_with_running_sums(desk: Bitacora) -> None:
    told = text(desk, "G-1")
    assert "Response clock: breached" in told
    assert "Target 4 h 00 m 00 s (14,400 s)" in told
    assert "Over target by 1 h 00 m 00 s (3,600 s)" in told
    assert "Due 2026-03-02 13:00:00 -06:00" in told
    assert "2026-03-02 18:00:00 2026-03-03 08:30:00 outside hours - - - gs.8.1" in told
    assert "2026-03-03 08:30:00 10:00:00 running 1h30m 10h30m - gs.5.1" in told


def test_a_paused_segment_names_the_entry_that_began_it(desk: Bitacora) -> None:
    assert "paused 1h30m 1h30m 15 request for information cs.8.2" in text(desk, "C-1")


def test_the_clauses_cited_are_worded_and_the_readings_laid_open(desk: Bitacora) -> None:
    told = text(desk, "G-1")
    assert "gs.5.1 Regular technical incident: solved in 6 hours." in told
    assert "→ support-hours In support hours. clock-hours In clock hours, day and night." in told
    assert "→ clock-hours In clock hours, day and night." in text(desk, "G-1", "--reading", "gs.4=clock-hours")
    assert "gs.7: Which minutes are charged" in told


def test_the_bill_and_the_quota_give_their_reasons(desk: Bitacora) -> None:
    bill = text(desk, "G-1")
    assert "10 2026-03-02 15:00 follow-up 15 - 150.00 MXN gs.6 progress" in bill
    assert "11 2026-03-03 09:00 session 60 × 2 → 120 - 1200.00 MXN gs.7 remote: luis eva" in bill
    paid = text(desk, "C-2")
    assert "900.00 MXN cs.5 priority not included; list price 1000.00 less 10 %" in paid
    assert "This ticket is paid per event." in paid
    assert "This ticket is number 1 of those covered." in text(desk, "C-1")


def test_of_tickets_paid_per_event_only_the_one_explained_is_listed(desk: Bitacora, tmp_path: Path) -> None:
    asked = {
        "type": "TicketOpened", "at": "2026-03-03T10:00:00-06:00", "client": "beta", "requester": "bob", "channel": "phone",
        "priority": "P4", "kind": "question", "subject": "another licence",
    }  # fmt: skip
    desk.done("record", write_lines(tmp_path / "more.jsonl", [asked | {"ticket": f"C-{number}"} for number in (3, 4)]))
    shown = desk.done("explain", "C-2", "--at", AT).out
    assert "2 other tickets are paid per event: see `bitacora report consumption`." in shown
    assert "C-2" in shown and "C-3" not in shown
    assert len(json.loads(desk.done("explain", "C-2", "--at", AT, "--format", "json").out)["consumption"]["pay_per_event"]) == 3


def test_a_void_entry_stays_in_the_story_and_says_so(desk: Bitacora) -> None:
    desk.done("record", _void(desk))
    told = text(desk, "G-1")
    assert "void by entry 19: counts for nothing" in told
    assert "Entry answer-1 voided: another ticket's" in told
    assert "void by entry" not in text(desk, "G-1", "--known-at", "18")


def _void(desk: Bitacora) -> str:
    with open("void.jsonl", "w", encoding="utf-8") as file:
        file.write(
            '{"type": "EntryVoided", "at": "2026-03-05T09:00:00-06:00", "entry": "answer-1", "reason": "another ticket\'s"}\n'
        )
    return "void.jsonl"


def test_what_lies_after_the_moment_judged_is_shown_and_marked(desk: Bitacora) -> None:
    told = " ".join(desk.done("explain", "G-1", "--at", "2026-03-02T12:00:00-06:00").out.split())
    assert "later than the moment judged" in told
    assert "Response clock: running" in told


def test_it_is_told_in_spanish_too(desk: Bitacora) -> None:
    told = text(desk, "G-1", "--lang", "es")
    assert "ana abrió el ticket por acme (correo): incidente, prioridad alta. «no network»" in told
    assert "Reloj de respuesta: incumplido" in told
    assert "gs.5.1 Incidente técnico regular: se resuelve en 6 horas." in told


def test_a_ticket_without_a_clock_says_not_applicable(desk: Bitacora) -> None:
    told = text(desk, "G-2")
    assert "Response clock: not applicable" in told
    assert "Official since not official yet" in told
    assert "Nothing is charged." in told


def test_json_is_one_object_whose_segments_add_up(desk: Bitacora) -> None:
    explained = desk.done("explain", "C-1", "--at", AT, "--format", "json").json()
    clock = explained["resolution"]
    running = sum(it["counted_seconds"] for it in clock["segments"] if it["state"] == "running")
    paused = sum(it["counted_seconds"] for it in clock["segments"] if it["state"] == "paused")
    assert (running, paused) == (clock["elapsed_seconds"], clock["paused_seconds"]) == (111_600, 10_800)
    assert [it["position"] for it in explained["entries"]] == [13, 14, 15, 16]


def test_a_ticket_that_is_not_there_is_misuse(desk: Bitacora) -> None:
    ran = desk("explain", "T-9")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "bitacora: there is no ticket T-9, or none that counts at the moment asked for\n"
    assert desk("explain", "G-1", "--at", "2026-03-01T00:00:00Z").code == 2


def test_text_that_would_steer_a_terminal_is_shown_harmless(desk: Bitacora) -> None:
    with open("note.jsonl", "w", encoding="utf-8") as file:
        file.write('{"type": "FollowedUp", "at": "2026-03-05T09:00:00-06:00", "ticket": "G-2", "kind": "other", '
                   '"note": "\\u001b[2J\\nred"}\n')  # fmt: skip
    desk.done("record", "note.jsonl")
    out = desk.done("explain", "G-2", "--at", AT).out
    assert "\x1b" not in out
    assert "�[2J red" in out
