"""How a SQLite file is opened: without losing a lock, with patience, and where it must be private, made so first.

It knows no table. What is in a file, and whether it is the one that was meant, is for whoever opens it.
"""

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TypeVar
from urllib.parse import quote

WAIT_SECONDS = 30
"""So long is waited for a file that another writes."""
_AGAIN_SECONDS = 0.02
_OWNER_ONLY = 0o600
_OPENING = Lock()
"""POSIX takes the locks on a file from a whole process when it closes the file once, anywhere: a file that is being made, by
hand, is not opened meanwhile."""

Made = TypeVar("Made")


def uri(path: Path, how: str) -> str:
    """The file as SQLite is told to open it; `how` are parameters such as `mode=rw`."""
    return f"file:{quote(str(path.absolute()))}?{how}"


def connected(path: Path, how: str, *, private: bool = False, wait_seconds: int = WAIT_SECONDS) -> sqlite3.Connection:
    """A connection that threads may hand on, transactions left to whoever asks for it; with `private` the file is made first
    if there is none, for its owner's eyes only. sqlite3.Error or OSError if that cannot be."""
    with _OPENING:
        if private and not path.exists():
            make_private(path)
        return sqlite3.connect(uri(path, how), uri=True, timeout=wait_seconds, isolation_level=None, check_same_thread=False)


def make_private(path: Path) -> None:
    """An empty file that only its owner may read; the one that is there, if another process was quicker. SQLite would let the
    group and others read what it makes."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNER_ONLY))
    flush(path.absolute().parent)


def flush(path: Path) -> None:
    """What stands in this folder, or in this file, which no connection has open, is on disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def patiently(make: Callable[[], Made]) -> Made:
    """What `make` returns, tried again while the file is locked, for as long as we wait for anything: to have a log beside the
    file SQLite itself does not always wait."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return make()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(_AGAIN_SECONDS)
