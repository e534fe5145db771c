"""Tokens: shown once, kept as digests, expiring and revoked, the same on each store; and the commands that make them."""

import json
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.access.places import Access, access_of
from adapters.access.tokens import Tokens
from adapters.mapper import LedgerError
from tests.adapters.cli.calling import process
from tests.stores import Ledgers

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def access(store: Ledgers) -> Iterator[Access]:
    with closing(access_of(store.url())) as found:
        yield found


def test_a_token_is_known_by_what_was_shown_and_by_nothing_else(access: Access) -> None:
    tokens = Tokens(access)
    made, text = tokens.make("mail", "recorder", None, NOW, None)
    assert tokens.shown(text) == made == tokens.kept(made.id)
    for other in (text[:-1], text + "x", text.upper(), made.id, f"bitacora_{made.id}_", "", "bitacora_x_" + text):
        assert tokens.shown(other) is None


def test_what_is_kept_opens_nothing(access: Access) -> None:
    _, text = Tokens(access).make("mail", "recorder", None, NOW, None)
    with access.reading() as session:
        (row,) = session.all("SELECT * FROM access_tokens")
    assert all(text.rpartition("_")[2] not in str(it) and text not in str(it) for it in row)


def test_a_token_holds_until_it_expires(access: Access) -> None:
    made, _ = Tokens(access).make("mail", "recorder", None, NOW, NOW + timedelta(hours=1))
    assert made.holds(NOW + timedelta(minutes=59)) and not made.holds(NOW + timedelta(hours=1))


def test_a_token_holds_until_it_is_revoked(access: Access) -> None:
    tokens = Tokens(access)
    made, text = tokens.make("mail", "recorder", None, NOW, None)
    assert tokens.revoke(made.id, NOW) == tokens.revoke(made.id, NOW + timedelta(days=1))
    found = tokens.shown(text)
    assert found is not None and not found.holds(NOW)


def test_tokens_are_listed_as_they_were_made(access: Access) -> None:
    tokens = Tokens(access)
    for number, name in enumerate(("first", "second", "third")):
        tokens.make(name, "client", "acme", NOW + timedelta(seconds=number), None)
    assert [it.name for it in tokens.all()] == ["first", "second", "third"]


@pytest.mark.parametrize(
    ("name", "role", "client", "expires"),
    [("", "reader", None, None), ("a b", "reader", None, None), ("x" * 65, "reader", None, None), ("x", "client", None, None),
     ("x", "reader", "acme", None), ("x", "reader", None, NOW)],
)  # fmt: skip
def test_a_token_that_cannot_be_is_not_made(
    access: Access, name: str, role: str, client: str | None, expires: datetime
) -> None:
    with pytest.raises(LedgerError):
        Tokens(access).make(name, role, client, NOW, expires)  # type: ignore[arg-type]
    assert Tokens(access).all() == []


def test_what_is_not_there_is_not_revoked(access: Access) -> None:
    with pytest.raises(LedgerError, match="there is no token nothing"):
        Tokens(access).revoke("nothing", NOW)


def test_the_file_of_tokens_is_for_its_owner_only(tmp_path: Path) -> None:
    with closing(access_of(str(tmp_path / "ledger.db"))) as access:
        Tokens(access).make("mail", "recorder", None, NOW, None)
    assert stat.S_IMODE((tmp_path / "ledger.db.access").stat().st_mode) == 0o600


def test_a_file_of_something_else_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger.db.access").write_bytes(b"something else" * 1000)
    with (
        closing(access_of(str(tmp_path / "ledger.db"))) as access,
        pytest.raises(
            LedgerError,
            match=r"ledger\.db\.access "
            "failed",
        ),
    ):
        Tokens(access).all()


def test_the_commands_make_list_and_revoke(tmp_path: Path) -> None:
    ledger = str(tmp_path / "ledger.db")
    made = process("token", "make", "mail", "--role", "recorder", "--expires", "90d", "--ledger", ledger)
    text = made.stdout.decode().strip()
    assert made.returncode == 0 and text.startswith("bitacora_") and text.encode() not in made.stderr
    (row,) = json.loads(process("token", "list", "--ledger", ledger, "--format", "json").stdout)
    assert (row["name"], row["role"], row["state"]) == ("mail", "recorder", "good") and "digest" not in row
    assert process("token", "revoke", row["id"], "--ledger", ledger).returncode == 0
    listed = process("token", "list", "--ledger", ledger).stdout.decode()
    assert "revoked" in listed and text not in listed
