"""The sessions of the page: after somebody has shown a token, a cookie stands for it for some hours.

Kept in the memory of the server, and only as digests: whoever reads it, or restarts it, opens no page. The token may be revoked
at any time, and its sessions with it.
"""

import hashlib
import secrets
from collections import OrderedDict
from datetime import datetime, timedelta

from adapters.access.tokens import Token

_MOST_SESSIONS = 10_000
_BYTES = 32


class Sessions:
    """Who is signed in, for `seconds` each."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self._held: OrderedDict[str, tuple[Token, datetime]] = OrderedDict()

    def begin(self, token: Token, now: datetime) -> str:
        """A new session for a token at the moment `now` (aware): the text of its cookie."""
        text = secrets.token_urlsafe(_BYTES)
        self._held[_digest(text)] = token, now + timedelta(seconds=self.seconds)
        if len(self._held) > _MOST_SESSIONS:
            self._held.popitem(last=False)
        return text

    def token(self, text: str, now: datetime) -> Token | None:
        """The token that a session was begun with; None if there is no such session, or it is over."""
        held = self._held.get(_digest(text))
        if held is None:
            return None
        token, ends = held
        if ends <= now:
            self.end(text)
            return None
        return token

    def end(self, text: str) -> None:
        """Ends a session, if there is one."""
        self._held.pop(_digest(text), None)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
