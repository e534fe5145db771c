"""Files to write: never over the ledger or what is being read, whole or not at all, and found out before anything is done.

What is no regular file (a pipe, a terminal, a device) is written straight into and never replaced or removed. What is written
is not its affair.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from adapters.mapper import LedgerError
from domain.refusal import said

_OF_THE_LEDGER = ("", "-wal", "-shm", "-journal")
_OWN_STREAMS = (1, 2)


def files_of(ledger: Path) -> list[Path]:
    """The ledger's file and those SQLite keeps beside it, links followed; they need not exist."""
    real = ledger.resolve()
    return [real.with_name(real.name + suffix) for suffix in _OF_THE_LEDGER]


def check_target(target: Path, ledger: Path | None, source: Path | None = None) -> None:
    """Asks, before anything is done, whether `target` may be written.

    `ledger` is None if it is in no file. LedgerError if that would destroy the ledger or `source`, the file to be read;
    OSError, naming `target`, if it cannot be."""
    if ledger is not None and any(_same(target, it) for it in files_of(ledger)):
        raise LedgerError(said("{path} is the ledger, or a file of its; choose another file to write to"), path=target)
    if source is not None and _same(target, source):
        raise LedgerError(said("{path} is the file to be read; choose another file to write to"), path=target)
    with _named(target):
        if is_written_into(target):
            if not os.access(target, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return
        beside = _beside(target)
        beside.open("wb").close()
        beside.unlink()


def is_written_into(target: Path) -> bool:
    """Whether it is there and must not be replaced: no regular file, or where this process writes anyway.

    OSError if it is a folder."""
    try:
        found = target.stat()
    except FileNotFoundError:
        return False
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    return not stat.S_ISREG(found.st_mode) or _own_stream(found) is not None


@contextmanager
def whole_file(target: Path) -> Iterator[BinaryIO]:
    """A file to write that takes its place only when complete, on disk; what is written into takes what comes.

    OSError, naming `target`, if it cannot be written."""
    with _named(target):
        if is_written_into(target):
            own = _own_stream(target.stat())
            # Opened anew, a redirected output would be written from its beginning, over what stands there.
            with open(target if own is None else os.dup(own), "wb") as file:
                yield file
            return
        beside = _beside(target)
        try:
            with beside.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            beside.replace(target.resolve())
        finally:
            beside.unlink(missing_ok=True)


def remove(target: Path) -> None:
    """Takes away an older file of that name, unless it is written into."""
    with _named(target):
        if not is_written_into(target):
            target.resolve().unlink(missing_ok=True)


def _beside(target: Path) -> Path:
    """A file in the folder of the target, links followed, so that the last step is one rename."""
    return target.resolve().with_name(f".bitacora.{os.getpid()}.tmp")


def _same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        if os.path.samefile(one, other):
            return True
    return one.resolve() == other.resolve()


def _own_stream(found: os.stat_result) -> int | None:
    """Standard output or standard error, if that is what was found."""
    for number in _OWN_STREAMS:
        with suppress(OSError):
            if os.path.samestat(found, os.fstat(number)):
                return number
    return None


@contextmanager
def _named(target: Path) -> Iterator[None]:
    """Whatever fails inside is about the file that was asked for, not about one beside it."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(target)) from None
