"""Shares slow work out among two processes and prints the id of each: `python -m tests.adapters.crash.sharer`."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from adapters.workers import shared_out


@contextmanager
def slowly() -> Iterator[Callable[[float], int]]:
    """A worker that takes so many seconds over a part, and answers with its id."""

    def work(seconds: float) -> int:
        time.sleep(seconds)
        return os.getpid()

    yield work


if __name__ == "__main__":
    for answer in shared_out(2, slowly, (), [0.3] * 2 + [0.05] * 10_000):
        print(answer, flush=True)
