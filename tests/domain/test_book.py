"""The book: which version of terms binds what is recorded next (rules 1.2)."""

import pytest

from adapters.reports.replay_streams import KnownBook
from adapters.terms.files import builtin_documents
from domain.book import Book
from tests.given import Desk


@pytest.fixture
def published(desk: Desk) -> list[int]:
    """The positions at which grupo-staff was published, and published again with another name."""
    document = next(it for it in builtin_documents() if it["terms"] == "grupo-staff")
    with desk.ledger.writing() as transaction:
        transaction.publish([document | {"name": {"en": "Anew", "es": "De nuevo"}}])
    return [it.position for it in desk.ledger.stream("terms:grupo-staff")]


def test_terms_bind_from_the_entry_after_the_one_that_published_them(desk: Desk, published: list[int]) -> None:
    book = Book(KnownBook(desk.ledger, desk.ledger.head()))
    first, second = published
    bound = [book.bound("grupo-staff", it) for it in (first, first + 1, second, second + 1)]
    assert bound[0] is None
    assert [it.about.name.en for it in bound[1:] if it] == [*["Grupo Staff: specialised support"] * 2, "Anew"]


def test_terms_never_published_bind_nothing(desk: Desk, published: list[int]) -> None:
    assert Book(KnownBook(desk.ledger, desk.ledger.head())).bound("other", published[-1] + 1) is None
