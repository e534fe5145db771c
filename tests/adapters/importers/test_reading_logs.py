"""Files and ids: what is told of a file that is none, and what a foreign name becomes."""

import gzip
import unicodedata
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.importers import (
    IMPORTERS,
    REASONS,
    Contract,
    ImportFileError,
    ImportOptions,
    Translated,
    reason_text,
)
from adapters.importers.reading import LONGEST_LINE_BYTES, foreign_id, read_rows

OPTIONS = ImportOptions(Contract(client="acme", name="Acme"), UTC)


@pytest.mark.parametrize(("source", "row"), [("helpdesk", "5,3,2021-06-01 00:00:00")])
def test_a_packed_log_is_known_by_its_content_not_its_name(
    translate: Callable[..., list[Translated]], source: str, row: str
) -> None:
    assert translate(source, [row], packed=True) == translate(source, [row], packed=False)


@pytest.mark.parametrize("source", IMPORTERS)
@pytest.mark.parametrize("content", [b"", b"a,b,c\n1,2,3\n", b"\xff\xfe,x\n", b"\x1f\x8bnot really packed"])
def test_a_file_that_is_not_such_a_log_is_one_clear_error(tmp_path: Path, source: str, content: bytes) -> None:
    file = tmp_path / "log.csv"
    file.write_bytes(content)
    with pytest.raises(ImportFileError) as caught:
        list(IMPORTERS[source](file, OPTIONS))
    assert (caught.value.file, caught.value.line) == (file, 1)


def test_a_file_that_is_not_there_is_the_same_error(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError):
        list(read_rows(tmp_path / "none.csv", ["a"]))


def test_a_packed_file_cut_short_says_where_it_ends(tmp_path: Path) -> None:
    file = tmp_path / "log.gz"
    whole = gzip.compress(b"a\n" + b"".join(f"{number * 7919}\n".encode() for number in range(50_000)))
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImportFileError) as caught:
        list(read_rows(file, ["a"]))
    assert caught.value.line > 2


def test_a_line_too_long_is_one_explained_row(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    for length in (LONGEST_LINE_BYTES, LONGEST_LINE_BYTES + 1, 3 * LONGEST_LINE_BYTES + 5):
        file.write_bytes(b"a\n1\n" + b"x" * length + b"\n2\n")
        assert [row.reason if isinstance(row, Translated) else None for row in read_rows(file, ["a"])] == [
            None, "line-too-long", None,
        ]  # fmt: skip
        assert [row.row if isinstance(row, Translated) else row.line for row in read_rows(file, ["a"])] == [
            2,
            3,
            4,
        ]


def test_a_byte_order_mark_and_windows_line_ends_are_no_obstacle(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_bytes(b"\xef\xbb\xbfa,b\r\n1,2\r\n")
    assert [row.cells for row in read_rows(file, ["a", "b"]) if not isinstance(row, Translated)] == [
        {"a": "1", "b": "2"},
    ]  # fmt: skip


def test_a_foreign_name_becomes_an_id() -> None:
    assert foreign_id("Caller 2403") == "caller-2403"
    assert foreign_id(" Opened by  8 ") == "opened-by-8"
    assert foreign_id("\u200b ") == ""


@given(st.text(max_size=300))
def test_whatever_the_name_its_id_is_one_the_ledger_takes(text: str) -> None:
    name = foreign_id(text)
    assert len(name) <= 128
    assert name == unicodedata.normalize("NFC", name)
    assert not any(unicodedata.category(sign)[0] in "CZ" for sign in name)


def test_every_reason_is_worded_in_both_languages_and_names_its_field() -> None:
    assert all(set(words) == {"en", "es"} for words in REASONS.values())
    assert reason_text("bad-date:opened_at", "en").startswith("opened_at: ")
    assert reason_text("repeats-closing", "es") == REASONS["repeats-closing"]["es"]


def test_terms_without_a_table_of_priorities_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="customsoft"):
        Contract(client="a", name="A", terms="other")
