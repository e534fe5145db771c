"""The topics of a ledger on its brokers: how they are called, made, and found to be what the relay needs. It sends no
messages.
"""

import time
from collections.abc import Mapping
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType  # type: ignore[attr-defined]

from adapters.contract.topics import BILLING, CHECKPOINTS, CONSUMPTION, ENTRIES, SLA
from adapters.kafka.brokers import Brokers, client_settings
from adapters.kafka.problems import problem_of, topics_at
from domain.refusal import Sayable, said

PREFIX = "bitacora"
PARTITIONS = 4
ANSWER_SECONDS = 10.0
MOST_BYTES = 8 * 1024 * 1024
"""Of one message: an entry holds at most a line of a megabyte, in which every character may have to be escaped."""
_FOR_EVER = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
_LATEST = {"cleanup.policy": "compact"}
# What is replaced at every transaction is tidied up early: it is read whenever a relay starts.
_POSITION = {"cleanup.policy": "compact", "segment.ms": "3600000", "min.cleanable.dirty.ratio": "0.1"}


class Unsuitable(Sayable):
    """A topic is not as the relay needs it: which, why, and what to do. Nothing was sent to it."""


class Kind(NamedTuple):
    """What a topic is: its settings, and how many partitions it has; None: as many as one likes, and ever after the same."""

    settings: Mapping[str, str]
    partitions: int | None = None


KINDS: Mapping[str, Kind] = {
    ENTRIES: Kind(_FOR_EVER),
    SLA: Kind(_LATEST),
    CONSUMPTION: Kind(_LATEST),
    BILLING: Kind(_LATEST),
    CHECKPOINTS: Kind(_FOR_EVER, 1),
}
_DIVIDED = [name for name, kind in KINDS.items() if kind.partitions is None]
LANES: Mapping[str, tuple[str, ...]] = {
    "entries": (ENTRIES,),
    "accounts": (SLA, CONSUMPTION, BILLING),
    "checkpoints": (CHECKPOINTS,),
}
"""Which topics are filled together, in the same transactions, and remember together how far they are."""


class Topics:
    """The topics whose names begin with `prefix`."""

    def __init__(self, brokers: Brokers, prefix: str = PREFIX) -> None:
        self.brokers = brokers
        self.prefix = prefix

    def named(self, topic: str) -> str:
        """How a topic of the contract is called here."""
        return self.prefix + topic.removeprefix(PREFIX)

    def positions(self, lane: str) -> str:
        """The topic that tells up to where a lane is: one partition, so that the last record is the last word. Not shared by
        lanes: what one left unfinished would hide what the others finished."""
        return f"{self.prefix}.relay.{lane}"

    def create(self, partitions: int = PARTITIONS) -> list[str]:
        """Makes the topics that are missing; their names. Unsuitable if the broker refuses, KafkaException if it does not
        answer."""
        there = topics_at(self.brokers, ANSWER_SECONDS)
        names = make(self.brokers, [it for it in self._new(partitions) if it.topic not in there])
        until = time.monotonic() + ANSWER_SECONDS
        # A broker that has made a topic may take a moment to tell of it.
        while not set(names) <= topics_at(self.brokers, ANSWER_SECONDS).keys() and time.monotonic() < until:
            time.sleep(0.05)
        return names

    def _new(self, partitions: int) -> list[NewTopic]:
        wanted = [(self.named(it), kind.partitions or partitions, kind.settings) for it, kind in KINDS.items()]
        wanted += [(self.positions(lane), 1, _POSITION) for lane in LANES]
        most = {"max.message.bytes": str(MOST_BYTES)}
        return [NewTopic(name, count, -1, config={**settings, **most}) for name, count, settings in wanted]

    def check(self, lane: str) -> dict[str, int]:
        """How many partitions each topic of a lane has, by its name. Unsuitable if one is missing, would lose what it must
        keep, or has more partitions than it may; KafkaException if the broker does not answer."""
        there = topics_at(self.brokers, ANSWER_SECONDS)
        kinds = {self.named(it): KINDS[it] for it in LANES[lane]} | {self.positions(lane): Kind(_POSITION, 1)}
        self._check_all_there(there)
        for name, kind in kinds.items():
            if kind.partitions not in (None, there[name]):
                raise Unsuitable(said("topic {topic} has {found} partitions, and must have {wanted}"),
                                 topic=name, found=there[name], wanted=kind.partitions)  # fmt: skip
        _check_cleanup(self.brokers, {name: kind.settings["cleanup.policy"] for name, kind in kinds.items()})
        return {name: there[name] for name in kinds}

    def _check_all_there(self, there: Mapping[str, int]) -> None:
        """Of all lanes, since all are needed, and made together."""
        partitions = next((there[it] for it in map(self.named, _DIVIDED) if it in there), PARTITIONS)
        missing = [it for it in self._new(partitions) if it.topic not in there]
        if missing:
            raise Unsuitable(
                said("topics are missing (in brackets, how many partitions each must have): {topics}. `{command}` makes them"),
                topics=", ".join(f"{it.topic} ({it.num_partitions})" for it in missing), command=self.command(partitions),
            )  # fmt: skip

    def command(self, partitions: int = PARTITIONS) -> str:
        """What makes those that are missing, with so many partitions."""
        prefix = "" if self.prefix == PREFIX else f" --topic-prefix {self.prefix}"
        return f"bitacora relay --create-topics{prefix}{'' if partitions == PARTITIONS else f' --partitions {partitions}'}"


def make(brokers: Brokers, topics: list[NewTopic]) -> list[str]:
    """Makes topics, unless somebody else has just made them; their names. Unsuitable if the broker refuses."""
    if not topics:
        return []
    admin = AdminClient(client_settings(brokers))
    for name, made in admin.create_topics(topics).items():
        try:
            made.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise Unsuitable(said("topic {topic} could not be made: {problem}"), topic=name,
                                 problem=problem_of(error)) from None  # fmt: skip
    return [it.topic for it in topics]


def _check_cleanup(brokers: Brokers, policies: Mapping[str, str]) -> None:
    admin = AdminClient(client_settings(brokers))
    asked = [ConfigResource(ResourceType.TOPIC, name) for name in policies]
    for resource, answer in admin.describe_configs(asked, request_timeout=ANSWER_SECONDS).items():
        found = answer.result()["cleanup.policy"].value
        if found != policies[str(resource.name)]:
            raise Unsuitable(said("topic {topic} has cleanup.policy={found}, and must have {wanted}"),
                             topic=str(resource.name), found=found, wanted=policies[resource.name])  # fmt: skip
