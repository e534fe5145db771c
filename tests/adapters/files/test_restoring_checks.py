"""What an export must hold to be restored: what only a damaged or invented one can break is named by line and field."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.files.restoring import restore
from adapters.language import speak, worded
from adapters.ledger import LedgerError
from tests.adapters.given import AUTHORIZED, CONTRACTED, REGISTERED, Entry, export, opened, read, write_lines
from tests.stores import Ledgers

EXPENSE: Entry = {
    "type": "TravelExpenseRecorded", "at": "2026-03-02T12:00:00-06:00", "ticket": "T-1", "amount": "85.5", "currency": "MXN",
}  # fmt: skip
FIBRE: Entry = {
    "type": "ContingencyDeclared", "at": "2026-03-02T12:00:00-06:00", "contingency": "fibre", "client_informed": True,
}  # fmt: skip
BETA = REGISTERED | {"client": "beta", "name": "Beta", "terms": "customsoft"}
TIERED = CONTRACTED | {"policy": "P-2", "client": "beta", "terms": "customsoft", "tier": "basic", "prices": {
    "currency": "MXN", "per_event": {"P1": "10.00"}}}  # fmt: skip
SESSION: Entry = {
    "type": "SessionHeld", "at": "2026-03-02T12:00:00-06:00", "ticket": "T-1", "started": "2026-03-02T11:00:00-06:00",
    "ended": "2026-03-02T12:00:00-06:00", "delivery": "remote", "consultants": [{"consultant": "luis"}],
}  # fmt: skip
STRANGER = opened("T-2", requester="zoe")
# Positions: terms 1 and 2, then these from 3 on.
LINES = [REGISTERED, AUTHORIZED, CONTRACTED, opened("T-1"), EXPENSE, FIBRE, BETA, TIERED, SESSION, STRANGER]
FOREIGN = "00000000-0005-7c3d-8e1f-0123456789ab"
"""An id that leads to position 5."""


@pytest.fixture
def exported(store: Ledgers) -> list[Entry]:
    with store.open("first", create=True) as ledger:
        assert all(it.position is not None for it in ledger.record(read(*LINES)))
        return export(ledger)


def changed(number: int, **fields: Any) -> Callable[[list[Entry]], None]:
    return lambda lines: lines[number - 1].update(fields)


def without(*fields: str, number: int) -> Callable[[list[Entry]], None]:
    def remove(lines: list[Entry]) -> None:
        for field in fields:
            del lines[number - 1][field]

    return remove


def alone(*kept: int) -> Callable[[list[Entry]], None]:
    """Only these entries, renumbered, so that nothing else is wrong with them."""

    def renumber(lines: list[Entry]) -> None:
        lines[:] = [lines[number - 1] for number in kept]
        versions: dict[str, int] = {}
        for position, line in enumerate(lines, 1):
            versions[line["stream"]] = version = versions.get(line["stream"], 0) + 1
            line |= {"position": position, "version": version, "id": f"{0:08x}-{position:04x}-8abc-aabc-0123456789ab"}

    return renumber


def both(*spoilers: Callable[[list[Entry]], None]) -> Callable[[list[Entry]], None]:
    def spoil(lines: list[Entry]) -> None:
        for one in spoilers:
            one(lines)

    return spoil


AHEAD = (datetime.now(UTC) + timedelta(hours=2)).isoformat()

CASES: dict[str, tuple[Callable[[list[Entry]], None], int, str]] = {
    "terms that are none": (changed(1, document={"terms": "grupo-staff"}), 1, "document"),
    "terms altered under their digest": (lambda it: it[0]["document"].update(name="other"), 1, "d"),
    "a digest of something else": (changed(2, digest="sha256:00"), 2, "digest"),
    "terms under another name": (changed(2, terms="other", stream="terms:other"), 2, "terms"),
    "recorded in the future": (lambda it: [line.update(recorded_at=AHEAD) for line in it[9:]] and None, 10, "recorded_at"),
    "an id given twice, first where it leads": (both(changed(5, id=FOREIGN), changed(8, id=FOREIGN)), 8, "id"),
    "an id given twice, then where it leads": (both(changed(4, id=FOREIGN), changed(5, id=FOREIGN)), 5, "id"),
    "a client that begins with an authorization": (alone(1, 2, 4), 3, "type"),
    "a policy that begins with a cancellation": (
        both(changed(5, type="PolicyCancelled", effective="2026-03-01"),
             without("client", "terms", "starts", "prices", number=5)), 5, "type"),
    "a ticket that begins with an expense": (alone(1, 2, 3, 4, 5, 7), 6, "type"),
    "a ticket begun twice": (lambda it: it.insert(7, it[5] | {"position": 8, "version": 3, "id": FOREIGN}), 8, "type"),
    "a policy before its client": (alone(1, 3, 4, 10), 4, "client"),
    "a client before its terms": (alone(1, 9), 2, "terms"),
    "a tier that its terms do not have": (changed(10, tier="golden"), 10, "tier"),
    "a tier missing": (without("tier", number=10), 10, "tier"),
    "a tier under terms without": (changed(5, tier="basic"), 5, "tier"),
    "a ticket of an unknown client": (changed(6, client="nobody"), 6, "client"),
    "a policy of an unknown client": (changed(5, client="nobody"), 5, "client"),
    "an amount that is none": (changed(7, amount="lots"), 7, "amount"),
    "a negative amount": (changed(7, amount="-1.00"), 7, "amount"),
    "an agreed price that is none": (changed(5, prices={"currency": "MXN", "hourly": "1e3"}), 5, "prices.hourly"),
    "an id with a space": (changed(6, ticket="T 1", stream="ticket:T 1"), 6, "ticket"),
    "a time before everything": (changed(6, at="1950-01-01T00:00:00Z"), 6, "at"),
    "a time too fine": (changed(6, at="2026-03-02T15:00:00.1234567Z"), 6, "at"),
    "a session that ends before it starts": (changed(11, started="2026-03-02T19:00:00Z"), 11, "ended"),
    "a consultant named twice": (
        changed(11, consultants=[{"consultant": "eva"}, {"consultant": "eva"}]), 11, "consultants[1].consultant"),
    "a refusal of no request": (changed(12, request={"type": "Nonsense"}), 12, "request.type"),
    "a refusal of another's request": (lambda it: it[11]["request"].update(requester="ana"), 12, "request"),
    "U+0000 in a text": (changed(6, subject="no\0net"), 6, "subject"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_no_ledger_would_have_written_is_named_and_leaves_nothing(
    store: Ledgers, tmp_path: Path, exported: list[Entry], case: str
) -> None:
    spoil, line, field = CASES[case]
    spoil(exported)
    source = write_lines(tmp_path / "export.jsonl", exported)
    before = set(tmp_path.iterdir())
    with pytest.raises(LedgerError) as caught:
        store.restore(source, "second")
    assert str(caught.value).startswith(f"line {line}, field {field}"), str(caught.value)
    assert set(tmp_path.iterdir()) == before and store.is_absent("second")


OFTEN_WRONG: list[tuple[Entry, str, str]] = [
    ({"position": "five"}, "position is a text; a whole number is expected", "se espera un número entero"),
    ({"id": None}, "id is null; a text is expected", "se espera un texto"),
    ({"recorded_at": 5}, "recorded_at is a whole number; a time is expected", "se espera una hora"),
    (
        {"recorded_at": "2027-01-01T00:00:00"},
        "recorded_at is 2027-01-01T00:00:00: a time is written as in",
        "una hora se escribe",
    ),
    ({"version": ...}, "ContingencyDeclared needs the field version", "version"),
]


@pytest.mark.parametrize(("change", "en", "es"), OFTEN_WRONG)
def test_what_the_ledger_adds_is_named_when_it_is_wrong_in_both_languages(
    tmp_path: Path, exported: list[Entry], change: Entry, en: str, es: str
) -> None:
    exported[7] = {name: it for name, it in (exported[7] | change).items() if it is not ...}
    with pytest.raises(LedgerError) as caught:
        restore(write_lines(tmp_path / "export.jsonl", exported), tmp_path / "second.db")
    (field,) = change
    assert str(caught.value).startswith(f"line 8, field {field}: {en}")
    told = in_spanish(caught.value)
    assert told.startswith(f"línea 8, campo {field}: ") and es in told


def in_spanish(error: LedgerError) -> str:
    speak("es")
    try:
        return worded(error)
    finally:
        speak("en")


def test_a_policy_recorded_before_its_terms_names_them(store: Ledgers, tmp_path: Path, exported: list[Entry]) -> None:
    alone(1, 3, 9, 10)(exported)
    del exported[2]["terms"]
    with pytest.raises(LedgerError, match=r"^line 4, field terms: "):
        store.restore(write_lines(tmp_path / "export.jsonl", exported), "second")


def test_a_key_given_twice_in_one_object_is_refused(store: Ledgers, tmp_path: Path, exported: list[Entry]) -> None:
    source = write_lines(tmp_path / "export.jsonl", exported)
    source.write_text(source.read_text().replace('"amount": "85.5"', '"amount": "85.5", "amount": "9.00"'))
    with pytest.raises(LedgerError, match=r"^line 7, field amount: "):
        store.restore(source, "second")


def test_what_the_clock_has_nearly_reached_is_taken(store: Ledgers, tmp_path: Path, exported: list[Entry]) -> None:
    last = datetime.fromisoformat(exported[-1]["recorded_at"])
    source = write_lines(tmp_path / "export.jsonl", exported)
    assert store.restore(source, "near", clock=lambda: last - timedelta(minutes=5)) == 12
    with pytest.raises(LedgerError, match=r"field recorded_at: .* ahead of the clock"):
        store.restore(source, "far", clock=lambda: last - timedelta(minutes=5, seconds=1))


def test_what_admission_would_judge_otherwise_today_is_history_and_taken(
    store: Ledgers, tmp_path: Path, exported: list[Entry]
) -> None:
    """A ticket by someone not authorised: no rule of admission is run again."""
    exported[5]["requester"] = "nobody-knows"
    assert store.restore(write_lines(tmp_path / "export.jsonl", exported), "second") == 12


def test_a_log_left_behind_by_another_ledger_is_not_taken_for_its_own(tmp_path: Path, exported: list[Entry]) -> None:
    (tmp_path / "second.db-wal").write_bytes(b"x")
    with pytest.raises(LedgerError, match=r"second.db-wal exists already"):
        restore(write_lines(tmp_path / "export.jsonl", exported), tmp_path / "second.db")


def test_what_is_wrong_is_said_in_spanish_too(store: Ledgers, tmp_path: Path, exported: list[Entry]) -> None:
    changed(7, amount="lots")(exported)
    with pytest.raises(LedgerError) as caught:
        store.restore(write_lines(tmp_path / "export.jsonl", exported), "second")
    assert in_spanish(caught.value).startswith("línea 7, campo amount: amount es lots: un importe")
