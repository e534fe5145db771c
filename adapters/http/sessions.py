"""The sessions of the page: after somebody has shown a token, a cookie stands for it for some hours.

A cookie is sealed (Fernet: encrypted, signed, dated) with a key that only servers know, and says which token was shown; no
server keeps a list. Whether that token still holds is asked of the table of tokens at every request, by whoever calls this.
"""

import base64
import hashlib
import secrets
from collections import OrderedDict
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken

_MOST_ENDED = 10_000
_KEY_BYTES, _NUMBER_BYTES = 32, 16


class Sessions:
    """Who is signed in, for `seconds` each. Servers that are told the same `key` take each other's cookies, also after they
    were started again; without one, a server makes its own and forgets it when it ends."""

    def __init__(self, seconds: int, key: str | None = None) -> None:
        self.seconds = seconds
        secret = secrets.token_bytes(_KEY_BYTES) if key is None else hashlib.sha256(key.encode()).digest()
        self._seal = Fernet(base64.urlsafe_b64encode(secret))
        self._ended: OrderedDict[str, None] = OrderedDict()

    def begin(self, token: str, now: datetime) -> str:
        """A new session for the id of a token at the moment `now` (aware): the text of its cookie."""
        sealed = self._seal.encrypt_at_time(f"{secrets.token_hex(_NUMBER_BYTES)} {token}".encode(), int(now.timestamp()))
        # What is left out is no letter that a cookie may have.
        return sealed.decode().rstrip("=")

    def token(self, text: str, now: datetime) -> str | None:
        """The id of the token that a session was begun with; None if there is no such session, or it is over."""
        number, token = self._opened(text, now)
        return None if number in self._ended else token

    def end(self, text: str, now: datetime) -> None:
        """Ends a session on this server, should a copy of its cookie be kept; elsewhere it ends by its time, or its token."""
        number, token = self._opened(text, now)
        if token is None:
            # Whatever else anybody sends must not push out what has to be remembered.
            return
        self._ended[number] = None
        if len(self._ended) > _MOST_ENDED:
            self._ended.popitem(last=False)

    def _opened(self, text: str, now: datetime) -> tuple[str, str | None]:
        """The number of a session, by which it is known however its text is written, and the id of its token."""
        try:
            padded = text + "=" * (-len(text) % 4)
            found = self._seal.decrypt_at_time(padded.encode(), self.seconds, int(now.timestamp())).decode()
        except (InvalidToken, UnicodeError):
            return "", None
        number, _, token = found.partition(" ")
        return number, token
