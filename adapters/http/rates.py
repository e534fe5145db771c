"""How often somebody may ask: a bucket of requests for each, that fills up again with time.

Kept in memory, for no more than so many at a time: whoever has not asked for longest is forgotten first, with a full bucket.
"""

from collections import OrderedDict

_SECONDS_A_MINUTE = 60
_MOST_REMEMBERED = 20_000


class Rates:
    """Buckets of `a_minute` requests; a request costs one. Times are seconds of a clock that never steps back."""

    def __init__(self, a_minute: int) -> None:
        self._most = a_minute
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_seconds(self, whose: str, now: float) -> int:
        """0 if there is something left in the bucket; else after how many whole seconds there will be."""
        left = self._left(whose, now)
        return 0 if left >= 1 else 1 + int((1 - left) * _SECONDS_A_MINUTE / self._most)

    def take(self, whose: str, now: float) -> None:
        """Takes one request out of a bucket; never more than there is."""
        self._buckets[whose] = (max(0.0, self._left(whose, now) - 1), now)
        self._buckets.move_to_end(whose)
        if len(self._buckets) > _MOST_REMEMBERED:
            self._buckets.popitem(last=False)

    def _left(self, whose: str, now: float) -> float:
        left, since = self._buckets.get(whose, (float(self._most), now))
        return min(float(self._most), left + (now - since) * self._most / _SECONDS_A_MINUTE)
