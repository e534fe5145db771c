"""What the ledger keeps of people: sealed wherever it is stored, shown to whoever has the keys, gone when it is forgotten; and
no figure hangs on it."""

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.demo.__main__ import record as record_the_year
from adapters.files.recording import record_file
from adapters.ledger import Ledger, LedgerError, Refusal, Same, Taken
from adapters.mapper import state_of
from adapters.personal.marks import FORGOTTEN
from adapters.personal.sealing import subject_of
from adapters.reports.reports import Reports
from adapters.terms.files import builtin_documents
from domain.events import EVENT_TYPES, LEDGER_ONLY, RequestRefused
from domain.exchange import entry_as_json
from domain.personal import rewritten
from domain.terms import terms_from
from projections.contracts import Question
from tests.adapters.every_type import ANA, EVA, EVERY_TYPE, LUIS, PERSONS, SECRET, STRANGER, ZOE, files_with, note, shown, taken
from tests.adapters.given import DESK, Entry, export, followed_up, opened, read, write_lines

AT = datetime(2026, 10, 31, tzinfo=UTC)


class TestSealed:
    def test_the_history_takes_every_type(self, every_type: Ledger) -> None:
        recorded = {type(it.event).__name__ for it in every_type.entries()}
        assert recorded == set(EVENT_TYPES) - {"PersonForgotten"}
        assert LEDGER_ONLY - recorded == {"PersonForgotten"}

    def test_no_name_and_no_note_stands_in_any_file(self, every_type: Ledger, tmp_path: Path) -> None:
        assert (tmp_path / "ledger.db-wal").exists() and (tmp_path / "ledger.db.keys").exists()
        assert files_with(tmp_path, SECRET) == []
        every_type.close()
        assert files_with(tmp_path, SECRET) == []

    def test_the_keys_can_be_read_by_their_owner_only(self, every_type: Ledger, tmp_path: Path) -> None:
        assert (tmp_path / "ledger.db.keys").stat().st_mode & 0o777 == 0o600

    def test_everything_is_exported_as_it_was_proposed(self, every_type: Ledger) -> None:
        proposed = {
            json.dumps(_sayings(it), ensure_ascii=False, sort_keys=True) for it in EVERY_TYPE if it.get("ticket") != "G-2"
        }
        exported = {json.dumps(_sayings(it), ensure_ascii=False, sort_keys=True) for it in export(every_type)}
        assert proposed <= exported

    def test_a_person_is_the_same_sealed_text_wherever_it_is_named(self, every_type: Ledger) -> None:
        by = {it.event.by for it in every_type.stream("ticket:C-1") if it.event.by}
        assert len(by) == 2 and all(subject_of(str(it)) for it in by)

    def test_what_looks_sealed_when_it_is_proposed_is_sealed_as_any_other_text(self, every_type: Ledger) -> None:
        copied = every_type.stream("client:acme")[0].event.name  # type: ignore[union-attr]
        taken(every_type.record(read(followed_up("C-2", at="2026-03-05T10:00:00-06:00", note=copied))))
        assert shown(every_type, "C-2")[-1]["note"] == copied
        assert export(every_type)[-1]["note"] != copied

    def test_a_note_is_under_the_key_of_its_client_and_a_name_under_that_of_its_person(self, every_type: Ledger) -> None:
        subjects = {it.subject: (it.kind, it.name) for it in every_type.seals.store.subjects()}
        assert set(subjects.values()) == {
            ("client", "acme"), ("client", "beta"), ("desk", "desk"), *(("person", it) for it in PERSONS)
        }  # fmt: skip
        cause = every_type.stream("desk")[0].event.cause  # type: ignore[union-attr]
        (advice,) = (it.event.detail for it in every_type.stream("policy:PC") if hasattr(it.event, "detail"))
        (reason,) = (it.event.reason for it in every_type.stream("ticket:G-1") if type(it.event).__name__ == "EntryVoided")
        assert [subjects[str(subject_of(it))][1] for it in (cause, advice, reason)] == ["desk", "beta", "acme"]

    def test_an_unsealed_ledger_keeps_its_texts_as_they_are(self, path: Path) -> None:
        with Ledger.open(str(path), create=True, sealed=False) as ledger:
            taken(ledger.record(read(*EVERY_TYPE)))
            assert not path.with_name("ledger.db.keys").exists()
        with Ledger.open(str(path)) as ledger:
            assert isinstance(ledger.record(read(opened("T-9", requester=ANA)))[0], Taken)
            assert shown(ledger, "T-9")[0]["requester"] == ANA == ledger.stream("ticket:T-9")[0].event.requester  # type: ignore[union-attr]
            with pytest.raises(LedgerError, match="begun before"):
                ledger.forget("person", ANA)


