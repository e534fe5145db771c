"""The same file recorded again after it was changed: what was refused may be mended, and nothing is billed twice."""

from pathlib import Path

import pytest

from adapters.files.recording import Summary, record_file
from adapters.ledger import Ledger
from tests.adapters.given import DESK, Entry, export, followed_up, opened, write_lines

STRANGER = opened("T-9", requester="zoe")
NOTES = [followed_up("T-1", number) for number in range(6)]
BATCHES = pytest.mark.parametrize("batch", [1, 2, 3, 100])


def types(ledger: Ledger) -> list[str]:
    return [it["type"] for it in export(ledger)]


def changed(number: int, lines: list[Entry], line: Entry | None) -> list[Entry]:
    return [*lines[: number - 1], *([line] if line else []), *lines[number:]]


class TestARequestTurnedAway:
    """gs.1.1: the only refusal that is itself recorded."""

    LINES = [*DESK, opened("T-1"), STRANGER, *NOTES]

    @BATCHES
    def test_corrected_in_place_it_is_taken_and_nothing_else_is_recorded_again(
        self, ledger: Ledger, source: Path, batch: int
    ) -> None:
        assert record_file(ledger, write_lines(source, self.LINES), batch=batch) == Summary(11, 10, 0, 1)
        mended = changed(5, self.LINES, opened("T-9", requester="ana"))
        assert record_file(ledger, write_lines(source, mended), batch=batch) == Summary(11, 1, 10, 0)
        assert record_file(ledger, source, batch=batch) == Summary(11, 0, 11, 0)
        assert types(ledger).count("FollowedUp") == len(NOTES)

    def test_changed_but_still_a_stranger_it_is_turned_away_anew_once(self, ledger: Ledger, source: Path) -> None:
        record_file(ledger, write_lines(source, self.LINES))
        write_lines(source, changed(5, self.LINES, opened("T-9", requester="yan")))
        assert record_file(ledger, source) == record_file(ledger, source) == Summary(11, 0, 10, 1)
        assert types(ledger).count("RequestRefused") == 2

    def test_written_otherwise_it_is_still_the_same_request(self, ledger: Ledger, source: Path) -> None:
        record_file(ledger, write_lines(source, self.LINES))
        same = dict(reversed(STRANGER.items())) | {"at": "2026-03-02T15:00:00Z"}
        assert record_file(ledger, write_lines(source, changed(5, self.LINES, same))) == Summary(11, 0, 10, 1)
        assert types(ledger).count("RequestRefused") == 1

    def test_with_a_key_other_content_is_refused_under_that_key(self, ledger: Ledger, source: Path) -> None:
        lines = changed(5, self.LINES, STRANGER | {"key": "k"})
        record_file(ledger, write_lines(source, lines))
        write_lines(source, changed(5, lines, opened("T-9", key="k")))
        assert record_file(ledger, source) == Summary(11, 0, 10, 1)
        assert record_file(ledger, write_lines(source, lines)) == Summary(11, 0, 10, 1)
        assert types(ledger).count("RequestRefused") == 1

    def test_no_longer_an_entry_it_is_refused_for_that(self, ledger: Ledger, source: Path, tmp_path: Path) -> None:
        record_file(ledger, write_lines(source, self.LINES))
        write_lines(source, changed(5, self.LINES, {"type": "Nonsense"}))
        assert record_file(ledger, source, refused=tmp_path / "r") == Summary(11, 0, 10, 1)
        assert '"shape"' in (tmp_path / "r").read_text()


