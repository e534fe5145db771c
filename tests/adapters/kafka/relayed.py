"""A relay in this process, for tests: the topics of a test, some of its lanes, and what each of them told."""

from collections.abc import Callable, Sequence
from datetime import datetime

from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from adapters.kafka.brokers import Brokers
from adapters.kafka.relaying import Relay, Told
from adapters.kafka.topics import Topics
from adapters.ledger import Ledger, utc_now
from tests.stores import Ledgers


class Relaying:
    """What sends the ledgers of a test to the topics of the test, and notes what it is told."""

    def __init__(self, topics: Topics, clock: Callable[[], datetime] = utc_now, lanes: Sequence[str] = ("entries",)) -> None:
        self.topics = topics
        self.told: list[Told] = []
        self._clock = clock
        self._lanes = lanes

    def once(self, store: Ledgers, name: str = "ledger") -> None:
        """Everything there is of a ledger of the store."""
        self.relay(lambda: store.open(name, clock=self._clock)).once()

    def relay(self, opened: Callable[[], Ledger]) -> Relay:
        """A relay that nobody has begun yet."""
        return Relay(opened, self.topics, self.told.append, self._clock, self._lanes)


def made(brokers: str, prefix: str, partitions: int = 4) -> Topics:
    """The topics of a test."""
    topics = Topics(Brokers(brokers), prefix)
    topics.create(partitions)
    return topics


def delete(topics: Topics, *names: str) -> None:
    """Removes topics as an operator would."""
    admin = AdminClient({"bootstrap.servers": topics.brokers.addresses})
    for it in admin.delete_topics(list(names), operation_timeout=10).values():
        it.result()
    while set(names) & set(admin.list_topics(timeout=10).topics):
        pass


def make(topics: Topics, name: str, partitions: int, **settings: str) -> None:
    """Makes a topic as an operator would; `settings` with _ for the dots."""
    admin = AdminClient({"bootstrap.servers": topics.brokers.addresses})
    config = {key.replace("_", "."): value for key, value in settings.items()}
    admin.create_topics([NewTopic(name, partitions, 1, config=config)])[name].result()
    while name not in admin.list_topics(timeout=10).topics:
        pass


def divide(topics: Topics, name: str, partitions: int) -> None:
    """Adds partitions to a topic."""
    admin = AdminClient({"bootstrap.servers": topics.brokers.addresses})
    admin.create_partitions([NewPartitions(name, partitions)])[name].result()
    while len(admin.list_topics(timeout=10).topics[name].partitions) != partitions:
        pass
