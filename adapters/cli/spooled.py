"""Rows that a table reads more than once (for its columns, for those that stand first, for its totals) without holding them:
beyond a few megabytes they wait in a temporary file, so that memory does not grow with the ledger."""

from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Any, Self

import msgspec

_IN_MEMORY_BYTES = 4 * 1024 * 1024


class Spooled:
    """The rows of a report, JSON objects, to be read again and again in their order. Use it as a context manager."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 (closed by `__exit__`)
        self._count = 0
        for row in rows:
            self._file.write(msgspec.json.encode(row) + b"\n")
            self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[dict[str, Any]]:
        at = 0
        # Two readings may go on at once, each from its own place.
        for _ in range(self._count):
            self._file.seek(at)
            line = self._file.readline()
            at += len(line)
            yield msgspec.json.decode(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
