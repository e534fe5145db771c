"""Which partitions are a worker's now, and with them which subjects; all its topics are divided alike."""

from adapters.live.loading import Place
from adapters.live.topics import partition_of


class Held:
    """The partitions that one worker has."""

    def __init__(self, partitions: int) -> None:
        """Each topic has so many `partitions`; none of them is the worker's yet."""
        self._count = partitions
        self._generation = -1
        self.numbers: set[int] = set()
        """Those that are the worker's now."""
        self.parts_read: dict[Place, int] = {}
        """Up to where the parts on the topic are known to be here."""

    def partition_of(self, key: bytes) -> int:
        """The partition of a key: that of the subject it begins with."""
        return partition_of(key.partition(b" ")[0], self._count)

    def owns(self, stream: str) -> bool:
        """Whether a stream's partition is the worker's now."""
        return self.partition_of(stream.encode()) in self.numbers

    def let_go(self, generation: int, wanted: set[int]) -> set[int]:
        """Holds nothing until `take`; of the partitions `wanted` in a generation, those that were held in the one before it and
        so are right as they are."""
        kept = self.numbers & wanted if self._generation + 1 == generation else set()
        self._generation, self.numbers = -1, set()
        return kept

    def take(self, generation: int, numbers: set[int]) -> None:
        """From now on it holds these, in that generation."""
        self._generation, self.numbers = generation, numbers
