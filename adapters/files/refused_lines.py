"""The file of what a recording refused: each line with its number, its reason and itself, as it stood.

Kept aside until the run is complete. It judges nothing and records nothing.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from adapters.files.lines import Line
from adapters.files.targets import remove, whole_file
from adapters.mapper import LedgerError
from domain.refusal import Refused, said
from domain.shape import MAX_LINE_BYTES

_SHOWN_BYTES = 4_096


class RefusedLines:
    """What a run refuses, kept aside until it is complete."""

    def __init__(self, say: Callable[[Refused], str]) -> None:
        self._say = say
        self._aside = tempfile.SpooledTemporaryFile(max_size=1024 * 1024)  # noqa: SIM115 (closed by __exit__)
        self._any = False

    def __enter__(self) -> "RefusedLines":
        return self

    def __exit__(self, *_: object) -> None:
        self._aside.close()

    def add(self, line: Line, refused: Refused) -> None:
        """One more line, in the order of the file."""
        row: dict[str, Any] = {"line": line.number, "code": refused.code}
        if refused.field is not None:
            row["field"] = refused.field
        if refused.clause is not None:
            row["clause"] = refused.clause
        row["message"] = self._say(refused)
        row["entry"] = _as_refused(line.content)
        self._aside.write(msgspec.json.encode(row) + b"\n")
        self._any = True

    def publish(self, path: Path) -> None:
        """The file, complete or not at all; none, and no older one, if nothing was refused.

        LedgerError if it cannot be written: what was taken is recorded by then."""
        try:
            if not self._any:
                remove(path)
                return
            self._aside.seek(0)
            with whole_file(path) as file:
                shutil.copyfileobj(self._aside, file)
        except OSError as error:
            raise LedgerError(
                said("what could be taken is recorded, but what was refused cannot be written to {path}: {what}. Run the same "
                     "command again to have it told again"),
                path=path, what=error.strerror or error,
            ) from None  # fmt: skip


def _as_refused(content: bytes) -> Any:
    """The object on a refused line, digit for digit as it stood; the text, if it was none (of one too long, its beginning)."""
    if len(content) <= MAX_LINE_BYTES:
        try:
            if isinstance(msgspec.json.decode(content), dict):
                return msgspec.Raw(content)
        except (msgspec.DecodeError, RecursionError, ValueError):
            pass
        return content.decode("utf-8", "replace")
    return content[:_SHOWN_BYTES].decode("utf-8", "replace") + "…"
