"""Who subscribes to what, who sees it, and what keeps a subscription within bounds."""

import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import conninfo

from adapters.access.places import access_of
from adapters.access.tokens import Tokens
from adapters.ledger import Ledger, utc_now
from adapters.mapper import LedgerError
from adapters.stores.postgres.schema import FOLLOWER, READER
from adapters.webhooks.feeding import AT_ONCE, MOST_WAITING, Attempt
from adapters.webhooks.places import place_of
from adapters.webhooks.progress import Patience
from adapters.webhooks.sending import Sending
from adapters.webhooks.subscriptions import Wanted
from adapters.webhooks.webhooks import MOST_OF_AN_OWNER, Unknown, Webhooks
from tests.adapters.given import AUTHORIZED, CONTRACTED, REGISTERED, followed_up, opened
from tests.adapters.webhooks.desk import begun, positions, record, sending, sent_once, shown, subscribed, until, webhooks
from tests.adapters.webhooks.patience import PATIENT, QUICK
from tests.adapters.webhooks.receiver import Answer, Receiver
from tests.postgres_server import Databases, database_url
from tests.stores import Ledgers

URL = "https://example.com/hook"


def added(them: Webhooks, url: str = URL, owner: str | None = None, **wanted: Any) -> str:
    made, _ = them.add(url, Wanted(**wanted), after=0, is_private=False, owner=owner, now=utc_now())
    return made.id


def two_clients(store: Ledgers) -> None:
    """acme with two tickets, globex with one, and a follow-up on each."""
    globex = {"client": "globex"}
    begun(store, "T-1", "T-2")
    with store.open() as ledger:
        record(
            ledger, REGISTERED | globex | {"name": "Globex"}, AUTHORIZED | globex, CONTRACTED | globex | {"policy": "P-2"},
            opened("G-1", client="globex"), followed_up("T-1"), followed_up("G-1"), followed_up("T-2"),
        )  # fmt: skip


class TestFilters:
    def test_a_client_is_told_of_nothing_that_is_anothers_even_when_it_failed_at_first(self, store: Ledgers) -> None:
        two_clients(store)
        seen: set[str] = set()

        def once_refused(event: dict[str, Any]) -> Answer:
            is_new = event["id"] not in seen
            seen.add(event["id"])
            return 500 if is_new else 200

        with Receiver(once_refused) as acme, Receiver(once_refused) as globex:
            subscribed(store, acme, clients=("acme",))
            subscribed(store, globex, clients=("globex",))
            with sending(store, PATIENT):
                until(lambda: len(globex.taken()) == 5 and len(acme.taken()) == 7)
        assert {it.stream for it in globex.received} == {"client:globex", "policy:P-2", "ticket:G-1"}
        assert {it.stream for it in acme.received} == {"client:acme", "policy:P-1", "ticket:T-1", "ticket:T-2"}
        assert not any(b"globex" in it.body or b"G-1" in it.body for it in acme.received)
        assert not any(b"acme" in it.body or b"T-1" in it.body or b"T-2" in it.body for it in globex.received)

    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            ({"types": ("FollowedUp",)}, {(f"ticket:{it}", "FollowedUp") for it in ("T-1", "T-2", "G-1")}),
            ({"types": ("FollowedUp",), "clients": ("globex",)}, {("ticket:G-1", "FollowedUp")}),
            ({"tickets": ("T-2",)}, {("ticket:T-2", "TicketOpened"), ("ticket:T-2", "FollowedUp")}),
            ({"tickets": ("T-2", "G-1"), "clients": ("globex",)},
             {("ticket:G-1", "TicketOpened"), ("ticket:G-1", "FollowedUp")}),
            ({"tickets": ("nobody",)}, set()),
        ],
    )  # fmt: skip
    def test_of_each_kind_that_is_named_one_must_fit(
        self, store: Ledgers, wanted: dict[str, Any], expected: set[tuple[str, str]]
    ) -> None:
        two_clients(store)
        with Receiver() as receiver:
            id = subscribed(store, receiver, **wanted)
            assert sent_once(store)
        assert {(it.stream, it.event["type"]) for it in receiver.received} == expected
        assert shown(store, id).behind == 0

    def test_a_subscription_begins_after_its_position_and_no_earlier(self, store: Ledgers) -> None:
        begun(store, "T-1", follow_ups=4)
        everything = positions(store)["ticket:T-1"]
        with Receiver() as receiver:
            subscribed(store, receiver, after=everything[2])
            assert sent_once(store)
        assert [it.position for it in receiver.received] == everything[3:]


