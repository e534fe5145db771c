"""Small recordings that several threads ask for at once, in one transaction: a commit costs them all what it costs one.

Each gets its own answers, as if it had come alone, after those before it. It keeps nothing waiting on purpose: who comes first
leads a transaction and takes along whoever has come by the time it has begun; who comes later leads, or joins, the next.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from threading import Lock

from msgspec import UNSET, UnsetType

from adapters.mapper import LedgerError
from adapters.stores.transaction import Answer, Transaction
from domain.events import AnyEvent
from domain.refusal import Refused, said

_GROUP_AT_MOST = 5_000
"""No more events together than this: nobody waits for a very large transaction of others."""


class _Request:
    """What one thread wants recorded, and what it is told."""

    def __init__(self, events: Sequence[AnyEvent | Refused], by: str | UnsetType) -> None:
        self.events = events
        self.by = [by] * len(events)
        self.answers: list[Answer] | None = None
        self.error: Exception | None = None
        self.leads = False
        # Held until whoever waits is to go on: the lightest thing to wait for.
        self.asleep = Lock()
        self.asleep.acquire()

    @property
    def is_answered(self) -> bool:
        return self.answers is not None or self.error is not None

    def result(self) -> list[Answer]:
        if self.error is not None:
            # A copy for each: threads that raise the same exception write into each other's traceback.
            error = self.error
            raise type(error)(error.template, **error.values) if isinstance(error, LedgerError) else error
        assert self.answers is not None
        return self.answers


class Grouping:
    """Records for threads, each transaction for all who wait when it has begun."""

    def __init__(self, writing: Callable[[], AbstractContextManager[Transaction]]) -> None:
        """`writing` begins a transaction, and commits it at the end."""
        self._writing = writing
        self._lock = Lock()
        self._waiting: deque[_Request] = deque()
        self._is_led = False

    def record(self, events: Sequence[AnyEvent | Refused], by: str | UnsetType = UNSET) -> list[Answer]:
        """The answers to these events, which `by` records, committed. LedgerError if nothing could be written."""
        request = _Request(events, by)
        with self._lock:
            self._waiting.append(request)
            request.leads, self._is_led = not self._is_led, True
        try:
            if not request.leads:
                request.asleep.acquire()
            while not request.is_answered:
                self._lead(request)
        finally:
            self._leave(request)
        return request.result()

    def _leave(self, request: _Request) -> None:
        """Who led lets whoever waits first lead next. Who is interrupted does not wait any more."""
        with self._lock:
            if not request.is_answered and request in self._waiting:
                self._waiting.remove(request)
            if not request.leads:
                return
            self._is_led = bool(self._waiting)
            if self._is_led:
                self._waiting[0].leads = True
                self._waiting[0].asleep.release()

    def _lead(self, leader: _Request) -> None:
        """One transaction for those who wait, the leader too. If the store fails, all are told; if it fails otherwise, by
        one of them, each is recorded alone."""
        group: list[_Request] = []
        try:
            with self._writing() as transaction:
                # Not before it has begun: until then others come.
                group = self._taken()
                together = [event for it in group for event in it.events]
                answers = iter(transaction.record(together, [by for it in group for by in it.by]))
            for it in group:
                it.answers = [next(answers) for _ in it.events]
        except LedgerError as error:
            group = group or self._taken()
            _fail(group, error)
        except Exception as error:
            if len(group) == 1:
                _fail(group, error)
            for it in group:
                self._alone(it)
        except BaseException:
            group = group or self._taken()
            _fail(group, LedgerError(said("this was interrupted before it was known to be written")))
            raise
        finally:
            for it in group:
                if it is not leader:
                    it.asleep.release()

    def _alone(self, request: _Request) -> None:
        if request.is_answered:
            return
        try:
            with self._writing() as transaction:
                answers = transaction.record(request.events, request.by)
            request.answers = answers
        except Exception as error:
            request.error = error

    def _taken(self) -> list[_Request]:
        """Those who wait, in the order they came, as many as go together; at least one."""
        group: list[_Request] = []
        size = 0
        with self._lock:
            while self._waiting and (not group or size + len(self._waiting[0].events) <= _GROUP_AT_MOST):
                group.append(self._waiting.popleft())
                size += len(group[-1].events)
        return group


def _fail(group: Sequence[_Request], error: Exception) -> None:
    for it in group:
        it.error = error
