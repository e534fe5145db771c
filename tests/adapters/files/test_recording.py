import io
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from adapters.files.recording import Summary, record_file
from adapters.ledger import Ledger, LedgerError
from tests.adapters.given import AUTHORIZED, CONTRACTED, DESK, REGISTERED, Entry, content, followed_up, opened, write_lines
from tests.stores import Ledgers

TICKET: list[Entry] = [*DESK, opened("T-1"), *(followed_up("T-1", number) for number in range(5))]


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


class TestAFile:
    @pytest.mark.parametrize("batch", [1, 2, 3, 9, 100])
    def test_every_line_is_recorded_whatever_the_batches(self, ledger: Ledger, source: Path, batch: int) -> None:
        assert record_file(ledger, write_lines(source, TICKET), batch=batch) == Summary(9, 9, 0, 0)
        assert [it["type"] for it in content(ledger)] == [it["type"] for it in TICKET]

    def test_recording_it_again_records_nothing(self, ledger: Ledger, source: Path) -> None:
        record_file(ledger, write_lines(source, TICKET))
        assert record_file(ledger, source, batch=2) == Summary(9, 0, 9, 0)
        assert ledger.head() == 11

    def test_a_file_that_grew_goes_on_where_it_stopped(self, ledger: Ledger, source: Path) -> None:
        record_file(ledger, write_lines(source, TICKET[:5]), batch=2)
        assert record_file(ledger, write_lines(source, TICKET), batch=2) == Summary(9, 4, 5, 0)

    def test_a_file_with_other_content_is_another_recording(self, ledger: Ledger, source: Path) -> None:
        record_file(ledger, write_lines(source, TICKET))
        assert record_file(ledger, write_lines(source, [followed_up("T-1", 30), followed_up("T-1", 31)])) == Summary(2, 2, 0, 0)
        assert record_file(ledger, source) == Summary(2, 0, 2, 0)

    def test_a_file_that_lost_lines_is_another_recording(self, ledger: Ledger, source: Path) -> None:
        record_file(ledger, write_lines(source, [*TICKET[:4], followed_up("T-1", key="k")]))
        summary = record_file(ledger, write_lines(source, [followed_up("T-1", key="k")]))
        assert summary == Summary(1, 0, 1, 0)

    def test_the_last_line_needs_no_newline(self, ledger: Ledger, source: Path) -> None:
        source.write_text("\n".join(json.dumps(it) for it in TICKET), "utf-8")
        assert record_file(ledger, source) == Summary(9, 9, 0, 0)
        with source.open("a") as file:
            file.write("\n" + json.dumps(followed_up("T-1", 50)) + "\n")
        assert record_file(ledger, source) == Summary(10, 1, 9, 0)

    def test_a_last_line_still_being_written_is_refused_until_it_is_whole(self, ledger: Ledger, source: Path) -> None:
        whole = write_lines(source, TICKET).read_bytes()
        source.write_bytes(whole[:-20])
        assert record_file(ledger, source) == Summary(9, 8, 0, 1)
        source.write_bytes(whole)
        assert record_file(ledger, source) == Summary(9, 1, 8, 0)

    def test_progress_is_told_after_each_commit_in_lines_and_bytes(self, ledger: Ledger, source: Path) -> None:
        told: list[tuple[int, int]] = []
        record_file(ledger, write_lines(source, TICKET), batch=4, progress=lambda *it: told.append(it))
        assert [lines for lines, _ in told] == [4, 8, 9]
        assert told[-1][1] == source.stat().st_size

    def test_an_empty_file_has_nothing_to_record(self, ledger: Ledger, source: Path) -> None:
        assert record_file(ledger, write_lines(source, [])) == Summary(0, 0, 0, 0)

    def test_a_file_that_is_not_there_is_explained(self, ledger: Ledger, tmp_path: Path) -> None:
        for path in (tmp_path / "none.jsonl", tmp_path):
            with pytest.raises(LedgerError, match="cannot be read"):
                record_file(ledger, path)