class TestAChangedFile:
    """Lines recorded of a file are known again word for word, wherever they stand in it later."""

    LINES = [*DESK, opened("T-1"), followed_up("T-8"), STRANGER, *NOTES]

    @BATCHES
    @pytest.mark.parametrize("number", [5, 6])
    def test_taking_a_refused_line_out_records_nothing_again(
        self, ledger: Ledger, source: Path, batch: int, number: int
    ) -> None:
        assert record_file(ledger, write_lines(source, self.LINES), batch=batch) == Summary(12, 10, 0, 2)
        write_lines(source, changed(number, self.LINES, None))
        assert record_file(ledger, source, batch=batch) == Summary(11, 0, 10, 1)
        assert record_file(ledger, source, batch=batch) == Summary(11, 0, 10, 1)
        assert (types(ledger).count("FollowedUp"), types(ledger).count("RequestRefused")) == (6, 1)

    @BATCHES
    @pytest.mark.parametrize("number", [0, 4, 9])
    def test_a_line_put_in_between_is_all_that_is_recorded(self, ledger: Ledger, source: Path, batch: int, number: int) -> None:
        record_file(ledger, write_lines(source, self.LINES), batch=batch)
        more = [*self.LINES[:number], followed_up("T-1", 50), *self.LINES[number:]]
        assert record_file(ledger, write_lines(source, more), batch=batch) == Summary(13, 1, 10, 2)
        assert record_file(ledger, source, batch=batch) == Summary(13, 0, 11, 2)

    @BATCHES
    def test_a_recorded_line_that_was_changed_is_recorded_beside_the_old_one_with_a_warning(
        self, ledger: Ledger, source: Path, batch: int
    ) -> None:
        record_file(ledger, write_lines(source, self.LINES), batch=batch)
        write_lines(source, changed(9, self.LINES, followed_up("T-1", 50)))
        assert record_file(ledger, source, batch=batch) == Summary(12, 1, 9, 2, differs_from=9)
        assert record_file(ledger, source, batch=batch) == Summary(12, 0, 10, 2)
        assert types(ledger).count("FollowedUp") == len(NOTES) + 1

    def test_a_change_taken_back_records_nothing(self, ledger: Ledger, source: Path) -> None:
        record_file(ledger, write_lines(source, self.LINES))
        record_file(ledger, write_lines(source, changed(9, self.LINES, followed_up("T-1", 50))))
        assert record_file(ledger, write_lines(source, self.LINES)) == Summary(12, 0, 10, 2)

    def test_the_same_line_twice_counts_twice(self, ledger: Ledger, source: Path) -> None:
        record_file(ledger, write_lines(source, [*DESK, opened("T-1"), NOTES[0], NOTES[0]]))
        write_lines(source, [*DESK, opened("T-1"), NOTES[1], NOTES[0], NOTES[0], NOTES[0]])
        assert record_file(ledger, source) == Summary(8, 2, 6, 0)
        assert types(ledger).count("FollowedUp") == 4

    def test_another_file_under_the_same_name_is_recorded_without_a_warning(self, ledger: Ledger, source: Path) -> None:
        record_file(ledger, write_lines(source, [*DESK, opened("T-1"), NOTES[0]]))
        assert record_file(ledger, write_lines(source, NOTES[1:])) == Summary(5, 5, 0, 0)

    def test_a_file_that_lets_go_of_its_first_lines_goes_on(self, ledger: Ledger, source: Path) -> None:
        record_file(ledger, write_lines(source, [*DESK, opened("T-1"), *NOTES[:4]]))
        assert record_file(ledger, write_lines(source, NOTES[:4])) == Summary(4, 0, 4, 0)
        assert record_file(ledger, write_lines(source, NOTES)) == Summary(6, 2, 4, 0)

    @pytest.mark.parametrize("stop", [2, 4, 6, 8, 10])
    def test_interrupted_while_it_looks_a_changed_file_through_it_still_records_nothing_twice(
        self, ledger: Ledger, source: Path, stop: int
    ) -> None:
        class Interrupted(Exception):
            pass

        def until(lines: int, _: int) -> None:
            if lines >= stop:
                raise Interrupted

        record_file(ledger, write_lines(source, self.LINES), batch=2)
        write_lines(source, [self.LINES[0], *self.LINES[2:], followed_up("T-1", 50)])
        with pytest.raises(Interrupted):
            record_file(ledger, source, batch=2, progress=until)
        summary = record_file(ledger, source, batch=2)
        assert (summary.read, summary.refused) == (12, 2)
        assert types(ledger).count("FollowedUp") == len(NOTES) + 1
        assert types(ledger).count("RequestRefused") == 1
