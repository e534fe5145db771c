"""An export back into a ledger: every entry at the position, version, time and under the id it had, all of them checked.

The rules of admission are not run again: each entry was judged once, by the clock, the entries and the program of its day, and
a later program may judge otherwise; what was recorded then is history, and refusing it now would lose it. What is checked is
what every ledger had to be at any time: see `grounds`. Personal texts are sealed again, under the same keys as before if those
are there; what is sealed in the export stays so. The ledger appears complete or not at all, and never over another file.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from adapters.files.grounds import Grounds
from adapters.files.lines import Line, lines_of
from adapters.files.targets import files_of
from adapters.ledger import utc_now
from adapters.mapper import Added, LedgerError, key_of, position_in
from adapters.personal.key_store import made_key_store
from adapters.personal.sealing import Seals, keys_beside
from adapters.settings import ledger_path
from adapters.stores.places import Store, opened
from adapters.stores.writing import VERSIONS_REMEMBERED, Writing
from domain.admission import CLOCK_TOLERANCE
from domain.events import AnyEvent, Entry, EntryVoided, stream_of
from domain.personal import client_concerned
from domain.refusal import Refused, said
from domain.shape import MAX_LINE_BYTES, read_added, read_recorded

_BATCH_LINES = 5_000
_LONGEST_BYTES = 2 * MAX_LINE_BYTES
"""An entry that was taken, with what the ledger adds to it."""
_EXISTS = said("{path} exists already; an export is restored into a ledger that does not")


class _Wrong(Exception):
    """What is wrong with a line: the field, and a template with values."""

    def __init__(self, field: str, template: str, **values: object) -> None:
        super().__init__(field)
        self.field, self.template, self.values = field, template, values


def restore(source: Path, ledger: Path | str, keys: Path | None = None, clock: Callable[[], datetime] = utc_now) -> int:
    """Builds the ledger of an export (`bitacora export entries`) at a path or URL and returns how many entries it holds. It is
    sealed with the keys at `keys` (where the store says, by default), made if there are none. `clock` gives aware times.

    LedgerError if a ledger, or the log of one, is there already, if the export cannot be read, or naming the line and field of
    the first thing that is wrong; then no ledger is made."""
    path = ledger_path(str(ledger))
    try:
        if path is None:
            return _into_server(source, str(ledger), keys, clock())
        return _into_file(source, path, keys or keys_beside(path), clock())
    except OSError as error:
        raise LedgerError(
            said("{path} cannot be restored: {problem}"), path=error.filename or source, problem=error.strerror or error
        ) from None


def _into_file(source: Path, ledger: Path, keys: Path, now: datetime) -> int:
    for path in files_of(ledger):
        if path.exists():
            raise LedgerError(_EXISTS, path=ledger if path == ledger.resolve() else path)
    # Beside its final place, so that the last step is one rename within a file system.
    folder = Path(tempfile.mkdtemp(prefix=f".{ledger.name}.", dir=ledger.absolute().parent))
    try:
        with _gone_if_it_fails(keys):
            restored = _fill(source, opened(str(folder / "ledger.db"), create=True), keys, now)
            _put_in_place(folder / "ledger.db", ledger)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return restored


def _into_server(source: Path, url: str, keys: Path | None, now: datetime) -> int:
    """Into an empty database: in one transaction it is all there, or nothing is."""
    store = opened(url, create=True)
    keys = keys or store.keys
    with _gone_if_it_fails(keys):
        return _fill(source, store, keys, now)


@contextmanager
def _gone_if_it_fails(keys: Path) -> Iterator[None]:
    """A key store that was made only for what then failed is removed again."""
    had_keys = keys.exists()
    try:
        yield
    except BaseException:
        if not had_keys:
            keys.unlink(missing_ok=True)
        raise


def _fill(source: Path, store: Store, keys: Path, now: datetime) -> int:
    """Writes all of an export into a store, and closes it."""
    seals = None
    try:
        with source.open("rb") as stream, store.writing() as rows:
            if rows.head():
                raise LedgerError(_EXISTS, path=store.name)
            seals = Seals(keys, made_key_store(keys))
            rows.keep_key_store(seals.store.id)
            writing = Writing(rows)
            checks = _Checks(writing, seals, now)
            lines = lines_of(stream, _LONGEST_BYTES)
            while batch := list(islice(lines, _BATCH_LINES)):
                for line in batch:
                    checks.take(line)
                writing.store()
            if not writing.head:
                raise LedgerError(said("{path} has no entries"), path=source)
            seals.commit()
            return writing.head
    finally:
        if seals is not None:
            seals.close()
        store.close()


def _put_in_place(made: Path, ledger: Path) -> None:
    """The finished file under its name; refused if another appeared there meanwhile, where links exist to tell."""
    try:
        os.link(made, ledger)
    except FileExistsError:
        raise LedgerError(_EXISTS, path=ledger) from None
    except OSError:
        made.rename(ledger)
    folder = os.open(ledger.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class _Checks:
    """Takes the lines in order; each must continue what came before it."""

    def __init__(self, writing: Writing, seals: Seals, now: datetime) -> None:
        self._writing = writing
        self._seals = seals
        self._begun: dict[str, AnyEvent] = {}
        self._latest = now + CLOCK_TOLERANCE
        self._grounds = Grounds()
        self._last: datetime | None = None
        self._foreign_ids: set[str] = set()

    def take(self, line: Line) -> None:
        """One more line. LedgerError naming the line and the field."""
        try:
            self._take(line)
        except _Wrong as wrong:
            raise LedgerError(wrong.template, line=line.number, field=wrong.field, **wrong.values) from None
        except Refused as refused:
            where = said("line {line}, field {field}: {problem}") if refused.field else said("line {line}: {problem}")
            raise LedgerError(where, line=line.number, field=refused.field, problem=refused) from None

    def _take(self, line: Line) -> None:
        event, own = _read(line)
        added = read_added(Added, own, type(event).__name__)
        recorded_at = added.recorded_at
        self._check_place(added, event)
        self._check_time(recorded_at)
        self._check_id(added)
        key = key_of(event)
        if key is not None:
            self._check_key(key)
        event = self._seals.seal(event, client_concerned(event, self._first, self._writing.entry), again=True)
        entry = self._writing.add(added.stream, event, recorded_at, added.id, added.recorded_by)
        self._remember(entry)
        if entry.version != added.version:
            template = said("line {line}, field {field}: version {found} of {stream}, where {expected} comes next")
            raise _Wrong("version", template, found=added.version, stream=added.stream, expected=entry.version)
        if key is not None:
            self._writing.keep_key(key, entry.position)
        self._grounds.take(entry)

    def _remember(self, entry: Entry) -> None:
        """What begins a stream says whose the stream is."""
        if entry.version == 1:
            if len(self._begun) >= VERSIONS_REMEMBERED:
                self._begun.clear()
            self._begun[entry.stream] = entry.event

    def _first(self, stream: str) -> AnyEvent | None:
        if stream in self._begun:
            return self._begun[stream]
        return next((it.event for it in self._writing.stream(stream)), None)

    def _check_place(self, added: Added, event: AnyEvent) -> None:
        expected = self._writing.head + 1
        if added.position != expected:
            raise _Wrong(
                "position",
                said("line {line}, field {field}: {found}, where {expected} comes next"),
                found=added.position,
                expected=expected,
            )
        stream = self._stream_of(event)
        if added.stream != stream:
            raise _Wrong(
                "stream",
                said("line {line}, field {field}: {found}, where {expected} is expected"),
                found=added.stream,
                expected=stream,
            )

    def _stream_of(self, event: AnyEvent) -> str:
        if not isinstance(event, EntryVoided):
            return stream_of(event)
        voided = self._writing.entry(event.entry)
        if voided is None:
            raise _Wrong(
                "entry", said("line {line}, field {field}: {entry} is not an entry before this one"), entry=event.entry
            )
        return voided.stream

    def _check_time(self, recorded_at: datetime) -> None:
        if self._last is not None and recorded_at < self._last:
            raise _Wrong("recorded_at", said("line {line}, field {field}: it lies before that of the entry before"))
        if recorded_at > self._latest:
            raise _Wrong("recorded_at", said("line {line}, field {field}: it lies more than 5 minutes ahead of the clock"))
        self._last = recorded_at

    def _check_id(self, added: Added) -> None:
        """A uuid as we write them; ids that do not lead to their own position are remembered, to find one given twice."""
        try:
            canonical = str(UUID(added.id)) == added.id
        except ValueError:
            canonical = False
        if not canonical:
            raise _Wrong("id", said("line {line}, field {field}: {id} is not a uuid in its usual form"), id=added.id)
        leads_to = position_in(added.id)
        if leads_to == added.position and added.id not in self._foreign_ids:
            return
        there = None if leads_to is None else self._writing.entry(leads_to)
        if added.id in self._foreign_ids or (there is not None and there.id == added.id):
            raise _Wrong("id", said("line {line}, field {field}: {id} is the id of an entry before this one"), id=added.id)
        self._foreign_ids.add(added.id)

    def _check_key(self, key: str) -> None:
        if known := self._writing.positions([key]):
            raise _Wrong(
                "key",
                said("line {line}, field {field}: {key} is the key of the entry at position {position}"),
                key=key,
                position=known[key],
            )


def _read(line: Line) -> tuple[AnyEvent, dict[str, Any]]:
    """The event and what the ledger added to it."""
    if len(line.content) > _LONGEST_BYTES:
        raise _Wrong("", said("line {line}: it is too long to be an entry"))
    return read_recorded(line.content, Added.__struct_fields__)
