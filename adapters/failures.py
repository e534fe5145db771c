"""How long whatever keeps running waits before it tries again what failed: longer and longer, until something succeeds."""

_WAITS_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Failures:
    """How often in a row something failed."""

    has_worked = False
    """Whether it ever succeeded."""

    def __init__(self) -> None:
        self._count = 0

    def seconds(self) -> float:
        """How long to wait after one more."""
        self._count += 1
        return _WAITS_SECONDS[min(self._count, len(_WAITS_SECONDS)) - 1]

    def forget(self) -> None:
        """Something succeeded."""
        self._count = 0
        self.has_worked = True