class TestStandardInput:
    def test_a_stream_is_recorded_but_not_remembered(self, ledger: Ledger) -> None:
        keyed = [followed_up("T-1", 40, key="k"), followed_up("T-1", 41)]
        data = "".join(json.dumps(it) + "\n" for it in [*TICKET, *keyed]).encode()
        assert record_file(ledger, io.BytesIO(data)) == Summary(11, 11, 0, 0)
        again = "".join(json.dumps(it) + "\n" for it in keyed).encode()
        assert record_file(ledger, io.BytesIO(again)) == Summary(2, 1, 1, 0)


class TestWhatIsRefused:
    def test_each_refused_line_is_written_with_its_reason_and_the_rest_recorded(
        self, ledger: Ledger, source: Path, tmp_path: Path
    ) -> None:
        refused = tmp_path / "entries.refused.jsonl"
        unknown, typo = followed_up("T-9"), AUTHORIZED | {"persom": "x"}
        lines = [*DESK, unknown, typo, opened("T-1", requester="zoe"), opened("T-1")]
        assert record_file(ledger, write_lines(source, lines), refused=refused, batch=2) == Summary(7, 4, 0, 3)
        first, second, third = rows(refused)
        assert (first["line"], first["code"], first["field"], first["entry"]) == (4, "reference", "ticket", unknown)
        assert (second["line"], second["code"], second["field"], second["entry"]) == (5, "shape", "persom", typo)
        assert (third["line"], third["code"], third["clause"]) == (6, "clauses", "gs.1.1")
        assert all(it["message"] for it in rows(refused))

    def test_messages_are_worded_by_whoever_shows_them(self, ledger: Ledger, source: Path, tmp_path: Path) -> None:
        record_file(ledger, write_lines(source, [AUTHORIZED]), refused=tmp_path / "r", say=lambda it: f"no: {it.code}")
        assert rows(tmp_path / "r")[0]["message"] == "no: reference"

    @pytest.mark.parametrize(
        "line",
        [b"", b"   ", b"[]", b"7", b"null", b"{", b'{"type": "Nonsense"', b"\xff\xfe", b'{"a": "\xff"}', b"[" * 200_000,
         b"\x00", b'{"a":1,"a":2}', b'{"type": "FollowedUp", "at": 99999999999999999999999}', b"{}", b'"text"'],
    )  # fmt: skip
    def test_no_line_however_malformed_is_skipped_or_stops_the_rest(
        self, ledger: Ledger, source: Path, tmp_path: Path, line: bytes
    ) -> None:
        before, after = (json.dumps(it).encode() for it in (REGISTERED, AUTHORIZED))
        source.write_bytes(before + b"\n" + line + b"\n" + after + b"\n")
        assert record_file(ledger, source, refused=tmp_path / "r") == Summary(3, 2, 0, 1)
        (row,) = rows(tmp_path / "r")
        assert (row["line"], row["code"]) == (2, "shape")
        try:
            parsed = json.loads(line)
        except (ValueError, RecursionError):
            parsed = None
        assert row["entry"] == (parsed if isinstance(parsed, dict) else line.decode("utf-8", "replace"))

    def test_a_line_beyond_the_limit_is_refused_without_being_kept(self, ledger: Ledger, source: Path, tmp_path: Path) -> None:
        long = json.dumps(REGISTERED | {"name": "x" * 5_000_000}).encode()
        source.write_bytes(long + b"\n" + json.dumps(REGISTERED).encode() + b"\n" + long)
        assert record_file(ledger, source, refused=tmp_path / "r") == Summary(3, 1, 0, 2)
        assert [(it["line"], it["code"]) for it in rows(tmp_path / "r")] == [(1, "shape"), (3, "shape")]
        assert (tmp_path / "r").stat().st_size < 20_000

    def test_a_line_of_exactly_the_limit_is_read(self, ledger: Ledger, source: Path) -> None:
        line = json.dumps(REGISTERED)
        source.write_text(line + " " * (1024 * 1024 - len(line)) + "\n" + line + " " * (1024 * 1024 + 1 - len(line)))
        assert record_file(ledger, source) == Summary(2, 1, 0, 1)

    def test_the_file_of_refusals_goes_when_nothing_is_refused(self, ledger: Ledger, source: Path, tmp_path: Path) -> None:
        refused = tmp_path / "r"
        record_file(ledger, write_lines(source, [AUTHORIZED, REGISTERED]), refused=refused)
        assert refused.exists()
        record_file(ledger, source, refused=refused)
        assert not refused.exists()
        assert sorted(it.name for it in tmp_path.iterdir() if "ledger" not in it.name) == ["entries.jsonl"]


