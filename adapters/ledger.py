"""The ledger: the only writer, and where every entry is read from.

A writing transaction first follows what other processes wrote; what it answers is acknowledged only once committed. It
knows no rule and no file format.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Self

from msgspec import UNSET, UnsetType

from adapters.mapper import LedgerError
from adapters.personal.key_store import Kind, key_store_of_a_new_ledger
from adapters.personal.sealing import Fingerprint, Seals, plain_fingerprint
from adapters.personal.unsealing import Unsealed
from adapters.stores.grouping import Grouping
from adapters.stores.places import Store, opened
from adapters.stores.rows import Rows, pages
from adapters.stores.transaction import Answer, Refusal, Same, Taken, Transaction, forgotten_in, refusal_again
from adapters.stores.writing import Writing
from adapters.terms.files import builtin_documents
from domain.book import Book
from domain.events import AnyEvent, Entry, PersonForgotten
from domain.personal import client_concerned
from domain.refusal import Refused, said

__all__ = ["Answer", "Ledger", "LedgerError", "Refusal", "Same", "Taken", "Transaction", "refusal_again", "utc_now"]

PAGE = 200
"""Entries read at once stay in the processor's cache until judged: larger pages make a replay slower."""
STREAMS_AT_ONCE = 100
PART_ENTRIES = 4_000
"""So many entries go to another process at once: enough to be worth sending, few enough to be shared out evenly."""
_LOOKS_A_PART, _MOST_LOOKS = 8, 4_000
FOLLOWED_AT_MOST = 5_000
"""With more entries than this by others, forgetting what is remembered is cheaper than following it."""
_NOT_SEALED = said("this ledger was begun before personal texts were sealed; export it and restore the export into a new one")

Names = tuple[str, str | None]
"""Streams from the first name up to the second, which is not among them; None: to the last there is."""
ALL: Names = ("", None)


def utc_now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


