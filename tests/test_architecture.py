"""Imports point one way, and the core takes values in and gives values out: no clock, file, database, log or randomness."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("domain", "projections", "replay", "adapters")
CORE = LAYERS[:3]
THIRD_PARTY_OF_THE_CORE = {"msgspec"}
EFFECTS = {
    "asyncio", "builtins", "ctypes", "fileinput", "ftplib", "getpass", "glob", "http", "io", "locale", "logging", "mmap",
    "multiprocessing", "os", "pathlib", "pickle", "platform", "random", "secrets", "select", "shelve", "shutil", "signal",
    "smtplib", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib", "uuid", "warnings",
}  # fmt: skip
CLOCKS = {"now", "utcnow", "today"}
CALLS = {"open", "print", "input", "exec", "eval", "compile", "__import__", "breakpoint"}


def modules(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(tree: ast.Module) -> Iterator[str]:
    """The top-level names of everything a module imports, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (it.name.split(".")[0] for it in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield (node.module or "").split(".")[0]


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", modules(*LAYERS), ids=short)
def test_imports_point_from_adapters_to_replay_to_projections_to_domain(path: Path) -> None:
    own = LAYERS.index(path.relative_to(ROOT).parts[0])
    above = set(LAYERS[own + 1 :]) | {"tests", "bench", "docs"}
    assert set(imports(parsed(path))) & above == set()


@pytest.mark.parametrize("path", modules(*CORE), ids=short)
def test_the_core_imports_the_standard_library_without_effects_and_msgspec(path: Path) -> None:
    for name in imports(parsed(path)):
        assert name not in EFFECTS
        assert name in LAYERS or name in THIRD_PARTY_OF_THE_CORE or name in sys.stdlib_module_names


@pytest.mark.parametrize("path", modules(*CORE), ids=short)
def test_the_core_reads_no_clock_and_touches_no_file(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in CLOCKS, f"{short(path)}:{node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in CALLS, f"{short(path)}:{node.lineno}"


@pytest.mark.parametrize("path", modules("domain", "projections"), ids=short)
def test_the_arithmetic_uses_no_floats(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, float), f"{short(path)}:{node.lineno}"
        if isinstance(node, ast.BinOp):
            assert not isinstance(node.op, ast.Div), f"{short(path)}:{node.lineno}"
        if isinstance(node, ast.Name):
            assert node.id != "float", f"{short(path)}:{node.lineno}"


@pytest.mark.parametrize("path", modules("adapters"), ids=short)
def test_only_the_adapters_of_the_book_know_the_library_that_keeps_it(path: Path) -> None:
    keepers = {"mapper.py"} | {
        f"stores/{it}.py" for it in ("recorder", "sqlite", "writing", "postgres/connecting", "postgres/store")
    }
    if str(path.relative_to(ROOT / "adapters")) not in keepers:
        assert "eventsourcing" not in set(imports(parsed(path)))


@pytest.mark.parametrize("path", [it for it in modules("adapters") if "cli" not in it.parts], ids=short)
def test_nothing_but_the_command_line_knows_the_command_line(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom):
            assert not (node.module or "").startswith("adapters.cli"), f"{short(path)}:{node.lineno}"


@pytest.mark.parametrize("path", modules(*LAYERS), ids=short)
def test_a_name_is_taken_from_the_module_that_has_it_never_passed_on_in_silence(path: Path) -> None:
    """mypy refuses a name that a module merely imported, unless it is in `__all__` or imported `as` itself."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom):
            assert [it.name for it in node.names if it.name == it.asname] == [], f"{short(path)}:{node.lineno}"
