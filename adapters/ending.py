"""How a process that keeps running is told to end: Ctrl-C (SIGINT) or SIGTERM end its waiting, and nothing else.

What it is doing when it is told is finished first. What it does is not known here.
"""

import select
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def told_to_end() -> Iterator[Callable[[float], bool]]:
    """While inside, neither signal interrupts anything. Yields wait(seconds), which comes back after so long, or at once if
    the process was told to end, and says whether it was. For the main thread only (ValueError in others)."""
    told, teller = socket.socketpair()
    with told, teller:
        teller.setblocking(False)
        before = {it: signal.signal(it, lambda *_: None) for it in _SIGNALS}
        # A byte in a socket, unlike a flag, also ends a wait that is about to begin.
        outside = signal.set_wakeup_fd(teller.fileno(), warn_on_full_buffer=False)
        try:
            yield lambda seconds: bool(select.select([told], [], [], seconds)[0])
        finally:
            signal.set_wakeup_fd(outside)
            for number, handler in before.items():
                signal.signal(number, handler)