class Ledger:
    """One ledger, open. Use `Ledger.open`; close it, or use it as a context manager. Threads may share it."""

    def __init__(self, store: Store, clock: Callable[[], datetime], url: str) -> None:
        self.url = url
        self._store = store
        self._clock = clock
        self._seals: Seals | None = None
        self._lock = RLock()
        self._grouping = Grouping(self.writing)
        self._remembered: tuple[Book, Writing, int] | None = None

    @classmethod
    def open(
        cls,
        url: str,
        *,
        create: bool = False,
        clock: Callable[[], datetime] = utc_now,
        keys: Path | None = None,
        sealed: bool = True,
    ) -> Self:
        """The ledger at `url`: a path, `sqlite:` and a path, or the URL of a PostgreSQL database. With `create`, a new one is
        begun with the built-in terms if there is none; `sealed` says whether personal texts are sealed in it, with the keys at
        `keys` (where the store says, by default). `clock` gives aware times. LedgerError if it is missing, damaged, newer or
        none at all."""
        ledger = cls(opened(url, create=create), clock, url)
        keys = keys or ledger._store.keys
        try:
            if ledger._store.is_empty:
                ledger._begin(keys if sealed else None)
            with ledger.reading(said("opening it")) as rows:
                belongs = rows.key_store()
            ledger._seals = None if belongs is None else Seals(keys, belongs)
        except BaseException:
            ledger.close()
            raise
        return ledger

    def close(self) -> None:
        """Closes the file. Nothing is left to write: every answer given was committed."""
        self._store.close()
        if self._seals is not None:
            self._seals.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def record(self, events: Sequence[AnyEvent | Refused], by: str | UnsetType = UNSET) -> list[Answer]:
        """Takes the events, recorded `by` somebody, down in one transaction that threads share; one answer for each, see
        `Transaction.record`. LedgerError if nothing could be written."""
        return self._grouping.record(events, by)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """A transaction that excludes every other writer, having followed all they wrote. Committed at the end; if it fails,
        nothing was written and what was remembered is forgotten."""
        with self._lock:
            try:
                with self._store.writing() as rows:
                    book, writing = self._followed(rows)
                    if self._seals is not None:
                        self._seals.begin(forgotten_in(book))
                    yield Transaction(writing, book, self._clock(), self._seals)
                    # Before the entries: a key that nothing uses harms nobody, a text without its key is lost.
                    if self._seals is not None:
                        self._seals.commit()
            except BaseException:
                self._remembered = None
                if self._seals is not None:
                    self._seals.rollback()
                raise
            self._remembered = (book, writing, writing.head)

    @contextmanager
    def writing_beside(self) -> Iterator[Rows]:
        """The rows, for writing what stands beside the entries, which needs no key; otherwise as `writing`."""
        with self._lock, self._store.writing() as rows:
            yield rows

    def _followed(self, rows: Rows) -> tuple[Book, Writing]:
        """The Book as of this transaction."""
        if self._remembered is not None:
            book, writing, seen = self._remembered
            writing.begin(rows)
            if writing.head - seen <= FOLLOWED_AT_MOST:
                others = rows.page(seen, writing.head, FOLLOWED_AT_MOST) if writing.head > seen else []
                for entry in others:
                    writing.follow(entry)
                    book.take(entry)
                return book, writing
        writing = Writing(rows)
        return Book(writing), writing

    def _begin(self, keys: Path | None) -> None:
        """A new ledger's first entries, in the transaction that makes its tables; nothing if another process was quicker.
        With `keys` it remembers the key store there, made if need be, as the one that it is sealed with."""
        documents = builtin_documents()
        with self.writing() as transaction:
            if transaction.rows.head() == 0:
                if keys is not None:
                    transaction.rows.keep_key_store(key_store_of_a_new_ledger(keys))
                transaction.publish(documents)

    # Forgetting -----------------------------------------------------------------------------------------------------

    def forget(self, kind: Kind, name: str) -> list[int]:
        """Forgets a person, or a client: its key is destroyed, then a `PersonForgotten` recorded for it. The positions of
        those; none if no key is kept for that name. Killed between the two, it is finished by asking again. LedgerError if
        the ledger is not sealed, or its key store is not there."""
        with self._lock:
            if self._seals is None:
                raise LedgerError(_NOT_SEALED)
            with self.writing() as transaction:
                subjects = self._seals.destroy(kind, name)
                positions = transaction.forget(subjects)
            if subjects:
                self._seals.drop(subjects)
            return positions

    @property
    def seals(self) -> Seals:
        """What seals this ledger. LedgerError if it is not sealed."""
        if self._seals is None:
            raise LedgerError(_NOT_SEALED)
        return self._seals

    def fingerprint(self) -> Fingerprint:
        """By which a recorded text is known again without being kept. LedgerError if the key store is not there."""
        return plain_fingerprint if self._seals is None else self._seals.fingerprint()

    def supposed(self, event: AnyEvent) -> AnyEvent:
        """The event as it would be recorded, its personal texts sealed, and nothing written. LedgerError if the key store is
        not there."""
        if self._seals is None:
            return event
        client = client_concerned(event, lambda stream: next((it.event for it in self.stream(stream)), None), self.entry)
        return self._seals.sealed_as_known(event, client)

    def unsealed(self) -> Unsealed:
        """How entries are shown now, with the keys there are: ask anew for every answer, since keys may be destroyed."""
        return Unsealed(self._seals, self.forgotten)

    def forgotten(self) -> frozenset[str]:
        """The subjects whose keys were destroyed, by the tombstones recorded."""
        found = (it.event for it in self.stream("desk"))
        return frozenset(it.subject for it in found if isinstance(it, PersonForgotten))

    # Reading --------------------------------------------------------------------------------------------------------

    def reading(self, what: str) -> AbstractContextManager[Rows]:
        """One consistent view of the stored rows; `what` (marked with `said`) tells what is read, should that fail."""
        return self._store.reading(what)

    def head(self) -> int:
        """The position of the last entry; 0 in an empty ledger."""
        with self.reading(said("asking for the last position")) as rows:
            return rows.head()

    def wait_for_news(self, after: int, timeout_seconds: float) -> int:
        """The position of the last entry, as soon as it is beyond `after`, or else when that time has passed."""
        return self._store.wait_for_news(after, timeout_seconds)

    def entries(self, after: int = 0, upto: int | None = None) -> Iterator[Entry]:
        """The entries with after < position ≤ upto (all there are when it begins), in order, a page at a time."""
        last = self.head() if upto is None else upto

        def read(before: Entry | None) -> list[Entry]:
            with self.reading(said("reading entries")) as rows:
                return rows.page(after if before is None else before.position, last, PAGE)

        for page in pages(read, PAGE):
            yield from page

    def stream(self, name: str) -> list[Entry]:
        """All entries of one stream, by version; empty if there is none."""
        with self.reading(said("reading a stream")) as rows:
            return rows.stream(name)

    def streams_named(self, names: Sequence[str]) -> Iterator[tuple[str, list[Entry]]]:
        """The streams of these names, in that order, each with all its entries by version; many are read at once."""
        for first in range(0, len(names), STREAMS_AT_ONCE):
            with self.reading(said("reading a stream")) as rows:
                some = names[first : first + STREAMS_AT_ONCE]
                together = rows.streams_named(list(dict.fromkeys(some)))
            yield from ((name, together[name]) for name in some)

    def streams(self, kind: str, upto: int | None = None, names: Names = ALL) -> Iterator[tuple[str, list[Entry]]]:
        """Every stream of a kind (`ticket`, `client`, `policy`, `terms`, `desk`) with its entries, by name, one at a time; of
        what is recorded up to a position (all there is when it begins). `names` narrows it to a part of `divided`."""
        last = self.head() if upto is None else upto
        first, beyond = names

        def read(before: Entry | None) -> list[Entry]:
            stream, version = (first, 0) if before is None else (before.stream, before.version)
            with self.reading(said("reading streams")) as rows:
                return rows.kind_page(kind, stream, version, last, PAGE)

        together: list[Entry] = []
        for page in pages(read, PAGE):
            for entry in page:
                if not together or together[0].stream != entry.stream:
                    if together:
                        yield together[0].stream, together
                    together = []
                    if beyond is not None and entry.stream >= beyond:
                        return
                together.append(entry)
        if together:
            yield together[0].stream, together

    def names(self, kind: str) -> list[str]:
        """The names of the streams of a kind, in order; none of their entries is read."""
        with self.reading(said("reading streams")) as rows:
            return rows.names(kind)

    def divided(self, kind: str, upto: int) -> list[Names]:
        """The names of the streams of a kind divided into parts that hold about as many entries each, by name: what is recorded
        up to a position is looked at here and there."""
        step = max(1, PART_ENTRIES // _LOOKS_A_PART, upto // _MOST_LOOKS)
        with self.reading(said("reading streams")) as rows:
            seen = sorted(name for at in range(1, upto + 1, step) if (name := rows.stream_at(at)).startswith(kind + ":"))
        borders = sorted(set(seen[_LOOKS_A_PART::_LOOKS_A_PART]))
        return list(zip(["", *borders], [*borders, None], strict=True))

    def streams_of(self, client: str) -> list[str]:
        """The streams of a client's policies, then of its tickets, each in the order in which they began."""
        with self.reading(said("reading the streams of a client")) as rows:
            return rows.streams_of(client, "policy") + rows.streams_of(client, "ticket")

    def entry(self, reference: int | str) -> Entry | None:
        """The entry at a position (a number); or the one with this key, else with this id (a string)."""
        with self.reading(said("looking an entry up")) as rows:
            return rows.entry(reference)

    def position_at(self, moment: datetime) -> int:
        """The highest position recorded by that moment (aware), itself included; 0 if none was."""
        with self.reading(said("looking a moment up")) as rows:
            low, high = 0, rows.head()
            while low < high:
                middle = (low + high + 1) // 2
                recorded_at = rows.recorded_at(middle)
                if recorded_at is None:
                    raise LedgerError(said("there is no entry at position {position}: the ledger is damaged"), position=middle)
                low, high = (middle, high) if recorded_at <= moment else (low, middle - 1)
            return low
