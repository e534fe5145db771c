"""Terms files: what is read and frozen, and on which line each fault is reported."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from adapters.terms.files import (
    BUILTIN,
    LARGEST_BYTES,
    NotToml,
    builtin_documents,
    check_terms_file,
    read_terms_file,
)
from adapters.terms.lines import TomlLines
from domain.terms import Terms, TermsError, digest

ROOT = Path(__file__).parents[3]
EXAMPLE = re.findall(r"<!-- example -->\n```toml\n(.*?)```", (ROOT / "docs/terms.md").read_text("utf-8"), re.DOTALL)[0]


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "terms.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def checked(folder: Path, text: str | bytes) -> list[tuple[int, str]]:
    problems = check_terms_file(written(folder, text))
    assert all(it.template.format(**it.values) for it in problems)
    return [(it.line, it.field) for it in problems]


def test_the_built_in_documents_come_in_order_and_fit_into_an_entry() -> None:
    documents = builtin_documents()
    assert tuple(it["terms"] for it in documents) == BUILTIN == ("grupo-staff", "customsoft")
    for document in documents:
        line = json.dumps(document)
        assert len(line) < LARGEST_BYTES // 10
        assert json.loads(line) == document


@pytest.mark.parametrize("name", BUILTIN)
def test_the_built_in_files_have_nothing_wrong(name: str) -> None:
    assert check_terms_file(ROOT / "domain" / "terms" / f"{name}.toml") == []


def test_holidays_are_frozen_as_dates_and_do_not_move() -> None:
    staff, custom = builtin_documents()
    frozen = custom["calendar"]["holidays"]
    assert staff["calendar"]["holidays"] == {"by": "gs.8.1.holidays", "none": [], "mexican": frozen}
    assert frozen == sorted(frozen) and (frozen[0], frozen[-1]) == ("2000-01-01", "2050-12-25")
    assert {"2026-03-16", "2024-10-01", "2026-02-02", "2026-11-16"} <= set(frozen)
    assert not {"2023-10-01", "2026-03-21", "2026-12-12"} & set(frozen)
    again = builtin_documents()
    assert again == [staff, custom]
    assert [digest(it) for it in again] == [digest(staff), digest(custom)]
    recorded = msgspec.json.decode(msgspec.json.encode(custom))
    assert digest(recorded) == digest(custom)


def test_the_default_of_a_reading_survives_a_document_with_its_keys_in_another_order() -> None:
    staff = builtin_documents()[0]
    turned = json.loads(json.dumps(staff, sort_keys=True))
    assert next(iter(turned["readings"]["gs.4"]["options"])) == "clock-hours"
    assert digest(turned) == digest(staff)
    assert Terms.read(turned).under().readings["gs.4"] == "support-hours"


def test_dates_of_a_file_become_text() -> None:
    document = read_terms_file(ROOT / "tests" / "domain" / "other_desk.toml")
    assert document["calendar"]["holidays"] == ["2026-12-25", "2027-01-01"]
    assert document["calendar"]["openings"] == [["2026-12-25T10:00:00", "2026-12-25T12:00:00"]]
    assert json.loads(json.dumps(document)) == document


def test_the_example_of_the_documentation_is_complete(tmp_path: Path) -> None:
    assert checked(tmp_path, EXAMPLE) == []
    rules = Terms.read(read_terms_file(tmp_path / "terms.toml")).under({"fix.hours": "clock-hours"})
    targets = [rules.target(rules.provisions.resolution, name, "request", None, False) for name in ("till-down", "other")]
    assert [(it.within, it.base) for it in targets if it] == [(14_400, "clock"), (43_200, "support")]


BROKEN = [
    ('zone = "Atlantic/Canary"', 'zone = "Atlantic/Atlantis"', 19, "calendar.zone"),
    ('mon = ["08:00-20:00"]', 'mon = ["08:00-20:00", "19:00-21:00"]', 22, "calendar.weekly.mon[1]"),
    ('tue = ["08:00-20:00"]', 'tue = [\n  "08:00-12:00",\n  "8-20",\n]', 25, "calendar.weekly.tue[1]"),
    ('sun = ["08:00-20:00"]', 'sunday = ["08:00-20:00"]', 28, "calendar.weekly.sunday"),
    ('country = "ES"', 'country = "XX"', 20, "calendar.holidays.country"),
    ('category = "public"', 'category = "tax"', 20, "calendar.holidays.category"),
    ("from = 2025", 'from = "2025"', 20, "calendar.holidays.from"),
    ("to = 2035", "to = 2020", 20, "calendar.holidays.to"),
    (", to = 2035", ", until = 2035", 20, "calendar.holidays.until"),
    ('within = "1h"', 'within = "an hour"', 38, "response.targets[0].within"),
    ('within = "1h"', "", 36, "response.targets[0].within"),
    ('within = "1h"', 'within = "1h"\npriorty = "other"', 39, "response.targets[0].priorty"),
    ('within = "1h"', 'within = "1h"\n\npriority = "low"', 40, "response.targets[0].priority"),
    ('clause = "answer"\nwithin', 'clause = "reply"\nwithin', 37, "response.targets[0].clause"),
    ('["waiting"]', '["waiting", "lunch"]', 51, "resolution.targets[1].suspended_by[1]"),
    (', clock-hours = "clock" }', " }", 47, "resolution.targets[0].base.clock-hours"),
    ('clock-hours = "clock" }', 'clock-hours = "moon" }', 47, "resolution.targets[0].base.clock-hours"),
    ('by = "fix.hours"', 'by = "fix"', 47, "resolution.targets[0].base.by"),
    ('clauses = ["fix"]', 'clauses = ["fix", "mend"]', 11, 'readings."fix.hours".clauses[1]'),
    (', en = "Which hours are the 4?"', "", 12, 'readings."fix.hours".question.en'),
    (', en = "We answer within an hour."', ', en = ""', 6, "clauses.answer.en"),
    ('es = "Faro: soporte a tiendas", ', "", 2, "name.es"),
    ('terms = "lighthouse"\n', "", 1, "terms"),
    ('priorities = ["till-down", "other"]', 'priorities = "till-down"', 31, "values.priorities"),
    ('validated_needs = "resolution"', "validated_needs = true", 55, "closing.validated_needs"),
    ("[values]", "[worth]\n[values]", 30, "worth"),
    ("[closing]\n", "[closing]\nunresponsive.attempts = -3\n", 54, "closing.unresponsive.attempts"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "field"), BROKEN)
def test_a_fault_is_reported_with_its_line_and_field(tmp_path: Path, old: str, new: str, line: int, field: str) -> None:
    assert EXAMPLE.count(old) == 1
    assert (line, field) in checked(tmp_path, EXAMPLE.replace(old, new))


def test_faults_of_several_places_are_reported_together_in_the_order_of_lines(tmp_path: Path) -> None:
    text = EXAMPLE
    for old, new, _, _ in (BROKEN[0], BROKEN[4], BROKEN[9], BROKEN[16], BROKEN[20], BROKEN[24]):
        text = text.replace(old, new)
    assert checked(tmp_path, text) == [
        (6, "clauses.answer.en"),
        (19, "calendar.zone"),
        (20, "calendar.holidays.country"),
        (38, "response.targets[0].within"),
        (47, "resolution.targets[0].base.clock-hours"),
        (55, "closing.validated_needs"),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (EXAMPLE.replace('stops = ["Resolved"]', 'stops = ["Resolved"'), 43),
        (EXAMPLE.replace("[values]", "[calendar]"), 30),
        (EXAMPLE + "[unattended", 57),
        (EXAMPLE.encode().replace("¿Qué".encode(), b"\xbfQu\xe9"), 12),
        ("a = " + "[" * 5000, 1),
        ("\x00", 1),
    ],
)
def test_a_file_that_is_not_toml_is_reported_with_its_line(tmp_path: Path, text: str | bytes, line: int) -> None:
    assert checked(tmp_path, text) == [(line, "")]
    with pytest.raises(NotToml):
        read_terms_file(tmp_path / "terms.toml")


def test_an_empty_file_lacks_what_every_terms_need(tmp_path: Path) -> None:
    missing = ["terms", "name", "clauses", "calendar", "values", "response", "resolution", "closing"]
    assert checked(tmp_path, "") == [(1, name) for name in missing]


def test_a_document_too_large_for_an_entry_is_a_fault(tmp_path: Path) -> None:
    assert checked(tmp_path, EXAMPLE.replace("within an hour", "within an hour" + "!" * LARGEST_BYTES)) == [(1, "")]


def test_holidays_that_cannot_be_generated_are_refused_on_reading(tmp_path: Path) -> None:
    with pytest.raises(TermsError) as caught:
        read_terms_file(written(tmp_path, EXAMPLE.replace('"ES"', '"XX"')))
    assert caught.value.field == "calendar.holidays.country"


def test_a_missing_file_is_the_callers_to_explain(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        check_terms_file(tmp_path / "none.toml")


def test_lines_are_found_through_every_way_of_writing_toml() -> None:
    lines = TomlLines(
        "# a [comment] = { with marks\n"
        'a.b."c.d" = 1 # ]\n'
        "'e' = '''\n[not.a.table]\nx = 1'''\n"
        'f = """a\n\\"""b"""" # }\n'
        "g = [ # [\n  1979-05-27 07:32:00,\n  { h = [\n    true ] },\n]\r\n"
        "[ t . 'u v' ]\nw = +inf\n"
        "[[t.x]]\ny = { z = 0x1F, 'q' = \"#\" }\n[t.x.sub]\nk = 1\n[[t.x]]\n[[t.x.deep]]\nn = ''\n"
    )
    assert lines.line_of(("a", "b", "c.d")) == 2
    assert lines.line_of(("e",)) == 3
    assert lines.line_of(("f",)) == 6
    assert lines.line_of(("g", 0)) == 9
    assert lines.line_of(("g", 1, "h", 0)) == 11
    assert lines.line_of(("t", "u v", "w")) == 14
    assert lines.line_of(("t", "x", 0, "y", "q")) == 16
    assert lines.line_of(("t", "x", 0, "sub", "k")) == 18
    assert lines.line_of(("t", "x", 1)) == 19
    assert lines.line_of(("t", "x", 1, "deep", 0, "n")) == 21
    assert lines.line_of(("t", "x", 1, "deep", 0, "missing", "deeper")) == 20
    assert lines.line_of(("nowhere",)) == 1