def _sayings(entry: Entry) -> Entry:
    """What an entry says, its times as instants."""
    own = ("position", "stream", "version", "recorded_at", "id")
    times = ("at", "started", "ended", "from", "to", "joined", "left")

    def plain(name: str, value: Any) -> Any:
        if name in times:
            return datetime.fromisoformat(value).timestamp()
        if isinstance(value, list):
            return [_sayings(it) if isinstance(it, dict) else it for it in value]
        return value

    return {name: plain(name, value) for name, value in entry.items() if name not in own}


class TestJudgedSealed:
    def test_only_whom_the_client_authorised_may_ask(self, every_type: Ledger) -> None:
        (turned_away,) = (it.event for it in every_type.stream("client:acme") if isinstance(it.event, RequestRefused))
        assert subject_of(turned_away.requester) == subject_of(turned_away.reason) == subject_of(turned_away.request["by"])
        assert isinstance(every_type.record(read(opened("T-9", requester=ANA)))[0], Taken)

    def test_a_refusal_speaks_of_the_name_that_was_proposed(self, every_type: Ledger) -> None:
        for line in (STRANGER, opened("T-9", requester=ZOE)):
            (answer,) = every_type.record(read(line))
            assert isinstance(answer, Refusal) and str(answer.refused).startswith(f"{ZOE} is not among the people that acme")
        (entry,) = (it for it in every_type.stream("client:acme") if it.position == answer.position)
        told: Any = every_type.unsealed().entry(entry).event
        assert told.requester == ZOE and told.reason == str(answer.refused) and told.request["subject"] == "no network"
        unknown: Entry = {"type": "RequesterRevoked", "at": "2026-03-02T09:00:00Z", "client": "acme", "person": "nobody"}
        (answer,) = every_type.record(read(unknown))
        assert isinstance(answer, Refusal) and str(answer.refused).startswith("person nobody is not authorised")

    def test_the_same_key_and_content_is_recorded_once(self, every_type: Ledger) -> None:
        keyed = [it for it in EVERY_TYPE if "key" in it]
        again = every_type.record(read(*keyed))
        assert [type(it) for it in again] == [Same, Same, Refusal]
        other = every_type.record(read(*(it | {"by": "somebody else"} for it in keyed)))
        assert [getattr(it, "refused").code for it in other] == ["key"] * 3  # noqa: B009

    def test_a_file_recorded_again_says_again_who_was_turned_away(self, path: Path, tmp_path: Path) -> None:
        source = write_lines(tmp_path / "entries.jsonl", [*DESK, opened("T-1", requester=ZOE)])
        for _ in range(2):
            with Ledger.open(str(path), create=True) as ledger:
                record_file(ledger, source, refused=tmp_path / "refused.jsonl")
            (row,) = map(json.loads, (tmp_path / "refused.jsonl").read_text().splitlines())
            assert row["message"].startswith(ZOE)


