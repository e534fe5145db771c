"""Tokens: what a program or a person shows to the server, made once, shown once, and kept only as a digest.

A token has one role until it expires or is revoked. How a role is held against a route is in
`adapters.http`; no clock runs here.
"""

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Any, Literal, get_args

from msgspec import Struct

from adapters.access.places import Access
from adapters.mapper import LedgerError
from adapters.stores.session import Session
from domain.exchange import time_text
from domain.refusal import said

Role = Literal["recorder", "reader", "auditor", "integrator", "client", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
PREFIX = "bitacora_"
"""What a token begins with, so that one left in a file or a log is known for what it is."""
MOST_NAME_LENGTH = 64
_ID_BYTES, _SECRET_BYTES = 5, 32
_COLUMNS = "id, name, role, client, made_at, expires_at, revoked_at"
_MOST_TOKEN_LENGTH = 128


class Token(Struct, frozen=True):
    """What is known of a token, which is not the token itself. Times are texts of RFC 3339 in UTC; `client` is set for the role
    `client` and no other; None: never expires, not revoked."""

    id: str
    name: str
    role: Role
    client: str | None
    made_at: str
    expires_at: str | None
    revoked_at: str | None

    def holds(self, now: datetime) -> bool:
        """Whether it is good at the moment `now` (aware)."""
        is_over = self.expires_at is not None and datetime.fromisoformat(self.expires_at) <= now
        return self.revoked_at is None and not is_over


class Tokens:
    """The tokens of one ledger's server."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def make(self, name: str, role: Role, client: str | None, now: datetime, expires: datetime | None) -> tuple[Token, str]:
        """A new token, and the text to show for it, which nobody can be told again. Times are aware. LedgerError if the role
        and the client do not go together, the name cannot be one, or it expires before it begins."""
        _check(name, role, client, now, expires)
        id, secret = secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
        token = Token(id, name, role, client, time_text(now), None if expires is None else time_text(expires), None)
        values = (id, name, role, client, token.made_at, token.expires_at, None, _digest(secret))
        with self._access.writing() as session:
            session.run(f"INSERT INTO access_tokens ({_COLUMNS}, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *values)
        return token, f"{PREFIX}{id}_{secret}"

    def all(self) -> list[Token]:
        """Every token ever made, the oldest first."""
        if not self._access.exists():
            return []
        with self._access.reading() as session:
            return [Token(*row) for row in session.all(f"SELECT {_COLUMNS} FROM access_tokens ORDER BY made_at, id")]

    def revoke(self, id: str, now: datetime) -> Token:
        """Ends a token at the moment `now` (aware); one that is revoked stays as it is. LedgerError if there is none."""
        found = self.kept(id)
        if found is None:
            raise LedgerError(said("there is no token {id}; see `bitacora token list`"), id=id)
        if found.revoked_at is None:
            with self._access.writing() as session:
                session.run("UPDATE access_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", time_text(now), id)
        return self.kept(id) or found

    def shown(self, text: str) -> Token | None:
        """The token that a text shows, whether it still holds or not; None if it is no token made here."""
        if len(text) > _MOST_TOKEN_LENGTH or not text.startswith(PREFIX) or not self._access.exists():
            return None
        id, _, secret = text.removeprefix(PREFIX).partition("_")
        with self._access.reading() as session:
            row = _row(session, id)
        return Token(*row[:-1]) if row is not None and hmac.compare_digest(row[-1], _digest(secret)) else None

    def kept(self, id: str) -> Token | None:
        """The token of an id, whether it still holds or not; None if there is none."""
        if not self._access.exists():
            return None
        with self._access.reading() as session:
            row = _row(session, id)
        return None if row is None else Token(*row[:-1])


def _row(session: Session, id: str) -> Any:
    return next(iter(session.all(f"SELECT {_COLUMNS}, digest FROM access_tokens WHERE id = ?", id)), None)


def _digest(secret: str) -> str:
    """Of 32 random bytes a plain digest is enough: there is nothing to guess that a slow one would protect."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _check(name: str, role: Role, client: str | None, now: datetime, expires: datetime | None) -> None:
    if not name or len(name) > MOST_NAME_LENGTH or not name.isprintable() or any(it.isspace() for it in name):
        template = said("{name} cannot be the name of a token: up to {most} printable characters without white space")
        raise LedgerError(template, name=repr(name), most=MOST_NAME_LENGTH)
    if (role == "client") != (client is not None):
        raise LedgerError(said("a token of the role client is made for one client, and no other token is"))
    if expires is not None and expires <= now:
        raise LedgerError(said("the token would have expired before it is made"))
