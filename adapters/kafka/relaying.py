"""`bitacora relay`: the lanes at work, each by itself; tried again after errors, ended when another relay takes over.

What goes wrong with the ledger or the broker is told and tried again, after longer and longer waits; each time what was sent is
asked of Kafka anew. What no waiting mends (topics that are missing or another's) ends it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from contextvars import copy_context
from datetime import datetime
from threading import Event, Thread
from typing import Literal, NamedTuple

from confluent_kafka import KafkaException

from adapters.accounts.following import Replaced, id_at
from adapters.accounts.running import Running
from adapters.contract.cloud_events import source_of
from adapters.failures import Failures
from adapters.kafka.accounts_lane import Accounts
from adapters.kafka.lanes import Checkpoints, Entries, Lane, to_be_reached
from adapters.kafka.positions import Reached, last_reached
from adapters.kafka.problems import NOT_LET_IN, NOT_TRUSTED, Problem, problem_of
from adapters.kafka.sending import Sending, Stopped
from adapters.kafka.topics import LANES, Topics, Unsuitable
from adapters.ledger import Ledger, utc_now
from adapters.mapper import LedgerError
from domain.refusal import Sayable, said

Happening = Literal["began", "sent", "caught_up", "failed"]


class Told(NamedTuple):
    """What happened to a lane: where it is, where the ledger is, and what failed."""

    lane: str
    happening: Happening
    position: int = 0
    head: int = 0
    sent: int = 0
    error: Sayable | None = None


class Away(Sayable):
    """Kafka does not answer, or not as it should."""


class NotLetIn(Unsuitable):
    """Kafka does not let us in; what is set has to be put right, and the relay started again."""


class Relay:
    """The relay of a ledger to topics, until it is asked to stop."""

    def __init__(
        self, opened: Callable[[], Ledger], topics: Topics, tell: Callable[[Told], None],
        clock: Callable[[], datetime] = utc_now, lanes: Sequence[str] = tuple(LANES),
    ) -> None:  # fmt: skip
        """`opened` opens the ledger; `tell` is called by several threads; `clock` gives aware times."""
        self._lanes = lanes
        self._opened = opened
        self._topics = topics
        self._tell = tell
        self._clock = clock
        self._stop = Event()
        self._ended: Exception | None = None

    def once(self) -> None:
        """Sends what is there, and returns. Unsuitable, Away or LedgerError if that cannot be done."""
        if "accounts" in self._lanes:
            with self._opened() as ledger:
                Running(ledger.url, lambda *_: None, self._clock, self._opened).once()
        for name in self._lanes:
            sending = self._sending(name)
            try:
                self._serve(name, sending, until_caught_up=True)
            except KafkaException as error:
                raise _away(self._topics, error) from error
            finally:
                sending.close()

    def run(self, wait: Callable[[float], bool]) -> None:
        """Sends what comes, until `wait` (seconds) says to end. Unsuitable if it cannot be sent, whenever that is found out."""
        # What they tell is said in the language spoken here.
        threads = [Thread(target=copy_context().run, args=(self._keep_sending, it), name=it) for it in self._lanes]
        for it in threads:
            it.start()
        try:
            while not wait(0.5) and not self._stop.is_set():
                pass
        finally:
            self._stop.set()
            for it in threads:
                it.join()
        if self._ended is not None:
            raise self._ended

    def _sending(self, lane: str) -> Sending:
        return Sending(self._topics, lane, self._stop.is_set)

    def _keep_sending(self, name: str) -> None:
        sending = self._sending(name)
        failures = Failures()
        while not self._stop.is_set():
            try:
                self._serve(name, sending, failures=failures)
            except (Stopped, Replaced):
                continue
            except (KafkaException, LedgerError, OSError) as error:
                told = _told(self._topics, error)
                if _is_shut_out(told, failures):
                    self._end(NotLetIn(told.template, **told.values))
                    return
                self._tell(Told(name, "failed", error=told))
                self._stop.wait(failures.seconds())
            except Exception as error:
                # A lane less would go unnoticed: all end together.
                self._end(error)
            finally:
                sending.close()

    def _end(self, error: Exception) -> None:
        self._ended = self._ended or error
        self._stop.set()

    def _serve(self, name: str, sending: Sending, *, until_caught_up: bool = False, failures: Failures | None = None) -> None:
        with self._opened() as ledger, closing(self._lane(name, ledger)) as lane:
            reached = sending.begin(source_of(ledger))
            _refuse_other_history(ledger, self._topics, name, reached)
            self._tell(Told(name, "began", reached.position, to_be_reached(ledger, name), reached.sent))
            while not self._stop.is_set():
                before, reached = reached, lane.step(sending, reached)
                if failures is not None:
                    failures.forget()
                if reached is not before:
                    self._tell(Told(name, "sent", reached.position, to_be_reached(ledger, name), reached.sent))
                    continue
                self._tell(Told(name, "caught_up", reached.position, to_be_reached(ledger, name), reached.sent))
                if until_caught_up:
                    return
                sending.stay(reached)
                lane.wait(reached)

    def _lane(self, name: str, ledger: Ledger) -> Lane:
        if name == "entries":
            return Entries(ledger)
        return Checkpoints(ledger) if name == "checkpoints" else Accounts(ledger, self._clock)


def reached_by_lane(topics: Topics) -> Mapping[str, Reached | None]:
    """Up to where each lane is, by Kafka; None for one that nothing was sent on. Unsuitable, Away."""
    try:
        found = {}
        for lane in LANES:
            topics.check(lane)
            found[lane] = last_reached(topics.brokers, topics.positions(lane))
        return found
    except KafkaException as error:
        raise _away(topics, error) from error


def create_topics(topics: Topics, partitions: int) -> list[str]:
    """As `Topics.create`; Away if Kafka does not answer."""
    try:
        return topics.create(partitions)
    except KafkaException as error:
        raise _away(topics, error) from error


def _refuse_other_history(ledger: Ledger, topics: Topics, lane: str, reached: Reached) -> None:
    """Unsuitable if what was sent is not what this ledger holds: a copy that went its own way, or lost its end."""
    if reached.position == 0 or id_at(ledger, reached.position) == reached.id:
        return
    raise Unsuitable(
        said("{positions}: up to position {position} was sent from a ledger whose last entry was {id}; this one has another"
             " there, or none (it ends at {head}): it is not the ledger that was relayed, or has lost entries"),
        positions=topics.positions(lane), position=reached.position, id=reached.id, head=ledger.head(),
    )  # fmt: skip


def _told(topics: Topics, error: Exception) -> Sayable:
    if isinstance(error, Sayable):
        return error
    return _away(topics, error)


def _away(topics: Topics, error: Exception) -> Away:
    problem = problem_of(error, topics.brokers) if isinstance(error, KafkaException) else str(error)
    return Away(said("Kafka at {brokers}: {problem}"), brokers=topics.brokers, problem=problem)


def _is_shut_out(told: Sayable, failures: Failures) -> bool:
    """Whether trying again is in vain, as far as can be known."""
    problem = told.values.get("problem")
    if not isinstance(problem, Problem):
        return False
    return problem.code in NOT_LET_IN or (problem.code in NOT_TRUSTED and not failures.has_worked)
