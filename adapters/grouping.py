"""Small recordings that several threads ask for at once, in one transaction: a commit costs them all what it costs one.

Each gets its own answers, as if it had come alone, after those before it. It keeps nothing waiting on purpose: who comes first
begins, and takes along whoever has come by then.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from adapters.mapper import LedgerError
from adapters.transaction import Answer, Transaction
from domain.events import AnyEvent
from domain.refusal import Refused, said

_GROUP_AT_MOST = 5_000
"""No more events together than this: nobody waits for a very large transaction of others."""


class _Request:
    """What one thread wants recorded, and what it is told."""

    def __init__(self, events: Sequence[AnyEvent | Refused]) -> None:
        self.events = events
        self.answers: list[Answer] | None = None
        self.error: Exception | None = None

    @property
    def is_answered(self) -> bool:
        return self.answers is not None or self.error is not None

    def result(self) -> list[Answer]:
        if self.error is not None:
            # A copy for each: threads that raise the same exception write into each other's traceback.
            error = self.error
            raise LedgerError(error.template, **error.values) if isinstance(error, LedgerError) else error
        assert self.answers is not None
        return self.answers


class Grouping:
    """Records for threads, each transaction for all who wait when it begins."""

    def __init__(self, lock: AbstractContextManager[bool], writing: Callable[[], AbstractContextManager[Transaction]]) -> None:
        """`lock` is held by whoever writes; `writing` begins a transaction, and commits it at the end."""
        self._lock = lock
        self._writing = writing
        self._waiting: deque[_Request] = deque()

    def record(self, events: Sequence[AnyEvent | Refused]) -> list[Answer]:
        """The answers to these events, committed. LedgerError if nothing could be written."""
        request = _Request(events)
        self._waiting.append(request)
        with self._lock:
            # Whoever had the lock may have answered this one meanwhile.
            while not request.is_answered:
                self._lead()
        return request.result()

    def _lead(self) -> None:
        """One transaction for those who wait. If it fails by the store, all are told; if it fails otherwise, by one of them,
        each is recorded alone."""
        group: list[_Request] = []
        try:
            with self._writing() as transaction:
                # Not before it has begun: until then others come.
                group = self._taken()
                answers = iter(transaction.record([event for it in group for event in it.events]))
            for it in group:
                it.answers = [next(answers) for _ in it.events]
        except LedgerError as error:
            _fail(group or self._taken(), error)
        except Exception as error:
            if len(group) == 1:
                _fail(group, error)
            for it in group:
                if not it.is_answered:
                    self._alone(it)
        except BaseException:
            _fail(group, LedgerError(said("this was interrupted before it was known to be written")))
            raise

    def _alone(self, request: _Request) -> None:
        try:
            with self._writing() as transaction:
                answers = transaction.record(request.events)
            request.answers = answers
        except Exception as error:
            request.error = error

    def _taken(self) -> list[_Request]:
        """Those who wait, in the order they came, as many as go together; at least one."""
        group: list[_Request] = []
        size = 0
        while self._waiting and (not group or size + len(self._waiting[0].events) <= _GROUP_AT_MOST):
            group.append(self._waiting.popleft())
            size += len(group[-1].events)
        return group


def _fail(group: Sequence[_Request], error: Exception) -> None:
    for it in group:
        it.error = error
