"""Work shared out among processes: each prepares itself, is handed one part after another, and sends back what it came to.

Processes are spawned and inherit nothing; they never outlive whoever started them, however that ends. It knows no ledger:
what a process opens, and what a part is, is up to whoever asks.
"""

import os
import pickle
import signal
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from secrets import randbelow
from typing import Any

from adapters.mapper import LedgerError
from domain.refusal import said

Preparing = Callable[..., AbstractContextManager[Callable[[Any], Any]]]
"""What a process does first, and again at its end: gives the function from a part to what it comes to."""


class WorkerLost(LedgerError):
    """A process ended before its work was done."""


_PARTS_AHEAD = 4
"""How many parts for each process may be done before their turn comes: they are held in memory until then."""
_PATIENCE_SECONDS = 5
_SALT, _SALTS = "PYTHONHASHSEED", 2**32 - 1


def shared_out(
    workers: int, preparing: Preparing, arguments: tuple[Any, ...], parts: Iterable[Any]
) -> Generator[Any, None, None]:
    """What every part comes to, in the order of the parts, worked out by so many processes.

    `preparing`, a function of a module, is called with the arguments in each of them. What it, or the work on a part, raises is
    raised here; WorkerLost if a process ends before its work is done. Whatever happens, no process is left behind. All of them
    salt their hashes alike, so that sums of hashes can be added up."""
    team: list[_Worker] = []
    salt = str(1 + randbelow(_SALTS))
    try:
        team.extend(_Worker(preparing, arguments, salt) for _ in range(workers))
        yield from _in_turn(team, parts)
    finally:
        for it in team:
            it.end()


def _in_turn(team: Sequence["_Worker"], parts: Iterable[Any]) -> Iterator[Any]:
    coming = enumerate(parts)
    idle = list(team)
    busy: dict[Any, tuple[_Worker, int]] = {}
    done: dict[int, Any] = {}
    told = 0
    while True:
        while idle and len(busy) + len(done) < _PARTS_AHEAD * len(team) and (one := next(coming, None)) is not None:
            worker = idle.pop()
            worker.hand(one[1])
            busy[worker.connection] = worker, one[0]
        if not busy:
            return
        for connection in wait(list(busy)):
            worker, number = busy.pop(connection)
            done[number] = worker.answer()
            idle.append(worker)
        while told in done:
            yield done.pop(told)
            told += 1


class _Worker:
    """One process, seen from the one that started it."""

    def __init__(self, preparing: Preparing, arguments: tuple[Any, ...], salt: str) -> None:
        spawning = get_context("spawn")
        self.connection, theirs = spawning.Pipe()
        self._process = spawning.Process(target=_work, args=(theirs, preparing, arguments), daemon=True)
        with _uninterrupted(), _salted(salt):
            self._process.start()
        # Held open here too, it would never be seen to close when that process ends.
        theirs.close()

    def hand(self, part: Any) -> None:
        try:
            self.connection.send(part)
        except OSError:
            # It is gone, and may have said why.
            self.answer()

    def answer(self) -> Any:
        try:
            is_done, found = self.connection.recv()
        except (EOFError, OSError):
            raise self._lost() from None
        if not is_done:
            raise found
        return found

    def end(self) -> None:
        self.connection.close()
        self._process.terminate()
        self._process.join(_PATIENCE_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _lost(self) -> WorkerLost:
        self._process.join(_PATIENCE_SECONDS)
        template = said("one of the processes that shared the work ended before it was done (exit code {code})")
        return WorkerLost(template, code=self._process.exitcode)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """A process started meanwhile is never interrupted. Ctrl-C reaches all that share a terminal; the first ends the others."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _salted(salt: str) -> Iterator[None]:
    """A process started meanwhile salts its hashes with this."""
    before = os.environ.get(_SALT)
    os.environ[_SALT] = salt
    try:
        yield
    finally:
        del os.environ[_SALT]
        if before is not None:
            os.environ[_SALT] = before


# In the other process -----------------------------------------------------------------------------------------------


def _work(connection: Connection, preparing: Preparing, arguments: tuple[Any, ...]) -> None:
    try:
        with preparing(*arguments) as work:
            while (part := _handed(connection)) is not _NOTHING:
                _send(connection, (True, work(part)))
    except Exception as error:
        _send(connection, (False, _sendable(error)))


class _Nothing:
    """Nothing more comes: whoever handed out parts is gone."""


_NOTHING = _Nothing()


def _handed(connection: Connection) -> Any:
    try:
        return connection.recv()
    except (EOFError, OSError):
        return _NOTHING


def _send(connection: Connection, answer: tuple[bool, Any]) -> None:
    try:
        connection.send(answer)
    except OSError:
        raise SystemExit from None


def _sendable(error: Exception) -> Exception:
    """The error, or if it cannot travel one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
