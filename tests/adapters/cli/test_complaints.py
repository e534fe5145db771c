"""What is wrong with a file is said wholly in the reader's language: no sentence in Spanish holds a reason in English."""

import ast
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.cli.calling import ROOT, Bitacora
from tests.adapters.cli.catalog import PACKAGES

PACKED = gzip.compress(b"CaseID,ActivityID,CompleteTimestamp\n" + b"".join(b"%d,1,x\n" % (it * 7919) for it in range(20_000)))
OTHER_DESK = ROOT / "tests" / "domain" / "other_desk.toml"
SAYABLE = {"Refused", "CalendarError", "TermsError", "NotToml", "LedgerError", "WhatIfError", "Malformed", "ImportFileError"}
"""The errors whose message a person reads: each is given a template that is marked, or an error that has one."""


def in_spanish(bitacora: Bitacora, *arguments: object) -> str:
    """What the program says, with its failure, on one line."""
    ran = bitacora("--lang", "es", *arguments)
    assert ran.code
    return " ".join((ran.out + ran.err).split())


@pytest.mark.parametrize(("right", "wrong", "said"), [
    ('mon = ["00:00-13:00", "13:30-24:00"]', 'mon = ["09:00-25:00"]',
     "'25:00' no es una hora del día: HH:MM o HH:MM:SS, de 00:00 a 24:00"),
    ('mon = ["00:00-13:00", "13:30-24:00"]', 'mon = ["09:00-13:00", "12:00-18:00"]', "se traslapa con weekly.mon[0]"),
    ("America/Bogota", "America/Macondo", "'America/Macondo' no es una zona horaria de IANA como 'America/Mexico_City'"),
])  # fmt: skip
def test_what_is_wrong_with_a_calendar(right: str, wrong: str, said: str, bitacora: Bitacora, tmp_path: Path) -> None:
    text = OTHER_DESK.read_text("utf-8")
    assert right in text
    file = tmp_path / "terms.toml"
    file.write_text(text.replace(right, wrong), "utf-8")
    assert said in in_spanish(bitacora, "terms", "check", file)


@pytest.mark.parametrize(("content", "said"), [
    ("a = [1", "una lista no se cierra"),
    ("a = {b = 1", "una tabla en una línea no se cierra"),
    ('a = "b', "el carácter '\\n' no puede ir aquí"),
    ("a = 'b", 'falta "\'"'),
    ("a 1", "a una clave le sigue ="),
    ("a = 1 2", "una instrucción termina con su línea, y aquí sigue algo más"),
    ("[a\n", "el nombre de una tabla termina en ]"),
    ("[[a]\n", "el nombre de una lista de tablas termina en ]]"),
    ("= 1", "esto no es una instrucción"),
    ("a = 1\na = 2", "esto ya tiene un valor"),
    ("[a.b]\n[a.b]", "la tabla 'a.b' está dos veces"),
    ("a = {b = 1}\n[a.c]", "la tabla 'a.c' está dos veces"),
    ("a = {b = 1, b = 2}", "la clave 'b' está dos veces en una tabla"),
    ('a = "\\q"', "una barra inversa en un texto no significa nada; escriba dos"),
    ('a = "\\u12"', "un carácter no está escrito en hexadecimal"),
    ('a = "\\ud800"', "un carácter no existe en Unicode"),
    ("a = 2026-02-30", "no existe tal fecha u hora"),
    ("a = b", "esto no es un valor; un texto va entre comillas"),
    ("a. = 1", "una clave no puede empezar así"),
    (f"a = {'1' * 5000}", "un número de más de 4300 cifras"),
])  # fmt: skip
def test_what_is_wrong_with_a_file_that_is_not_toml(content: str, said: str, bitacora: Bitacora, tmp_path: Path) -> None:
    file = tmp_path / "terms.toml"
    file.write_text(content + "\n", "utf-8")
    assert in_spanish(bitacora, "terms", "check", file).endswith(f"no es TOML válido: {said}")


@pytest.mark.parametrize(("content", "said"), [
    (b"desk", "una llave es un nombre, un identificador y una clave con signos de más entre ellos"),
    (b"desk+00000000+AQ==", "la llave no es una llave Ed25519"),
    (b"desk+00000000+A", "esto no es base64"),
    (b"\xff", "no es UTF-8"),
])  # fmt: skip
def test_what_is_wrong_with_a_key(content: bytes, said: str, desk: Bitacora, tmp_path: Path) -> None:
    file = tmp_path / "desk.vkey"
    file.write_bytes(content)
    assert in_spanish(desk, "verify", "--key", file).endswith(f"no se puede usar: {said}")


@pytest.mark.parametrize(("content", "said"), [
    (b"a,b\n1,2\n", "al encabezado le falta CaseID, ActivityID, CompleteTimestamp"),
    (b'"a\n', "no hay un encabezado con nombres de columna separados por comas, en UTF-8"),
    (PACKED[: len(PACKED) // 2], "no se puede seguir leyendo: termina antes de tiempo"),
    (PACKED[:200] + b"\0" * 200, "no se puede seguir leyendo: lo comprimido está dañado"),
])  # fmt: skip
def test_what_is_wrong_with_a_log(content: bytes, said: str, bitacora: Bitacora, tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_bytes(content)
    assert said in in_spanish(bitacora, "import", "helpdesk", file, "--client", "acme")


@pytest.mark.parametrize(("line", "said"), [
    ('{"type": "Responded", "at": 3}', "at es un número entero; se espera una hora con su fecha"),
    ('{"type": "Responded"', "la línea no es un objeto JSON: termina antes de tiempo"),
    ('{"type": }', "la línea no es un objeto JSON: se estropea en el byte 10"),
    ('{"type": "ClientRegistered", "at": "2026-03-02T09:15:00Z", "client": "a", "name": "A", "local": 1}',
     "local es un número entero; se espera verdadero o falso"),
])  # fmt: skip
def test_what_is_wrong_with_a_line(line: str, said: str, bitacora: Bitacora, tmp_path: Path) -> None:
    file = tmp_path / "entries.jsonl"
    file.write_text(line + "\n", "utf-8")
    assert said in in_spanish(bitacora, "record", file)


def raised(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in SAYABLE:
            yield node


def test_no_error_that_people_read_is_given_plain_text() -> None:
    for path in sorted(it for package in PACKAGES for it in (ROOT / package).rglob("*.py") if "verifier" not in it.parts):
        for call in raised(path):
            texts = [it for it in call.args if isinstance(it, ast.JoinedStr)]
            plain = [it.value for it in call.args if isinstance(it, ast.Constant) and " " in str(it.value)]
            spaced = [it for it in texts if any(isinstance(part, ast.Constant) and " " in part.value for part in it.values)]
            assert not plain and not spaced, f"{path.name}:{call.lineno}"


@pytest.mark.parametrize("command", [("report", "sla"), ("record", "-"), ("migrate",), ("accounts",)])
def test_an_address_of_what_keeps_no_ledgers_is_refused_without_its_password(
    bitacora: Bitacora, command: tuple[str, ...]
) -> None:
    ran = bitacora("--ledger", "postgresql+psycopg://ana:secreto@server/desk", *command)
    assert ran.code == 2 and "postgresql+psycopg:// is neither" in ran.err
    assert "secreto" not in ran.out + ran.err and not list(Path().iterdir())
