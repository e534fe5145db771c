"""The program as a whole: languages, help, exit codes, and that no failure reaches a person as a traceback."""

import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from adapters.cli.program import bitacora as program
from adapters.language import language_of
from tests.adapters.cli.calling import PROGRAM, Bitacora, environment, process

READING_COMMANDS = [
    ("report", "sla"),
    ("report", "billing"),
    ("report", "consumption"),
    ("report", "unattended"),
    ("explain", "G-1"),
    ("entries",),
    ("replay", "--known-at", "8"),
    ("what-if", "--without", "9"),
    ("readings",),
    ("export", "entries"),
]


def commands(command: click.Command = program, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command there is, by its words."""
    yield path
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, (*path, name))


def sentences(help: str) -> set[str]:
    """The lines of a help that are words: what describes, not what is typed."""
    return {line.strip() for line in help.splitlines()[4:] if len(line.split()) > 5 and not line.strip().startswith("bitacora")}


# Language -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "environment", "expected"),
    [
        (None, {}, "en"),
        (None, {"LANG": "es_MX.UTF-8"}, "es"),
        (None, {"LANG": "es_MX.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        (None, {"LANG": "en_US.UTF-8", "LC_ALL": "es"}, "es"),
        (None, {"LC_ALL": "", "LANG": "es"}, "es"),
        (None, {"LANG": "C"}, "en"),
        (None, {"LANG": "est"}, "en"),
        ("en", {"LANG": "es_ES"}, "en"),
        ("es", {"LANG": "en_US"}, "es"),
    ],
)
def test_the_language_is_the_one_asked_for_else_that_of_the_locale(
    given: str | None, environment: dict[str, str], expected: str
) -> None:
    assert language_of(given, environment) == expected


def test_a_spanish_locale_makes_everything_spanish() -> None:
    shown = process("report", "sla", "--help", LANG="es_MX.UTF-8").stdout.decode()
    assert shown.startswith("Ejemplo:\n  bitacora report sla")
    assert "Uso: bitacora report sla" in shown
    assert "por omisión: table" in shown
    complaint = process("report", "sal", LC_ALL="es").stderr.decode()
    assert "No existe el comando 'sal'" in complaint


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_every_help_begins_with_an_example_and_is_in_both_languages(path: tuple[str, ...], bitacora: Bitacora) -> None:
    english = bitacora.done(*path, "--help").out
    spanish = bitacora.done(*path, "--help", "--lang", "es").out if path else bitacora.done("--lang", "es", "--help").out
    assert english.startswith("Example:\n  ")
    assert all(word in english.partition("Usage:")[0] for word in ("bitacora", *path))
    assert spanish.startswith("Ejemplo:\n  ")
    assert not sentences(english) & sentences(spanish)


# Options that hold everywhere ---------------------------------------------------------------------------------------


def test_the_ledger_may_be_named_before_or_after_the_command_or_in_the_environment(
    desk: Bitacora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bitacora.db").rename(tmp_path / "desk.db")
    before = desk.done("--ledger", "desk.db", "entries").out
    assert desk.done("entries", "--ledger", "desk.db").out == before
    assert desk.done("--ledger", "absent.db", "entries", "--ledger", "desk.db").out == before
    monkeypatch.setenv("BITACORA_LEDGER", "desk.db")
    assert desk.done("entries").out == before


def test_the_version_is_shown(bitacora: Bitacora) -> None:
    assert bitacora.done("--version").out.startswith("bitacora ")


# Misuse -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", READING_COMMANDS, ids=" ".join)
def test_reading_a_ledger_that_does_not_exist_is_misuse_and_makes_none(
    command: tuple[str, ...], bitacora: Bitacora, tmp_path: Path
) -> None:
    ran = bitacora(*command)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "bitacora: there is no ledger at bitacora.db\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--at", "2026-03-02T09:15:00"), "2026-03-02T09:15:00 is not a time with its offset"),
        (("--at", "2026-03-02"), "is not a time with its offset"),
        (("--at", "2026-02-30T09:15:00Z"), "is not a time with its offset"),
        (("--at", "0001-01-01T00:00:00+23:00"), "is not a time with its offset"),
        (("--at", "2400-01-01T00:00:00Z"), "lies outside the years 1970 to 2200"),
        (("--known-at", "yesterday"), "yesterday is neither a position nor a time with its offset"),
        (("--known-at", "-1"), "-1 is neither a position nor a time with its offset"),
        (("--reading", "gs.4"), "gs.4 is not a reading such as"),
        (("--reading", "gs.4=never"), "the reading gs.4 has no option never; it has: support-hours"),
        (("--reading", "xx.1=yes"), "no terms have a reading xx.1"),
        (("--reading", "gs.4=clock-hours", "--reading", "gs.4=support-hours"), "asks for gs.4 in two ways"),
        (("--client", "nobody"), "there is no client nobody"),
        (("--policy", "P-9"), "there is no policy P-9"),
        (("--ticket", "T-9"), "there is no ticket T-9"),
        (("--ticket", "\udcff"), "it is not UTF-8"),
        (("--from", "2026-03-02T00:00:00Z", "--to", "2026-03-02T00:00:00Z"), "--to must lie after --from"),
        (("--format", "xml"), "'xml' is not one of"),
        (("--colour",), "No such option"),
        (("extra",), "unexpected extra argument"),
    ],
)
@pytest.mark.parametrize("form", ["json", "csv"])
def test_misuse_is_one_clear_complaint_and_no_output(
    form: str, arguments: tuple[str, ...], complaint: str, desk: Bitacora
) -> None:
    ran = desk("report", "sla", "--format", form, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("bitacora: ")
    assert complaint in ran.err.splitlines()[0]
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("words", [(), ("report",), ("terms",)], ids=" ".join)
def test_a_group_without_a_command_shows_its_help_as_misuse(words: tuple[str, ...], bitacora: Bitacora) -> None:
    ran = bitacora(*words)
    assert (ran.code, ran.out) == (2, "")
    assert f"Usage: {' '.join(('bitacora', *words))}" in ran.err


def test_a_language_asked_for_without_naming_it_is_misuse(bitacora: Bitacora) -> None:
    assert "--lang" in bitacora("entries", "--lang").err


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"no database at all, but long enough to look at" * 50, "it is not even a database"),
        (b"", "is empty: there is no ledger in it yet"),
    ],
)
def test_a_file_that_is_no_ledger_is_misuse(content: bytes, complaint: str, bitacora: Bitacora, tmp_path: Path) -> None:
    (tmp_path / "bitacora.db").write_bytes(content)
    ran = bitacora("report", "sla")
    assert (ran.code, ran.out) == (2, "")
    assert complaint in ran.err
    assert (tmp_path / "bitacora.db").read_bytes() == content


def test_a_damaged_ledger_says_so_in_either_language(desk: Bitacora, tmp_path: Path) -> None:
    path = tmp_path / "bitacora.db"
    kept = path.read_bytes()
    path.write_bytes(kept[: len(kept) // 2])
    for language, complaint in (("en", "damaged"), ("es", "dañado")):
        ran = desk("entries", "--lang", language)
        assert ran.code == 2
        assert complaint in ran.err
        assert len(ran.err.splitlines()) == 1


def test_a_newer_ledger_is_left_alone(desk: Bitacora, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "bitacora.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    ran = desk("entries")
    assert ran.code == 2
    assert "was written by a newer version" in ran.err


# Ends that nobody wants to read about -------------------------------------------------------------------------------


def test_a_reader_that_goes_away_is_no_complaint(desk: Bitacora, tmp_path: Path) -> None:
    name = "n" * 200
    many = "".join(
        f'{{"type": "ClientRegistered", "at": "2026-03-01T08:00:00Z", "client": "c{it}", "name": "{name}", "local": true}}\n'
        for it in range(2_000)
    )
    (tmp_path / "many.jsonl").write_text(many, "utf-8")
    desk.done("record", "many.jsonl")
    with subprocess.Popen(
        [*PROGRAM, "export", "entries"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as exporting:
        assert exporting.stdout is not None
        assert exporting.stderr is not None
        exporting.stdout.readline()
        exporting.stdout.close()
        assert exporting.stderr.read() == b""
        assert exporting.wait(timeout=30) == 141


def test_an_interruption_is_told_in_one_line(desk: Bitacora) -> None:
    with subprocess.Popen(
        [*PROGRAM, "entries", "--follow", "--after", "17"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as following:
        assert following.stdout is not None
        assert following.stderr is not None
        following.stdout.readline()
        os.kill(following.pid, signal.SIGINT)
        assert following.stderr.read() == b"bitacora: interrupted; what was acknowledged stays recorded\n"
        assert following.wait(timeout=30) == 130


def test_an_error_of_ours_is_one_line_too(desk: Bitacora, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        raise ZeroDivisionError("in the\nmiddle")

    monkeypatch.setattr("adapters.ledger.Ledger.head", broken)
    ran = desk("entries")
    assert ran.code == 2
    assert ran.err == "bitacora: this is an error of bitacora itself, please report it: ZeroDivisionError: in the middle\n"


def test_a_shell_can_complete_commands_and_options() -> None:
    asked = {"_BITACORA_COMPLETE": "bash_complete", "COMP_WORDS": "bitacora report s", "COMP_CWORD": "2"}
    assert process(**asked).stdout.decode().split() == ["plain,sla"]
