"""Entries reach a real receiver, signed, each ticket's in order, whatever the receiver does meanwhile."""

import threading
from typing import Any

from cloudevents.core.bindings.http import HTTPMessage, from_http
from cloudevents.core.formats.json import JSONFormat

from adapters.contract.cloud_events import entry_message, source_of
from adapters.proofs.tree import TreeRows
from adapters.stores.rows import Row
from adapters.webhooks.webhooks import Webhook
from domain.refusal import said
from tests.adapters.given import followed_up, opened
from tests.adapters.webhooks.desk import begun, positions, record, sending, sent_once, shown, subscribed, until, webhooks
from tests.adapters.webhooks.patience import PATIENT, QUICK
from tests.adapters.webhooks.receiver import Answer, Receiver
from tests.stores import Ledgers


def is_through(it: Webhook) -> bool:
    """Whether nothing is left to be sent."""
    return (it.behind, it.waiting) == (0, 0)


def rows_of(store: Ledgers) -> list[Row]:
    with store.open() as ledger, ledger.reading(said("reading entries")) as plain:
        return TreeRows.of(plain).raw(0, 2**62, 10_000)


def test_every_entry_is_posted_signed_and_in_order(store: Ledgers) -> None:
    begun(store, "T-1", "T-2", follow_ups=5)
    with Receiver() as receiver:
        id = subscribed(store, receiver)
        assert sent_once(store)
    assert not receiver.is_forged
    assert receiver.first_taken() == positions(store, "")
    assert len(receiver.taken()) == len(rows_of(store))
    assert (shown(store, id).behind, shown(store, id).waiting, shown(store, id).dead) == (0, 0, 0)


def test_an_entry_is_the_same_event_as_in_kafka(store: Ledgers) -> None:
    begun(store, "T-1")
    with Receiver() as receiver:
        subscribed(store, receiver)
        assert sent_once(store)
    with store.open() as ledger:
        source = source_of(ledger)
    messages = {row[0]: entry_message(source, row) for row in rows_of(store)}
    assert len(receiver.received) == len(messages)
    for it in receiver.received:
        event = from_http(HTTPMessage(it.headers, it.body), JSONFormat())
        expected = messages[it.position]
        attributes = {name.removeprefix("ce_"): value.decode() for name, value in expected.headers if name.startswith("ce_")}
        assert {name: it.event[name] for name in attributes} == attributes
        assert event.get_source() == source and event.get_id() == it.id
        assert expected.value in it.body, "the value is not embedded as it is on Kafka"
        assert "@" not in str(event.get_data().get("requester", "")), "a personal text is not sealed"


def test_what_was_taken_is_not_posted_again_and_what_is_recorded_later_is(store: Ledgers) -> None:
    begun(store, "T-1")
    with Receiver() as receiver:
        subscribed(store, receiver)
        assert sent_once(store)
        before = len(receiver.received)
        assert sent_once(store)
        assert len(receiver.received) == before
        with store.open() as ledger, sending(store):
            record(ledger, followed_up("T-1"))
            until(lambda: len(receiver.received) == before + 1)
    assert receiver.received[-1].event["type"] == "FollowedUp"


def test_a_ticket_that_is_refused_waits_in_order_while_the_others_go_on(store: Ledgers) -> None:
    begun(store, "T-1", "T-2", "T-3", follow_ups=3)
    is_open = threading.Event()

    def answer(event: dict[str, Any]) -> Answer:
        return 204 if is_open.is_set() or event["subject"] != "ticket:T-2" else 500

    expected = positions(store)
    with Receiver(answer) as receiver:
        id = subscribed(store, receiver, tickets=("T-1", "T-2", "T-3"))
        with sending(store, PATIENT):
            until(lambda: all(receiver.first_taken().get(it) == expected[it] for it in ("ticket:T-1", "ticket:T-3")))
            refused = [it for it in receiver.received if it.stream == "ticket:T-2"]
            assert {it.position for it in refused} == {expected["ticket:T-2"][0]}
            until(lambda: shown(store, id).waiting == 1)
            is_open.set()
            until(lambda: receiver.first_taken() == expected)
    assert shown(store, id).waiting == 0


def test_a_repeated_message_has_the_same_id_and_another_signature(store: Ledgers) -> None:
    begun(store, "T-1")
    answers = iter([500, 503, 204])
    with Receiver(lambda _: next(answers, 204)) as receiver:
        subscribed(store, receiver, tickets=("T-1",))
        with sending(store):
            until(lambda: len(receiver.taken()) == 1)
    assert len(receiver.received) == 3
    assert len({it.id for it in receiver.received}) == len({it.body for it in receiver.received}) == 1
    assert receiver.received[0].id == receiver.received[0].event["id"]
    assert not receiver.is_forged