class TestAgain:
    def test_a_refused_line_is_tried_again_and_taken_once_it_may_be(self, ledger: Ledger, source: Path, tmp_path: Path) -> None:
        late = [*DESK, followed_up("T-1"), followed_up("T-9")]
        assert record_file(ledger, write_lines(source, late), batch=2) == Summary(5, 3, 0, 2)
        record_file(ledger, write_lines(tmp_path / "other.jsonl", [opened("T-1")]))
        assert record_file(ledger, source, batch=2, refused=tmp_path / "r") == Summary(5, 1, 3, 1)
        assert [it["line"] for it in rows(tmp_path / "r")] == [5]
        assert record_file(ledger, source) == Summary(5, 0, 4, 1)

    def test_a_refused_line_may_be_mended_in_place(self, ledger: Ledger, source: Path) -> None:
        record_file(ledger, write_lines(source, [*DESK, opened("T-1", priority="hihg"), opened("T-2"), followed_up("T-2")]))
        mended = [*DESK, opened("T-1"), opened("T-2"), followed_up("T-2")]
        assert record_file(ledger, write_lines(source, mended)) == Summary(6, 1, 5, 0)
        assert record_file(ledger, source) == Summary(6, 0, 6, 0)

    def test_a_recorded_refusal_is_answered_again_the_same_and_recorded_once(
        self, ledger: Ledger, source: Path, tmp_path: Path
    ) -> None:
        lines = [*DESK, opened("T-1", requester="zoe"), opened("T-2"), followed_up("T-9"), followed_up("T-2")]
        assert record_file(ledger, write_lines(source, lines), refused=tmp_path / "r") == Summary(7, 5, 0, 2)
        first, head = (tmp_path / "r").read_bytes(), ledger.head()
        assert record_file(ledger, source, refused=tmp_path / "r", batch=2) == Summary(7, 0, 5, 2)
        assert [(it["line"], it["message"]) for it in rows(tmp_path / "r")] == [
            (it["line"], it["message"]) for it in map(json.loads, first.splitlines())
        ]
        assert ledger.head() == head

    def test_a_recorded_refusal_is_not_judged_anew_when_the_requester_is_authorised(self, ledger: Ledger, source: Path) -> None:
        lines = [REGISTERED, CONTRACTED, opened("T-1")]
        assert record_file(ledger, write_lines(source, lines)).refused == 1
        assert record_file(ledger, write_lines(source, [*lines, AUTHORIZED])) == Summary(4, 1, 2, 1)
        assert record_file(ledger, source) == Summary(4, 0, 3, 1)


class TestSideBySide:
    def test_the_same_file_recorded_by_two_at_once_is_recorded_once(self, store: Ledgers, source: Path) -> None:
        lines = [*DESK, opened("T-1"), *(followed_up("T-1", number) for number in range(60)), followed_up("T-9")]
        write_lines(source, lines)
        store.open(create=True).close()
        summaries: list[Summary] = []

        def record() -> None:
            with store.open() as ledger:
                summaries.append(record_file(ledger, source, batch=3))

        threads = [threading.Thread(target=record) for _ in range(3)]
        for it in threads:
            it.start()
        for it in threads:
            it.join(60)
        assert len(summaries) == 3
        assert sum(it.recorded for it in summaries) == 64
        assert all(it.read == 65 == it.recorded + it.already + it.refused for it in summaries)
        with store.open() as ledger:
            assert [{k: v for k, v in it.items() if k in ("type", "ticket")} for it in content(ledger)] == [
                {k: v for k, v in it.items() if k in ("type", "ticket")} for it in lines[:-1]
            ]

    def test_what_another_process_recorded_of_the_file_meanwhile_is_not_recorded_again(
        self, ledger: Ledger, store: Ledgers, source: Path
    ) -> None:
        write_lines(source, TICKET)
        ahead: list[Summary] = []

        def overtake(lines: int, _: int) -> None:
            if lines == 2:
                with store.open() as other:
                    ahead.append(record_file(other, source))

        assert record_file(ledger, source, batch=2, progress=overtake) == Summary(9, 2, 7, 0)
        assert ahead == [Summary(9, 7, 2, 0)]
        assert ledger.head() == 11
