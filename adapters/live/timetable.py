"""Which subjects are to be judged again, and when: those whose time comes without any entry, those something touched, and those
that may wait until there is nothing else."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush

NOW = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every moment: as soon as can be."""


class Timetable:
    """A moment for each subject, the latest word on it; taken out by the earliest."""

    def __init__(self) -> None:
        self._when: dict[bytes, datetime] = {}
        self._heap: list[tuple[datetime, bytes]] = []
        self._waiting: dict[bytes, None] = {}

    def __len__(self) -> int:
        return len(self._when)

    def keep_only(self, is_kept: Callable[[bytes], bool]) -> None:
        """Only these are to be judged again."""
        self._when = {key: at for key, at in self._when.items() if is_kept(key)}
        self._waiting = {key: None for key in self._waiting if is_kept(key)}

    def put(self, key: bytes, when: datetime | None) -> None:
        """This subject at a moment; None: not at all."""
        if when is None:
            self._when.pop(key, None)
        elif self._when.get(key) != when:
            self._when[key] = when
            heappush(self._heap, (when, key))
            if len(self._heap) > 2 * len(self._when) + 1000:
                self._heap = [(at, it) for it, at in self._when.items()]
                heapify(self._heap)

    def touch(self, keys: Iterable[bytes]) -> None:
        """These as soon as can be."""
        for key in keys:
            self.put(key, NOW)

    def wait(self, keys: Iterable[bytes]) -> None:
        """These when nothing else is to be judged."""
        self._waiting.update(dict.fromkeys(keys))

    def next(self) -> datetime | None:
        """The earliest moment."""
        return NOW if self._waiting else self._first()

    def _first(self) -> datetime | None:
        while self._heap and self._when.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, now: datetime, most: int) -> list[bytes]:
        """At most so many whose moment has come, taken out; and if they are fewer, of those that waited for that."""
        found: list[bytes] = []
        while len(found) < most and (first := self._first()) is not None and first <= now:
            key = heappop(self._heap)[1]
            del self._when[key]
            found.append(key)
        while len(found) < most and self._waiting:
            found.append(self._waiting.popitem()[0])
        return found
