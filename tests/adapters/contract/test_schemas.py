"""The schemas are kept as the program makes them, and fit everything that it writes."""

import json
import random
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from adapters.contract.accounts import BillingAccount, ConsumptionAccount, SlaAccount
from adapters.contract.cloud_events import entry_message
from adapters.contract.document import examples, kept_files
from adapters.contract.schemas import components, files, shown
from adapters.ledger import Ledger
from adapters.proofs.tree import TreeRows
from adapters.reports.reports import Reports
from domain.events import EVENT_TYPES, Event
from domain.upcasting import Chain, Upcast
from projections.contracts import Question
from tests.adapters.contract.test_cloud_events import SOURCE, row
from tests.adapters.contract.validation import problems
from tests.golden.test_golden import ADDED, EXPORTED, LINES
from tests.oracle.comparison import NOW, proposal
from tests.oracle.ledgers import random_ledger

KEPT = Path(__file__).resolve().parents[3] / "docs/schemas"
MADE = files()
SEEDS = range(6)


def kept(folder: Path) -> set[str]:
    """What is kept there, but for what was released and the document of the server, which has a test of its own."""
    found = {str(it.relative_to(folder)) for it in folder.rglob("*.json") if "released" not in it.parts}
    return found - {"openapi.json"}


def test_what_is_kept_is_what_the_program_makes() -> None:
    made = {name: shown(content) for name, content in kept_files().items()}
    assert kept(KEPT) == made.keys()
    assert [name for name, content in made.items() if (KEPT / name).read_bytes() != content] == []


@pytest.mark.parametrize("name", MADE)
def test_a_schema_is_one_of_its_dialect_and_whole_by_itself(name: str) -> None:
    schema = MADE[name]
    Draft202012Validator.check_schema(schema)
    references = [it for it in str(schema).split("'") if it.startswith("#/")]
    assert {it.removeprefix("#/$defs/") for it in references} == schema.get("$defs", {}).keys()
    assert schema["$id"].startswith("urn:bitacora:schema:1.")


def test_every_event_and_every_account_has_one_that_says_what_it_means() -> None:
    assert {Path(it).stem for it in MADE} >= EVENT_TYPES.keys() | {"SlaAccount", "ConsumptionAccount", "BillingAccount"}
    for schema in components().values():
        assert schema["description"].strip().endswith((".", "`")), schema["title"]
        assert "additionalProperties" not in schema


@pytest.mark.parametrize("number", LINES)
def test_an_entry_fits_its_schemas_and_not_with_a_field_gone_or_wrong(number: int) -> None:
    line = json.loads(EXPORTED[number])
    event = MADE[f"events/{line['type']}.json"]
    assert problems(MADE["Entry.json"], line) == []
    assert problems(event, {name: value for name, value in line.items() if name not in ADDED}) == []
    for name in event["required"]:
        assert problems(event, {it: value for it, value in line.items() if it != name})
    for name in set(event["properties"]) & line.keys():
        assert problems(event, {**line, name: None})
    for name in ADDED:
        assert problems(MADE["Entry.json"], {it: value for it, value in line.items() if it != name})
    for name in ("at", "recorded_at"):
        assert problems(MADE["Entry.json"], {**line, name: "2026-03-02T09:00:00"})
    assert problems(MADE["Entry.json"], {**line, "added_later": 1}) == []


@pytest.mark.parametrize("number", LINES)
def test_so_does_the_value_of_its_message(number: int) -> None:
    assert problems(MADE["Entry.json"], json.loads(entry_message(SOURCE, row(number)).value)) == []


def test_personal_texts_are_said_to_be() -> None:
    opened = MADE["events/TicketOpened.json"]["properties"]
    assert [it for it in opened if "Personal" in opened[it].get("description", "")] == [
        "requester",
        "subject",
        "message_id",
        "by",
    ]
    session = MADE["events/SessionHeld.json"]["$defs"]["Attendance"]["properties"]
    assert "Personal" in session["consultant"]["description"]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rows_of_a_random_ledger_are_the_accounts_field_for_field(seed: int, tmp_path: Path) -> None:
    with Ledger.open(str(tmp_path / "desk.db"), create=True, clock=lambda: NOW) as ledger:
        ledger.record([proposal(it) for it in random_ledger(random.Random(seed), 150)])
        reports = Reports(ledger, Question(NOW, None, None))
        sla, consumption = list(reports.sla()), list(reports.consumption())
        billing = [{"ticket": it["ticket"], "billing": [it]} for it in reports.billing()]
        with ledger.reading("entries") as plain:
            values = [json.loads(entry_message(SOURCE, it).value) for it in TreeRows.of(plain).raw(0, ledger.head(), 10_000)]
    assert sla
    assert all(problems(MADE["Entry.json"], it) == [] for it in values)
    for kind, rows in ((SlaAccount, sla), (ConsumptionAccount, consumption), (BillingAccount, billing)):
        for it in rows:
            assert problems(MADE[f"accounts/{kind.__name__}.json"], it) == []
            assert names(msgspec.to_builtins(msgspec.convert(it, kind))) == names(it)


def names(value: Any) -> Any:
    """The names of all fields, without the values."""
    if isinstance(value, dict):
        return {name: names(inner) for name, inner in value.items()}
    return [names(it) for it in value] if isinstance(value, list | tuple) else None


def test_the_random_ledgers_hold_rows_of_every_account(tmp_path: Path) -> None:
    found = set()
    for seed in SEEDS:
        with Ledger.open(str(tmp_path / f"{seed}.db"), create=True, clock=lambda: NOW) as ledger:
            ledger.record([proposal(it) for it in random_ledger(random.Random(seed), 150)])
            reports = Reports(ledger, Question(NOW, None, None))
            found |= {("consumption", bool(it["pay_per_event"]), bool(it["onsite"])) for it in reports.consumption()}
            found |= {("billing", it["kind"]) for it in reports.billing()}
    assert {("billing", it) for it in ("follow_up", "session", "per_event", "travel")} <= found
    assert any(it[0] == "consumption" and it[1] for it in found)
    assert any(it[0] == "consumption" and it[-1] for it in found)


@pytest.mark.parametrize("name", examples())
def test_an_example_is_what_the_program_would_send(name: str) -> None:
    example = examples()[name]
    if name not in EVENT_TYPES:
        return
    value = deepcopy(example.value)
    own = {it: value.pop(it) for it in ADDED}
    state = msgspec.json.encode({"id": own["id"], "recorded_at": own["recorded_at"], "event": value})
    message = entry_message(SOURCE, (own["position"], own["stream"], own["version"], name, state))
    assert message.key.decode() == example.key
    assert {it: text.decode() for it, text in message.headers} == example.headers
    assert json.loads(message.value) == example.value


def test_a_form_that_is_not_written_any_more_keeps_its_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    class Replied(Event, frozen=True, tag="Replied"):
        """An answer, as it was told once."""

        case: str

    chain = Chain([Upcast(Replied, "Responded", lambda old: old)], EVENT_TYPES)
    monkeypatch.setattr("domain.upcasting.CHAIN", chain)
    schema = files()["events/Replied.json"]
    assert problems(schema, {"type": "Replied", "case": "7", "at": "2026-03-02T16:00:00Z"}) == []
    assert {"$ref": "#/$defs/Replied"} in files()["Entry.json"]["allOf"][0]["anyOf"]