class TestForgotten:
    def test_a_forgotten_person_is_shown_as_such_and_everyone_else_as_before(self, every_type: Ledger) -> None:
        before = shown(every_type, "G-1")
        (position,) = every_type.forget("person", ANA)
        tombstone = every_type.entry(position)
        assert tombstone is not None and tombstone.stream == "desk"
        assert type(tombstone.event).__name__ == "PersonForgotten"
        after = shown(every_type, "G-1")
        assert [it.get("requester") for it in after if it["type"] == "TicketOpened"] == [FORGOTTEN]
        assert json.loads(json.dumps(before).replace(ANA, FORGOTTEN)) == after

    def test_nothing_of_the_key_and_the_name_is_left_in_any_file(self, every_type: Ledger, tmp_path: Path) -> None:
        store = every_type.seals.store
        (subject,) = store.subjects_of("person", ANA)
        secret = store.secret(subject)
        assert secret is not None and secret in (tmp_path / "ledger.db.keys").read_bytes()
        every_type.forget("person", ANA)
        leaked = [
            it.name
            for it in tmp_path.rglob("*")
            if it.is_file() and (secret in it.read_bytes() or secret[:16] in it.read_bytes())
        ]
        assert leaked == [] and files_with(tmp_path, SECRET) == []
        assert store.subjects_of("person", ANA) == [] and subject.encode() not in (tmp_path / "ledger.db.keys").read_bytes()

    def test_what_is_stored_stays_to_the_byte(self, every_type: Ledger) -> None:
        before = [state_of(it) for it in every_type.entries()]
        for name in PERSONS:
            every_type.forget("person", name)
        for name in ("acme", "beta"):
            every_type.forget("client", name)
        assert [state_of(it) for it in every_type.entries()][: len(before)] == before

    def test_forgetting_a_client_hides_its_name_and_the_notes_on_its_tickets_but_no_person(self, every_type: Ledger) -> None:
        every_type.forget("client", "acme")
        told = shown(every_type, "G-1")
        assert {it[name] for it in told for name in ("note", "subject", "message_id", "reason") if name in it} == {FORGOTTEN}
        assert told[0]["requester"] == ANA and SECRET in shown(every_type, "C-1")[0]["subject"]
        assert entry_as_json(every_type.unsealed().entry(every_type.stream("client:acme")[0]))["name"] == FORGOTTEN

    def test_why_somebody_was_turned_away_is_forgotten_with_them(self, every_type: Ledger) -> None:
        every_type.forget("person", ZOE)
        (entry,) = (it for it in every_type.stream("client:acme") if isinstance(it.event, RequestRefused))
        told: Any = every_type.unsealed().entry(entry).event
        assert (told.requester, told.reason, told.request["requester"], told.request["by"]) == (FORGOTTEN,) * 4
        assert told.request["subject"] == note("me too")

    def test_the_details_of_benefits_are_shown_or_forgotten(self, every_type: Ledger) -> None:
        def details() -> list[str]:
            return [it["detail"] for row in Reports(every_type, Question(AT)).consumption() for it in row["benefits"]]

        assert details() == [note("advice")]
        every_type.forget("client", "beta")
        assert details() == [FORGOTTEN]

    def test_whoever_was_forgotten_may_be_authorised_anew_under_a_new_key(self, every_type: Ledger) -> None:
        every_type.forget("person", ANA)
        (refused,) = every_type.record(read(opened("T-8", requester=ANA)))
        assert isinstance(refused, Refusal) and refused.refused.clause == "gs.1.1"
        taken(every_type.record(read(EVERY_TYPE[1] | {"at": "2026-03-02T08:00:00-06:00"}, opened("T-9", requester=ANA))))
        assert shown(every_type, "T-9")[0]["requester"] == ANA
        assert shown(every_type, "C-1")[0]["requester"] == FORGOTTEN

    def test_a_producer_that_says_again_what_was_forgotten_is_answered_as_before(self, every_type: Ledger) -> None:
        for name in (LUIS, EVA):
            every_type.forget("person", name)
        keyed = [it for it in EVERY_TYPE if it.get("key") in ("answer", "note")]
        assert [type(it) for it in every_type.record(read(*keyed))] == [Same, Same]
        assert every_type.seals.store.subjects_of("person", LUIS) == []
        (other,) = every_type.record(read(keyed[0] | {"message_id": "other"}))
        assert isinstance(other, Refusal) and other.refused.code == "key"

    def test_nobody_is_forgotten_twice_and_no_forgetting_is_voided(self, every_type: Ledger) -> None:
        (position,) = every_type.forget("person", ANA)
        assert every_type.forget("person", ANA) == [] == every_type.forget("person", "nobody")
        voiding: Entry = {"type": "EntryVoided", "at": "2026-03-05T09:00:00Z", "entry": position, "reason": "no"}
        (answer,) = every_type.record(read(voiding))
        assert isinstance(answer, Refusal) and answer.refused.code == "reference"
        (answer,) = every_type.record(read({"type": "PersonForgotten", "at": "2026-03-05T09:00:00Z", "subject": "x"}))
        assert isinstance(answer, Refusal) and answer.refused.code == "shape"

    def test_another_process_that_remembers_the_key_neither_shows_nor_uses_it_any_more(
        self, every_type: Ledger, path: Path
    ) -> None:
        with Ledger.open(str(path)) as other:
            taken(other.record(read(opened("T-8", requester=ANA, by=ANA))))
            assert shown(other, "T-8")[0]["requester"] == ANA
            every_type.forget("person", ANA)
            assert shown(other, "T-8")[0]["requester"] == FORGOTTEN
            taken(other.record(read(followed_up("T-8", by=ANA))))
            assert shown(other, "T-8")[-1]["by"] == ANA
        assert [it["by"] for it in shown(every_type, "T-8")] == [FORGOTTEN, ANA]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year of a desk, sealed; and beside it, in plain, the same."""
    folder = tmp_path_factory.mktemp("year")
    record_the_year(folder / "demo.db")
    with (
        Ledger.open(str(folder / "demo.db")) as sealed,
        Ledger.open(str(folder / "plain.db"), create=True, sealed=False) as plain,
    ):
        unsealed = sealed.unsealed()
        with plain.writing() as transaction:
            for entry in map(unsealed.entry, sealed.entries()):
                if entry.position > 2:
                    transaction._writing.add(entry.stream, entry.event, entry.recorded_at, entry.id)
            transaction._writing.store()
    return folder


def every_reading() -> list[dict[str, str]]:
    """Choices of readings in which every option of every reading is taken at least once."""
    readings = {key: tuple(it.options) for doc in builtin_documents() for key, it in terms_from(doc).about.readings.items()}
    most = max(map(len, readings.values()))
    return [{key: options[number % len(options)] for key, options in readings.items()} for number in range(most)]


def figures(ledger: Ledger) -> dict[str, list[bytes]]:
    """Every report under every reading, without what people wrote."""
    found: dict[str, list[bytes]] = {}
    for number, readings in enumerate(every_reading()):
        reports = partial(Reports, ledger, Question(AT, None, readings))
        for name in ("sla", "unattended", "consumption", "billing"):
            rows = [dict(it) for it in getattr(reports(), name)()]
            for row in rows:
                row.pop("benefits", None)
            found[f"{name} {number}"] = [msgspec.json.encode(it) for it in rows]
    return found


def test_every_figure_of_a_year_is_the_same_in_plain_sealed_and_forgotten(year: Path) -> None:
    with Ledger.open(str(year / "plain.db")) as plain, Ledger.open(str(year / "demo.db")) as sealed:
        expected = figures(plain)
        assert sum(map(len, expected.values())) > 2_000
        assert figures(sealed) == expected
        subjects = sealed.seals.store.subjects()
        for it in subjects:
            assert it.name is not None and sealed.forget(it.kind, it.name)
        assert sealed.seals.store.subjects() == [] and len(sealed.forgotten()) == len(subjects) > 40
        assert figures(sealed) == expected
        left: set[str] = set()
        unsealed = sealed.unsealed()
        for entry in sealed.entries():
            rewritten(unsealed.entry(entry).event, lambda whose, text: left.add(text) or text)  # type: ignore[func-returns-value]
        assert left == {FORGOTTEN}