class TestOwners:
    def test_an_owner_sees_and_changes_its_own_only(self, store: Ledgers) -> None:
        begun(store)
        with webhooks(store) as all_of_them, webhooks(store, "portal") as portal, webhooks(store, "other") as other:
            id = added(all_of_them, owner="portal")
            assert [it.id for it in portal.all()] == [it.id for it in all_of_them.all()] == [id]
            assert other.all() == []
            for refused in (other.one, other.remove, other.retry, lambda it: other.queues(it), lambda it: other.skip(it, "x"),
                            lambda it: other.test(it, utc_now())):  # fmt: skip
                with pytest.raises(Unknown):
                    refused(id)
            portal.remove(id)
            assert all_of_them.all() == []

    def test_an_owner_has_no_more_than_so_many(self, store: Ledgers) -> None:
        begun(store)
        with webhooks(store) as them:
            for _ in range(MOST_OF_AN_OWNER):
                added(them, owner="portal")
            with pytest.raises(LedgerError, match="nobody may have more"):
                added(them, owner="portal")
            added(them, owner="other")

    def test_nothing_is_posted_once_the_owners_token_is_revoked_until_it_has_another(self, store: Ledgers) -> None:
        begun(store, "T-1")
        with closing(access_of(store.url())) as access, Receiver() as receiver:
            tokens = Tokens(access)
            token, _ = tokens.make("portal", "integrator", None, utc_now(), None)
            tokens.make("other", "integrator", None, utc_now(), None)
            tokens.make("portal", "reader", None, utc_now(), None)
            subscribed(store, receiver, owner="portal")
            with store.open() as ledger, sending(store):
                until(lambda: receiver.first_taken() == positions(store, ""))
                tokens.revoke(token.id, utc_now())
                time.sleep(1.5)
                count = len(receiver.received)
                record(ledger, followed_up("T-1"))
                time.sleep(1.5)
                assert len(receiver.received) == count
                tokens.make("portal", "integrator", None, utc_now(), utc_now() + timedelta(hours=1))
                until(lambda: receiver.first_taken() == positions(store, ""))


class TestSecrets:
    def test_a_secret_is_kept_nowhere_in_clear_and_is_the_same_after_a_restart(self, tmp_path: Path) -> None:
        store = Ledgers(tmp_path)
        begun(store, "T-1")
        with Receiver() as receiver, Receiver() as other:
            subscribed(store, receiver)
            subscribed(store, other)
            secrets = [receiver.secret, other.secret]
            assert len(set(secrets)) == 2
            assert sent_once(store)
        assert receiver.received and other.received and not (receiver.is_forged or other.is_forged)
        files = [it for it in tmp_path.iterdir() if it.is_file()]
        assert (tmp_path / "ledger.db.webhooks") in files
        for file in files:
            content = file.read_bytes()
            assert not any(it.removeprefix("whsec_").encode() in content for it in secrets), file

    def test_the_file_is_its_owners_only(self, tmp_path: Path) -> None:
        store = Ledgers(tmp_path)
        begun(store)
        with webhooks(store) as them:
            added(them)
        assert stat.S_IMODE((tmp_path / "ledger.db.webhooks").stat().st_mode) == 0o600

    def test_without_the_key_store_there_is_no_subscription(self, store: Ledgers) -> None:
        begun(store)
        store.keys().unlink()
        with webhooks(store) as them, pytest.raises(LedgerError, match="key store"):
            added(them)


class TestBounds:
    def test_a_receiver_that_fails_altogether_keeps_no_more_waiting_than_so_many(self, store: Ledgers) -> None:
        begun(store, *(f"T-{number}" for number in range(MOST_WAITING + 60)))
        is_open = threading.Event()
        with Receiver(lambda _: 204 if is_open.is_set() else 500) as receiver:
            id = subscribed(store, receiver)
            with sending(store, PATIENT):
                until(lambda: shown(store, id).waiting == MOST_WAITING)
                until(lambda: len(receiver.received) > 2 * MOST_WAITING)
                assert (shown(store, id).waiting, shown(store, id).behind > 0) == (MOST_WAITING, True)
                is_open.set()
                until(lambda: receiver.first_taken() == positions(store, ""))
        assert receiver.most_under_way <= AT_ONCE
        assert shown(store, id).waiting == 0

    def test_when_a_receiver_is_back_everything_that_waited_for_it_is_tried_at_once(self, store: Ledgers) -> None:
        begun(store, *(f"T-{number}" for number in range(10)))
        is_open = threading.Event()
        attempts: list[Attempt] = []
        with Receiver(lambda _: 204 if is_open.is_set() else 503) as receiver:
            id = subscribed(store, receiver, types=("TicketOpened",))
            with sending(store, Patience(first_seconds=3_600), attempts):
                until(lambda: len(attempts) == 10)
                is_open.set()
                with webhooks(store) as them:
                    them.retry(id, ["ticket:T-3"])
                until(lambda: receiver.first_taken() == {it: at[:1] for it, at in positions(store).items()})
        assert {it.came_to for it in attempts[:10]} == {"refused"}
        assert all(it.attempts == 1 and it.problem == "http-503" and it.due_at for it in attempts[:10])

    def test_an_entry_is_given_up_after_a_time_too(self, store: Ledgers) -> None:
        begun(store, "T-1")
        with Receiver(lambda _: 500) as receiver:
            id = subscribed(store, receiver, tickets=("T-1",))
            assert sent_once(store, Patience(first_seconds=60, most_seconds=1))
        assert shown(store, id).dead == 1 and len(receiver.received) == 1

    def test_no_names_without_end_and_no_types_that_are_none(self, store: Ledgers) -> None:
        begun(store)
        with webhooks(store) as them:
            with pytest.raises(LedgerError, match="no more than"):
                added(them, tickets=tuple(f"T-{number}" for number in range(1_001)))
            with pytest.raises(LedgerError, match="no type of entry"):
                added(them, types=("Opened",))
            assert them.all() == []


