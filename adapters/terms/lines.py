"""On which line of a TOML text each key, table and list item stands.

The standard parser gives values without places. This walk follows a text that the parser has already
accepted, so it recognises no errors and makes no values.
"""

import re
import tomllib
from bisect import bisect_right

Path = tuple[str | int, ...]

_GAP = re.compile(r"(?:[ \t\n]+|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(r'"""(?:\\.|[^\\])*?"{3,5}' + r"|'''.*?'{3,5}" + r'|"(?:\\.|[^"\\\n])*"' + r"|'[^'\n]*'", re.DOTALL)
_SCALAR = re.compile(r"[^,\]}#\n]+")


class TomlLines:
    """The places in one text; a path is made of keys and indexes: `("readings", "gs.4", "clauses", 0)`."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n")
        self._breaks = [found.start() for found in re.finditer("\n", self._text)]
        self._at = 0
        self._lines: dict[Path, int] = {}
        self._items: dict[Path, int] = {}
        self._document()

    def line_of(self, path: Path) -> int:
        """The line where this key, table or item stands, or else what encloses it most nearly; 1 if nothing
        does."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def _document(self) -> None:
        table: Path = ()
        while self._peek():
            if self._taken("[["):
                table = self._next_item(self._key())
                self._taken("]]")
            elif self._taken("["):
                table = self._entered(self._key())
                self._mark(table)
                self._taken("]")
            else:
                self._pair(table)

    def _next_item(self, keys: Path) -> Path:
        """The path of a new element of an array of tables."""
        path = (*self._entered(keys[:-1]), keys[-1])
        number = self._items.get(path, 0)
        self._items[path] = number + 1
        self._mark((*path, number))
        return (*path, number)

    def _entered(self, keys: Path) -> Path:
        """The path that a table header means: within an array of tables, its latest element."""
        path: Path = ()
        for key in keys:
            path += (key,)
            if path in self._items:
                path += (self._items[path] - 1,)
        return path

    def _pair(self, table: Path) -> None:
        self._peek()
        start = self._at
        path = table + self._key()
        self._mark(path, start)
        self._taken("=")
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._taken("["):
            number = 0
            while not self._taken("]"):
                self._mark((*path, number))
                self._value((*path, number))
                self._taken(",")
                number += 1
        elif self._taken("{"):
            while not self._taken("}"):
                self._pair(path)
                self._taken(",")
        else:
            self._token(_STRING if self._peek() in "\"'" else _SCALAR)

    def _key(self) -> Path:
        keys: list[str | int] = []
        while not keys or self._taken("."):
            if self._peek() in "\"'":
                keys.append(tomllib.loads("key = " + self._token(_STRING))["key"])
            else:
                keys.append(self._token(_BARE_KEY))
        return tuple(keys)

    def _mark(self, path: Path, at: int | None = None) -> None:
        line = bisect_right(self._breaks, self._at if at is None else at) + 1
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], line)

    def _peek(self) -> str:
        """The next character that is neither space nor comment, moving up to it; empty at the end."""
        self._at = self._token_end(_GAP)
        return self._text[self._at : self._at + 1]

    def _taken(self, mark: str) -> bool:
        self._peek()
        if not self._text.startswith(mark, self._at):
            return False
        self._at += len(mark)
        return True

    def _token(self, pattern: re.Pattern[str]) -> str:
        start, self._at = self._at, self._token_end(pattern)
        return self._text[start : self._at]

    def _token_end(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise ValueError(f"line {bisect_right(self._breaks, self._at) + 1}: not TOML")
        return found.end()
