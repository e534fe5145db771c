"""Threads that record at the same time, and whoever waits for what they record."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from adapters.ledger import Ledger, LedgerError, Refusal, Same, Taken
from tests.adapters.given import DESK, export, followed_up, opened, read
from tests.stores import Ledgers, behind

THREADS = 16


@pytest.fixture
def ledger(store: Ledgers) -> Iterator[Ledger]:
    with store.open(create=True) as ledger:
        ledger.record(read(*DESK, *(opened(f"T-{number}") for number in range(THREADS))))
        yield ledger


def together(ledger: Ledger, events: Callable[[int], list[Any]]) -> list[Any]:
    """What each thread is answered, or the error it gets, if all ask while a transaction is under way."""
    answers: list[Any] = [None] * THREADS

    def ask(number: int) -> None:
        try:
            answers[number] = ledger.record(events(number))
        except Exception as error:
            answers[number] = error

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(THREADS)]
    with ledger._lock:
        for it in threads:
            it.start()
        while len(ledger._grouping._waiting) < THREADS:
            time.sleep(0.001)
    for it in threads:
        it.join()
    return answers


def transactions(ledger: Ledger, after: int) -> int:
    """How many transactions brought the entries after a position: ids of one share all that is random."""
    return len({it.id[14:] for it in ledger.entries(after)})


def test_threads_that_wait_together_share_a_transaction_and_each_gets_its_own_answer(ledger: Ledger) -> None:
    before = ledger.head()
    answers = together(ledger, lambda number: read(followed_up(f"T-{number}"), followed_up(f"T-{number}", 5)))
    assert transactions(ledger, before) == 1
    for number, (first, second) in enumerate(answers):
        assert isinstance(first, Taken) and isinstance(second, Taken)
        assert [ledger.entry(it.position).stream for it in (first, second)] == [f"ticket:T-{number}"] * 2
        assert second.position == first.position + 1
    assert [it["position"] for it in export(ledger)] == list(range(1, before + 2 * THREADS + 1))


def test_each_gets_its_own_refusal_and_the_others_are_recorded(ledger: Ledger) -> None:
    before = ledger.head()
    answers = together(ledger, lambda number: read(followed_up(f"T-{number}" if number % 2 else f"unknown-{number}")))
    for number, (answer,) in enumerate(answers):
        if number % 2:
            assert isinstance(answer, Taken)
        else:
            assert isinstance(answer, Refusal) and f"unknown-{number}" in str(answer.refused)
    assert ledger.head() == before + THREADS // 2


def test_the_same_key_from_all_of_them_is_recorded_once(ledger: Ledger) -> None:
    before = ledger.head()
    answers = together(ledger, lambda number: read(followed_up("T-1", key="k")))
    assert sorted(type(it).__name__ for (it,) in answers) == ["Same"] * (THREADS - 1) + ["Taken"]
    assert {it.position for (it,) in answers if isinstance(it, (Same, Taken))} == {before + 1}
    assert ledger.head() == before + 1


def test_a_failure_of_the_store_is_told_to_all_and_nothing_is_written(ledger: Ledger, store: Ledgers) -> None:
    before = ledger.head()
    with behind(store.url()) as rows:
        rows.insert([(before + 1, "ticket:T-1", 2, "FollowedUp", b"rubbish")])
        rows.run("UPDATE ledger_head SET position = ?", before + 1) if rows.has_table("ledger_head") else None
    answers = together(ledger, lambda number: read(followed_up(f"T-{number}")))
    assert all(isinstance(it, LedgerError) and f"entry {before + 1} cannot be read" in str(it) for it in answers)
    assert len({id(it) for it in answers}) == THREADS
    assert ledger.head() == before + 1


def test_what_is_no_event_fails_for_whoever_proposed_it_only(ledger: Ledger) -> None:
    before = ledger.head()
    answers = together(ledger, lambda number: [object()] if number == 3 else read(followed_up(f"T-{number}")))
    assert isinstance(answers[3], AttributeError)
    assert all(isinstance(it[0], Taken) for number, it in enumerate(answers) if number != 3)
    assert ledger.head() == before + THREADS - 1


def test_many_threads_recording_at_will_leave_a_dense_ledger(ledger: Ledger) -> None:
    before, rounds = ledger.head(), 15
    taken: list[int] = []

    def record(number: int) -> None:
        for minute in range(rounds):
            (answer,) = ledger.record(read(followed_up(f"T-{number}", minute)))
            assert isinstance(answer, Taken)
            taken.append(answer.position)

    threads = [threading.Thread(target=record, args=(number,)) for number in range(THREADS)]
    for it in threads:
        it.start()
    for it in threads:
        it.join()
    assert sorted(taken) == list(range(before + 1, before + THREADS * rounds + 1))
    for number in range(THREADS):
        assert [it.version for it in ledger.stream(f"ticket:T-{number}")] == list(range(1, rounds + 2))


class TestNews:
    def test_what_is_there_already_is_told_at_once(self, ledger: Ledger) -> None:
        assert ledger.wait_for_news(0, 60) == ledger.head()

    def test_without_news_the_last_position_is_told_in_the_end(self, ledger: Ledger) -> None:
        assert ledger.wait_for_news(ledger.head(), 0.1) == ledger.head()

    def test_what_another_records_meanwhile_is_news(self, ledger: Ledger, store: Ledgers) -> None:
        before = ledger.head()
        heard: list[int] = []
        waiting = threading.Thread(target=lambda: heard.append(ledger.wait_for_news(before, 60)))
        waiting.start()
        with store.open() as other:
            other.record(read(followed_up("T-1")))
        waiting.join()
        assert heard == [before + 1]
