"""Whatever a file holds, recording it never shows a traceback, never half-records a line and never drops one in silence."""

import json
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.ledger import Ledger
from domain.refusal import CODES
from tests.adapters.cli.calling import Bitacora, json_lines
from tests.adapters.cli.stories import STORY

LINES = [json.dumps(it).encode() for it in STORY]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A line of the story with a field gone, changed or added, or with its bytes cut, doubled or overwritten."""
    entry = dict(draw(st.sampled_from(STORY)))
    field = draw(st.sampled_from(sorted(entry)))
    how = draw(st.sampled_from(["gone", "changed", "added", "cut", "overwritten", "doubled"]))
    if how == "gone":
        del entry[field]
    elif how == "changed":
        entry[field] = draw(VALUES)
    elif how == "added":
        entry[draw(st.text(max_size=8))] = draw(VALUES)
    line = json.dumps(entry, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    at = draw(st.integers(0, len(line)))
    if how == "cut":
        return line[:at].replace(b"\n", b"")
    if how == "overwritten":
        return (line[:at] + draw(st.binary(min_size=1, max_size=3)) + line[at + 1 :]).replace(b"\n", b" ")
    return line + line if how == "doubled" else line.replace(b"\n", b" ")


def recorded() -> list[dict[str, Any]]:
    with Ledger.open("bitacora.db") as ledger:
        return [msgspec.to_builtins(it.event) for it in ledger.entries()]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(LINES) | spoiled() | st.binary(max_size=40).map(lambda it: it.replace(b"\n", b"")), max_size=12)
)
def test_every_line_is_recorded_whole_or_refused_with_a_reason(
    bitacora: Bitacora, monkeypatch: Any, lines: list[bytes]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.chdir(folder)
        content = b"".join(line + b"\n" for line in lines)
        Path("day.jsonl").write_bytes(content)
        ran = bitacora("record", "day.jsonl")
        assert (ran.code in (0, 1), ran.err) == (True, "")
        refusals = Path("day.jsonl.refused.jsonl")
        refused = json_lines(refusals) if refusals.exists() else []
        assert ran.code == bool(refused)
        assert all(it["code"] in CODES and it["message"] and "entry" in it for it in refused)
        told = {it["line"] for it in refused}
        assert told <= set(range(1, len(lines) + 1))
        written_for_a_refusal = ("TermsPublished", "RequestRefused")
        taken = [it for it in recorded() if it["type"] not in written_for_a_refusal]
        again = len(lines) - len(refused) - len(taken)
        # Only a line whose key and content were recorded before adds nothing.
        assert 0 <= again <= sum(b'"key"' in line for line in lines)
        assert bitacora("report", "sla").code == bitacora("entries").code == 0


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=2_000))
def test_no_bytes_make_a_traceback_of_any_command(bitacora: Bitacora, monkeypatch: Any, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.chdir(folder)
        Path("any").write_bytes(content)
        calls = [
            ("record", "any"),
            ("import", "helpdesk", "any", "--client", "c"),
            ("terms", "check", "any"),
            ("--ledger", "new.db", "restore", "any"),
            ("--ledger", "any", "entries"),
        ]
        for call in calls:
            ran = bitacora(*call)
            assert ran.code in (0, 1, 2), ran
            assert "Traceback" not in ran.err
            assert "error of bitacora itself" not in ran.err, ran