class TestSender:
    def test_a_ledger_without_subscriptions_has_nothing_to_send_and_makes_no_file(self, tmp_path: Path) -> None:
        store = Ledgers(tmp_path)
        begun(store)
        assert sent_once(store)
        assert not (tmp_path / "ledger.db.webhooks").exists()

    def test_only_one_sends(self, store: Ledgers) -> None:
        begun(store, "T-1")
        with closing(place_of(store.url())) as first, closing(place_of(store.url())) as second:
            assert first.may_send() and first.may_send()
            assert not second.may_send()
            assert not sent_once(store)
            first.close()
            assert second.may_send()

    def test_what_is_no_file_of_subscriptions_is_said_and_left_alone(self, tmp_path: Path) -> None:
        store = Ledgers(tmp_path)
        begun(store)
        path = tmp_path / "ledger.db.webhooks"
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE mine (x)")
        before = path.read_bytes()
        with webhooks(store) as them, pytest.raises(LedgerError, match="does not hold the webhooks"):
            them.all()
        assert path.read_bytes() == before

    def test_a_missing_key_store_is_told_and_delivery_goes_on_once_it_is_back(self, store: Ledgers) -> None:
        begun(store, "T-1")
        with Receiver() as receiver:
            subscribed(store, receiver)
            away = store.keys().rename(store.keys().with_suffix(".away"))
            told: list[Exception] = []
            sender = Sending(store.url(), lambda _, error: told.append(error) if error else None, opened=store.open,
                             patience=QUICK)  # fmt: skip
            thread = threading.Thread(target=sender.run)
            thread.start()
            try:
                until(lambda: bool(told))
                away.rename(store.keys())
                until(lambda: receiver.first_taken() == positions(store, ""))
            finally:
                sender.stop()
                thread.join()
        assert "key store" in str(told[0])


class TestRoles:
    @pytest.fixture
    def url(self, databases: Databases, tmp_path: Path) -> Iterator[str]:
        url = databases.migrated()
        with Ledger.open(url, create=True, keys=tmp_path / "keys"):
            pass
        yield url
        databases.drop(url)

    def opened_by(self, databases: Databases, url: str, role: str, keys: Path) -> tuple[Ledger, str]:
        name = f"hooks_{role}"
        databases.say(f"DROP ROLE IF EXISTS {name}")
        databases.say(f"CREATE ROLE {name} LOGIN IN ROLE {role}")
        url = database_url(databases.server, str(conninfo.conninfo_to_dict(url)["dbname"]), user=name)
        return Ledger.open(url, keys=keys), url

    def test_whoever_follows_keeps_webhooks_and_delivers(self, databases: Databases, url: str, tmp_path: Path) -> None:
        ledger, own = self.opened_by(databases, url, FOLLOWER, tmp_path / "keys")
        with ledger, closing(place_of(own)) as place, Receiver() as receiver:
            made, receiver.secret = Webhooks(ledger, place).add(
                receiver.url, Wanted(), after=0, is_private=True, owner=None, now=utc_now()
            )
            assert Sending(own, lambda *_: None, opened=lambda: Ledger.open(own, keys=tmp_path / "keys")).once()
            assert Webhooks(ledger, place).one(made.id).behind == 0
            assert len(receiver.taken()) == ledger.head()

    def test_whoever_only_reads_is_told_which_role_it_takes(self, databases: Databases, url: str, tmp_path: Path) -> None:
        ledger, own = self.opened_by(databases, url, READER, tmp_path / "keys")
        with ledger, closing(place_of(own)) as place, pytest.raises(LedgerError, match=FOLLOWER):
            added(Webhooks(ledger, place))