def test_a_ticket_refused_too_often_is_a_dead_letter_which_can_be_tried_again(store: Ledgers) -> None:
    begun(store, "T-1", "T-2", follow_ups=2)
    is_open = threading.Event()

    def answer(event: dict[str, Any]) -> Answer:
        return 204 if is_open.is_set() or event["subject"] != "ticket:T-1" else 422

    expected = positions(store)
    with Receiver(answer) as receiver:
        id = subscribed(store, receiver, tickets=("T-1", "T-2"))
        with sending(store):
            until(lambda: shown(store, id).dead == 1)
            with webhooks(store) as them:
                (dead,) = them.queues(id)
            assert (dead.stream, dead.position, dead.attempts, dead.problem) == (
                "ticket:T-1", expected["ticket:T-1"][0], QUICK.most_attempts, "http-422",
            )  # fmt: skip
            with store.open() as ledger:
                record(ledger, followed_up("T-1", 30), followed_up("T-2", 30))
            expected = positions(store)
            until(lambda: receiver.first_taken() == {"ticket:T-2": expected["ticket:T-2"]})
            assert len([it for it in receiver.received if it.stream == "ticket:T-1"]) == QUICK.most_attempts
            is_open.set()
            with webhooks(store) as them:
                assert them.retry(id, ["ticket:T-1"]) == 1
            until(lambda: receiver.first_taken() == expected)
    assert (shown(store, id).waiting, shown(store, id).dead) == (0, 0)


def test_a_dead_letter_can_be_skipped_and_what_follows_it_is_sent(store: Ledgers) -> None:
    begun(store, "T-1", follow_ups=3)
    expected = positions(store)["ticket:T-1"]
    with Receiver(lambda event: 400 if int(event["sequence"]) == expected[1] else 200) as receiver:
        id = subscribed(store, receiver, tickets=("T-1",))
        with sending(store):
            until(lambda: shown(store, id).dead == 1)
            with webhooks(store) as them:
                assert them.skip(id, "ticket:T-1") == expected[1]
            until(lambda: receiver.first_taken() == {"ticket:T-1": [expected[0], *expected[2:]]})
    assert (shown(store, id).waiting, shown(store, id).dead) == (0, 0)


def test_a_receiver_that_hangs_costs_its_ticket_an_attempt_and_the_others_nothing(store: Ledgers) -> None:
    begun(store, "T-1", "T-2", follow_ups=2)
    hangs = [threading.Event(), threading.Event()]
    answers = iter(hangs)

    def answer(event: dict[str, Any]) -> Answer:
        return next(answers, 204) if event["subject"] == "ticket:T-1" else 204

    expected = positions(store)
    with Receiver(answer) as receiver:
        id = subscribed(store, receiver, tickets=("T-1", "T-2"))
        with sending(store):
            until(lambda: receiver.first_taken() == expected)
        assert [it.answered for it in receiver.received if it.stream == "ticket:T-1"][:2] == [0, 0]
        for it in hangs:
            it.set()
    assert shown(store, id).waiting == 0


def test_a_receiver_that_is_gone_gets_nothing_more_until_it_is_tried_again(store: Ledgers) -> None:
    begun(store, "T-1", follow_ups=2)
    is_gone = threading.Event()
    is_gone.set()
    with Receiver(lambda _: 410 if is_gone.is_set() else 200) as receiver:
        id = subscribed(store, receiver, tickets=("T-1",))
        with sending(store):
            until(lambda: shown(store, id).state == "gone")
        assert len(receiver.received) == 1
        assert sent_once(store)
        assert len(receiver.received) == 1
        is_gone.clear()
        with webhooks(store) as them:
            assert them.retry(id) == 1
        assert sent_once(store)
        assert receiver.first_taken() == positions(store)


def test_a_receiver_that_asks_for_time_gets_it_for_all_tickets(store: Ledgers) -> None:
    begun(store, "T-1", "T-2", "T-3", follow_ups=5)
    answers = iter([(429, {"Retry-After": "1"})])
    with Receiver(lambda _: next(answers, 204)) as receiver:
        id = subscribed(store, receiver)
        with sending(store):
            until(lambda: is_through(shown(store, id)))
        refused = next(it for it in receiver.received if it.answered == 429)
        later = [it for it in receiver.received if it.headers["webhook-timestamp"] > refused.headers["webhook-timestamp"]]
        assert later, "nobody waited"
        assert [it.position for it in receiver.received if it.id == refused.id] == [refused.position] * 2
    assert receiver.first_taken() == positions(store, "")


def test_a_receiver_that_dies_and_comes_back_misses_nothing(store: Ledgers) -> None:
    begun(store, "T-1", "T-2", follow_ups=3)
    receiver = Receiver()
    receiver.start()
    id = subscribed(store, receiver)
    with store.open() as ledger, sending(store, PATIENT):
        until(lambda: shown(store, id).behind == 0)
        receiver.stop()
        record(ledger, opened("T-3"), *(followed_up(it, 20) for it in ("T-1", "T-2", "T-3")))
        until(lambda: shown(store, id).waiting >= 3)
        receiver.start()
        until(lambda: receiver.first_taken() == positions(store, ""))
    receiver.stop()


def test_a_removed_subscription_gets_nothing_more(store: Ledgers) -> None:
    begun(store, "T-1")
    with Receiver(lambda _: 500) as receiver:
        id = subscribed(store, receiver)
        with sending(store):
            until(lambda: len(receiver.received) > 3)
            with webhooks(store) as them:
                them.remove(id)
                assert them.all() == []
            until(lambda: receiver.under_way == 0)
            count = len(receiver.received)
        assert len(receiver.received) - count <= 8  # those that were on their way
