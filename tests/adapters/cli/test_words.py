"""Whatever has a name in the exchange format is shown to a person in words, in every table and text; programs get the name."""

import ast
import json
import re
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import get_args

import pytest

from adapters.language import speak
from adapters.terms.files import builtin_documents
from adapters.wording.happenings import sentence
from adapters.wording.values import named, word
from adapters.wording.words import NAMES, WORDS
from domain.events import EVENT_TYPES
from domain.rules import Base, Suspension
from tests.adapters.cli.calling import ROOT, Bitacora
from tests.adapters.cli.stories import AT
from tests.given import did, opened

MORE = [
    did("IncidentClassified", "2026-03-02 14:30", "G-1", incident_type="technical-urgent"),
    did("PriorityChanged", "2026-03-02 14:40", "G-1", priority="critical", reason="r"),
    did("ContactAttempted", "2026-03-02 15:30", "G-1", channel="phone", outcome="unanswered"),
    did("ContingencyDeclared", "2026-03-03 09:30", "C-1", contingency="K", client_informed=True),
    opened("G-9", "2026-03-03 10:00", requester="zoe", channel="chat", priority="medium"),
]
CLOCKS = {"response", "resolution"}
"""Names of columns, not values."""
LISTING = [ROOT / "domain" / "events.py", *sorted((ROOT / "projections").glob("*.py"))]
TYPED = {"none"}
"""A name that is typed for an option, as it stands: --reading gs.8.1.holidays=none."""
NAMES_OF_TERMS = {"equipment_discount", "learning_material", "project_advice", "basic", "intermediate", "advanced"}
"""`terms show` is where a desk looks up the names it writes in entries and options."""


def literals(path: Path) -> set[str]:
    """Every text that a module lists as a value with `Literal`."""
    found = [it for it in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(it, ast.Subscript)]
    listed = [it.slice for it in found if ast.unparse(it.value) == "Literal"]
    return {it.value for part in listed for it in ast.walk(part) if isinstance(it, ast.Constant) and isinstance(it.value, str)}


def values_of(document: object, *names: str) -> set[str]:
    """What stands in a document of terms under fields of these names: texts, and keys of tables of figures."""
    found: set[str] = set()
    if isinstance(document, dict):
        for name, value in document.items():
            if name in names and not isinstance(value, dict):
                found.update([value] if isinstance(value, str) else value)
            elif name in names:
                found.update(it for it in value if it != "by")
            else:
                found |= values_of(value, *names)
    elif isinstance(document, list):
        found.update(*(values_of(it, *names) for it in document))
    return found


@pytest.mark.parametrize(
    "path", [ROOT / "domain/events.py", *sorted((ROOT / "projections").glob("*.py"))], ids=lambda it: it.name
)
def test_every_value_that_entries_and_reports_list_has_a_word(path: Path) -> None:
    assert literals(path) - CLOCKS - WORDS.keys() == set()


def test_every_type_of_entry_every_base_of_time_and_every_suspension_has_a_word() -> None:
    assert {*EVENT_TYPES, *get_args(Base), *get_args(Suspension)} - WORDS.keys() == set()


def test_people_read_what_an_entry_is_in_words_of_english_too() -> None:
    assert [it for it in EVENT_TYPES if word(it) == it or not word(it).islower()] == []


def test_the_names_in_the_built_in_terms_have_words() -> None:
    listed = ("priorities", "priority", "by_priority", "incident_types", "incident_type", "benefits", "tiers")
    names = [values_of(it, *listed) - {"by"} for it in builtin_documents()]
    assert len(names[0]) >= 8
    assert len(names[1]) >= 8
    assert set().union(*names) - NAMES.keys() == set()


@pytest.fixture
def spanish() -> Iterator[None]:
    speak("es")
    yield
    speak("en")


def test_every_field_that_a_sentence_adds_has_a_label(spanish: None) -> None:
    values = {"at": "2026-03-02T09:00:00Z", "extra_seconds": 60, "budget_seconds": 60, "consultants": []}
    moments = dict.fromkeys(("from", "to", "sent_at", "started", "ended"), "2026-03-02T09:00:00Z")
    for name, kind in EVENT_TYPES.items():
        fields = dict.fromkeys(kind.__struct_encode_fields__, "x")
        told = sentence(fields | {it: value for it, value in (values | moments).items() if it in fields} | {"type": name}, UTC)
        labels = {part.partition(": ")[0] for part in told.split("; ")[1:]}
        assert labels & fields.keys() <= {"local"}, name


def test_a_name_that_somebody_made_up_is_shown_as_it_stands(spanish: None) -> None:
    assert (named("high"), named("other"), word("other"), word("soon")) == ("alta", "other", "otro", "soon")


def english_names(shown: str) -> set[str]:
    """The names in a text that have a word of their own in the language spoken."""
    return {it for it in re.findall(r"[\w-]+", shown) if {it} != {word(it), named(it)}} - TYPED


@pytest.fixture
def told(desk: Bitacora, tmp_path: Path) -> Bitacora:
    """The story, with what it leaves out."""
    (tmp_path / "more.jsonl").write_text("".join(json.dumps(it) + "\n" for it in MORE), "utf-8")
    desk("record", "more.jsonl")
    return desk


@pytest.mark.parametrize("command", [
    "report sla", "report consumption", "report billing", "report unattended", "explain G-1", "explain C-1", "readings",
    "replay --known-at 12", "what-if --without 6", "what-if --reading gs.wait=stops", "terms show customsoft",
])  # fmt: skip
def test_in_spanish_nothing_is_shown_by_its_english_name(command: str, told: Bitacora, spanish: None) -> None:
    shown = told("--lang", "es", *command.split(), *([] if command.startswith("terms") else ["--at", AT])).out
    assert shown
    looked_up = NAMES_OF_TERMS if command.startswith("terms") else set()
    assert english_names(shown) - looked_up == set()


def test_nor_in_a_dossier(told: Bitacora, spanish: None) -> None:
    told("--lang", "es", "dossier", "G-1", "-o", "dossier.html", "--at", AT)
    page = re.sub(r"<style>.*?</style>|<[^>]*>", " ", Path("dossier.html").read_text("utf-8"), flags=re.DOTALL)
    assert "técnica urgente" in page
    assert english_names(page) == set()


def test_a_refused_request_gives_its_reason_in_the_language_asked_for(told: Bitacora) -> None:
    rows = told("--lang", "es", "entries", "--type", "RequestRefused").out
    assert "no está entre las personas" in " ".join(rows.split())
    assert "is not among" in " ".join(told("entries", "--type", "RequestRefused").out.split())


def test_entries_keep_the_type_that_is_asked_for_with_the_option(told: Bitacora) -> None:
    rows = told("--lang", "es", "entries", "--type", "PriorityChanged").out
    assert "PriorityChanged" in rows
    assert "crítica" in rows


def test_programs_get_the_name_in_every_language(told: Bitacora) -> None:
    asked = ("report", "sla", "--at", AT, "--format", "json")
    assert told("--lang", "es", *asked).out == told(*asked).out
    assert '"critical"' in told("--lang", "es", *asked).out
