"""The tables of a worker: rows that are told to their topic as they are set, and parts, which come from theirs."""

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import faust

from adapters.live.sending import Telling


class Kept(faust.Table[bytes, bytes]):
    """A table of bytes by bytes whose rows are told to its topic with `say`; `partition_of` their keys is where they belong."""

    partition_of: Callable[[bytes], int]
    say: Callable[[Telling], None]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._partitions_of: dict[bytes, int] = {}

    def on_key_set(self, key: bytes, value: bytes) -> None:
        """Tells the topic."""
        partition = self._partitions_of.get(key)
        if partition is None:
            partition = self._partitions_of[key] = self.partition_of(key)
        self.say(Telling(self.changelog_topic.get_topic_name(), partition, key, value))

    def on_key_get(self, key: bytes) -> None:
        """Nobody counts."""

    def let_go(self, partitions: set[int]) -> None:
        """Only rows of these partitions stay."""
        for key, it in list(self._partitions_of.items()):
            if it not in partitions:
                del self._partitions_of[key]
                self.data.data.pop(key, None)

    def fill(self, key: bytes, value: bytes | None, partition: int) -> None:
        """A row as its topic has it."""
        if value is None:
            self.data.data.pop(key, None)
        else:
            self.data.data[key] = value
            self._partitions_of[key] = partition


class Parts(MutableMapping[bytes, bytes]):
    """Parts by the partition of their subject. They are on their topic already when they come here."""

    def __init__(self, partition_of: Callable[[bytes], int]) -> None:
        self._partition_of = partition_of
        self._of: dict[int, dict[bytes, bytes]] = {}

    def _held(self, key: bytes) -> dict[bytes, bytes]:
        return self._of.setdefault(self._partition_of(key), {})

    def __getitem__(self, key: bytes) -> bytes:
        return self._held(key)[key]

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._held(key)[key] = value

    def __delitem__(self, key: bytes) -> None:
        del self._held(key)[key]

    def __iter__(self) -> Iterator[bytes]:
        for held in self._of.values():
            yield from held

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def keep_only(self, partitions: set[int]) -> None:
        """Lets go of those of others."""
        self._of = {number: held for number, held in self._of.items() if number in partitions}
