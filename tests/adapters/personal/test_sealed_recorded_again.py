"""Files recorded again into a ledger that has forgotten somebody in them."""

from hashlib import sha256
from pathlib import Path

from adapters.files.journal_rows import JournalRows
from adapters.files.recording import record_file
from adapters.ledger import Ledger
from domain.refusal import said
from tests.adapters.given import DESK, Entry, opened, write_lines

STRANGER: Entry = opened("T-9", requester="zoe@acme.mx")


def test_a_line_whose_requester_is_forgotten_since_is_not_recorded_again(path: Path, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "day.jsonl", [*DESK, STRANGER])
    with Ledger.open(str(path), create=True) as ledger:
        assert record_file(ledger, source).recorded == len(DESK)
        ledger.forget("person", "zoe@acme.mx")
        head = ledger.head()
        assert record_file(ledger, source).refused == 1
        assert ledger.head() == head


def test_what_is_remembered_of_a_file_cannot_be_guessed_without_the_keys(path: Path, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "day.jsonl", DESK)
    with Ledger.open(str(path), create=True) as ledger:
        record_file(ledger, source)
        with ledger.reading(said("reading the marks")) as rows:
            marks = set(JournalRows.of(rows).marks(str(source.resolve())))
    assert len(marks) == len(DESK)
    assert not marks & {sha256(line).digest()[:16] for line in source.read_bytes().splitlines()}
