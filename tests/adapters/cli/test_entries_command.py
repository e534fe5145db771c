"""`bitacora entries`: the list, its filters, and following new entries."""

import subprocess
from pathlib import Path

import pytest

from tests.adapters.cli.calling import PROGRAM, Bitacora, environment
from tests.adapters.given import followed_up, write_lines

LATE = followed_up("G-2") | {"at": "2026-03-04T10:00:00-06:00"}


def positions(desk: Bitacora, *asked: object) -> list[int]:
    return [it["position"] for it in desk.done("entries", "--format", "json", *asked).lines()]


def test_every_entry_is_listed_in_the_order_recorded(desk: Bitacora) -> None:
    assert positions(desk) == list(range(1, 19))


def test_json_is_what_an_export_has(desk: Bitacora) -> None:
    assert desk.done("entries", "--format", "json").out == desk.done("export", "entries").out


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("--ticket", "C-1"), [13, 14, 15, 16]),
        (("--stream", "client:acme"), [3, 4]),
        (("--client", "beta"), [6, 7, 13, 14, 15, 16, 17]),
        (("--type", "Responded"), [9, 14]),
        (("--type", "Responded", "--type", "Resolved", "--ticket", "G-1"), [9, 12]),
        (("--from", "2026-03-03T00:00:00-06:00", "--to", "2026-03-04T00:00:00-06:00"), [11, 12, 17]),
        (("--known-at", "4"), [1, 2, 3, 4]),
        (("--at", "2026-03-02T14:00:00-06:00", "--ticket", "G-1"), [8, 9]),
        (("--after", "16"), [17, 18]),
        (("--after", "2", "--limit", "3"), [3, 4, 5]),
        (("--known-at", "2026-01-01T00:00:00Z"), []),
    ],
)
def test_filters_choose_among_them(asked: tuple[str, ...], expected: list[int], desk: Bitacora) -> None:
    assert positions(desk, *asked) == expected


def test_the_table_tells_each_entry_in_a_sentence(desk: Bitacora) -> None:
    out = " ".join(desk.done("entries", "--ticket", "C-1").out.split())
    assert "The client was asked for information; note: which server?" in out
    assert "InformationRequested" in out
    spanish = " ".join(desk.done("entries", "--ticket", "C-1", "--lang", "es").out.split())
    assert "Se pidió información al cliente; nota: which server?" in spanish


@pytest.mark.parametrize("columns", [80, 120])
def test_no_line_is_wider_than_the_screen(columns: int, desk: Bitacora, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert max(map(len, desk.done("entries").out.splitlines())) <= columns


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        (("--ticket", "T-9"), "there is no ticket T-9"),
        (("--stream", "policy:P-9"), "there is no stream policy:P-9"),
        (("--type", "Opened"), "there is no entry of type Opened"),
        (("--ticket", "G-1", "--client", "acme"), "only one of"),
        (("--limit", "0"), "0 is not a whole number from 1 on"),
        (("--follow", "--known-at", "3"), "exclude each other"),
    ],
)
def test_what_cannot_be_listed_is_misuse(asked: tuple[str, ...], complaint: str, desk: Bitacora) -> None:
    ran = desk("entries", *asked)
    assert (ran.code, ran.out) == (2, "")
    assert complaint in ran.err


@pytest.mark.parametrize("form", ["json", "table"])
def test_following_shows_a_new_entry_as_it_is_recorded(form: str, desk: Bitacora, tmp_path: Path) -> None:
    command = [*PROGRAM, "entries", "--follow", "--client", "acme", "--after", "17", "--limit", "2", "--format", form]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(), text=True) as following:
        try:
            assert following.stdout is not None
            assert "G-2" in following.stdout.readline()
            desk.done("record", write_lines(tmp_path / "late.jsonl", [LATE]))
            assert "FollowedUp" in following.stdout.readline()
            assert following.wait(timeout=30) == 0
        finally:
            following.kill()
