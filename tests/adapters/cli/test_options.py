"""Options that several commands share are declared once, so that they are called and explained alike everywhere."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

CLI = Path(__file__).parents[3] / "adapters" / "cli"


def declared(path: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    """The names and the help of every option that a module declares."""
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("option", "click.option"):
            for it in call.keywords:
                if it.arg == "help":
                    yield tuple(ast.unparse(name) for name in call.args), ast.unparse(it.value)


def test_no_option_is_declared_twice_with_the_same_help() -> None:
    found = Counter(it for path in sorted(CLI.glob("*.py")) for it in declared(path))
    assert len(found) > 40
    assert [it for it, times in found.items() if times > 1] == []
