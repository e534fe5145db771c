"""`bitacora live`: one worker as a process, from the first look at the topics to its end.

It tries nothing again that ended it: whatever starts it (a supervisor, docker compose) starts it again, and it goes on where
the last transaction ended. What a worker does is in `application`.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import closing
from typing import Literal

from confluent_kafka import KafkaException
from msgspec import Struct

from adapters.kafka.problems import problem_of
from adapters.kafka.relaying import Away
from adapters.kafka.topics import Topics
from adapters.ledger import Ledger, utc_now
from adapters.live.application import COMPARE_SECONDS, Settings, Worker
from adapters.live.snapshot import Progress, Snapshot, made_if_needed
from adapters.live.topics import made
from adapters.mapper import LedgerError
from domain.refusal import Sayable, said
from projections.live import NEAR_PERCENT

Happening = Literal["judging", "judged", "working", "ended"]
Tell = Callable[[Happening, int], None]
"""Is told what happens, with a number of tickets or partitions."""


class Ended(Sayable):
    """A worker ended by itself: it cannot send, or another took its name."""


class Asked(Struct, frozen=True):
    """What is asked of a worker: see `Settings`."""

    topics: Topics
    name: str
    host: str
    port: int
    url: str
    near_percent: int = NEAR_PERCENT
    compare_seconds: int = COMPARE_SECONDS


def run(ledger: Ledger, asked: Asked, is_stopped: Callable[[], bool], tell: Tell, progress: Progress) -> None:
    """Works until stopped. Unsuitable if the topics are not as they must be, Away if Kafka does not answer, Ended if the worker
    ends by itself, LedgerError."""
    logging.getLogger("faust").setLevel(logging.WARNING)
    group = f"{asked.topics.prefix}.live"
    try:
        partitions = made(asked.topics)
        with closing(Snapshot(ledger, asked.topics, partitions, group, asked.near_percent)) as snapshot:
            if snapshot.is_needed():
                tell("judging", 0)
            tickets = made_if_needed(snapshot, utc_now, progress)
            if tickets is not None:
                tell("judged", tickets)
    except KafkaException as error:
        raise Away(said("Kafka at {brokers}: {problem}"), brokers=asked.topics.brokers,
                   problem=problem_of(error, asked.topics.brokers)) from None  # fmt: skip
    settings = Settings(asked.topics, partitions, asked.name, group, asked.host, asked.port, asked.url, asked.near_percent,
                        asked.compare_seconds)  # fmt: skip
    try:
        asyncio.run(_work(ledger, settings, is_stopped, tell))
    except KafkaException as error:
        raise _ended(problem_of(error)) from error
    except OSError:
        raise
    except LedgerError as error:
        raise _ended(error) from error
    except Exception as error:
        raise _ended(f"{type(error).__name__}: {error}") from error
    tell("ended", 0)


async def _work(ledger: Ledger, settings: Settings, is_stopped: Callable[[], bool], tell: Tell) -> None:
    tell("working", settings.partitions)
    await Worker(ledger, settings).run(is_stopped)


def _ended(problem: str | Sayable) -> Ended:
    return Ended(said("the worker ends: {problem}; started again, it goes on where it was"), problem=problem)
