"""An export back into a ledger: every entry at the position, version, time and under the id it had, all of them checked.

The rules of admission are not run again: what was recorded once is history. Personal texts are sealed again, under the same
keys as before if they are there; what is sealed in the export stays so. The ledger appears complete or not at all, and never
in the place of another file.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from adapters.key_store import made_key_store
from adapters.lines import Line, lines_of
from adapters.mapper import LedgerError, key_of, position_in
from adapters.sealing import Seals, keys_beside
from adapters.sqlite import SQLiteStore
from adapters.writing import VERSIONS_REMEMBERED, Writing
from domain.events import AnyEvent, Attendance, Entry, EntryVoided, SessionHeld, stream_of
from domain.personal import client_concerned
from domain.refusal import said
from domain.shape import MAX_LINE_BYTES

_BATCH_LINES = 5_000
_LONGEST_BYTES = 2 * MAX_LINE_BYTES
"""An entry that was taken, with what the ledger adds to it."""
_EXISTS = said("{path} exists already; an export is restored into a ledger that does not")
_OWN_FIELDS = ("position", "stream", "version", "recorded_at", "id")


class _Added(Struct, frozen=True):
    """What only the ledger adds to an entry."""

    position: int
    stream: str
    version: int
    recorded_at: datetime
    id: str


class _Wrong(Exception):
    """What is wrong with a line: the field, and a template with values."""

    def __init__(self, field: str, template: str, **values: object) -> None:
        super().__init__(field)
        self.field, self.template, self.values = field, template, values


def restore(source: Path, ledger: Path, keys: Path | None = None) -> int:
    """Builds the ledger of an export (`bitacora export entries`) and returns how many entries it holds. It is sealed with the
    keys at `keys` (beside the ledger by default), made if there are none.

    LedgerError if a ledger is there already, if the export cannot be read, or naming the line and field of the first thing
    that is wrong; then no ledger is made."""
    if ledger.exists():
        raise LedgerError(_EXISTS, path=ledger)
    keys = keys or keys_beside(ledger)
    had_keys = keys.exists()
    try:
        # Beside its final place, so that the last step is one rename within a file system.
        folder = Path(tempfile.mkdtemp(prefix=f".{ledger.name}.", dir=ledger.absolute().parent))
        try:
            restored = _fill(source, folder / "ledger.db", keys)
            _put_in_place(folder / "ledger.db", ledger)
        except BaseException:
            if not had_keys:
                keys.unlink(missing_ok=True)
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise LedgerError(
            said("{path} cannot be restored: {problem}"), path=error.filename or source, problem=error.strerror or error
        ) from None
    return restored


def _fill(source: Path, path: Path, keys: Path) -> int:
    store = SQLiteStore(path, create=True)
    seals = Seals(keys, made_key_store(keys))
    try:
        with source.open("rb") as stream, store.writing() as rows:
            rows.keep_key_store(seals.store.id)
            writing = Writing(rows)
            checks = _Checks(writing, seals)
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

    def __init__(self, writing: Writing, seals: Seals) -> None:
        self._writing = writing
        self._seals = seals
        self._begun: dict[str, AnyEvent] = {}
        self._last: datetime | None = None
        self._foreign_ids: set[str] = set()

    def take(self, line: Line) -> None:
        """One more line. LedgerError naming the line and the field."""
        try:
            self._take(line)
        except _Wrong as wrong:
            raise LedgerError(wrong.template, line=line.number, field=wrong.field, **wrong.values) from None

    def _take(self, line: Line) -> None:
        raw = _object(line)
        own = {name: raw.pop(name) for name in _OWN_FIELDS if name in raw}
        added = _converted(own, _Added)
        event = _in_utc(_converted(raw, AnyEvent))
        recorded_at = _utc(added.recorded_at, "recorded_at")
        self._check_place(added, event)
        self._check_time(recorded_at)
        self._check_id(added)
        key = key_of(event)
        if key is not None:
            self._check_key(key)
        event = self._seals.seal(event, client_concerned(event, self._first, self._writing.entry), again=True)
        entry = self._writing.add(added.stream, event, recorded_at, added.id)
        self._remember(entry)
        if entry.version != added.version:
            template = said("line {line}, field {field}: version {found} of {stream}, where {expected} comes next")
            raise _Wrong("version", template, found=added.version, stream=added.stream, expected=entry.version)
        if key is not None:
            self._writing.keep_key(key, entry.position)

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

    def _check_place(self, added: _Added, event: AnyEvent) -> None:
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
        self._last = recorded_at

    def _check_id(self, added: _Added) -> None:
        """A uuid as we write them; ids that do not lead to their own position are remembered, to find one given twice."""
        try:
            canonical = str(UUID(added.id)) == added.id
        except ValueError:
            canonical = False
        if not canonical:
            raise _Wrong("id", said("line {line}, field {field}: {id} is not a uuid in its usual form"), id=added.id)
        if position_in(added.id) == added.position:
            return
        if added.id in self._foreign_ids:
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


def _object(line: Line) -> dict[str, Any]:
    if len(line.content) > _LONGEST_BYTES:
        raise _Wrong("", said("line {line}: it is too long to be an entry"))
    try:
        raw = msgspec.json.decode(line.content)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise _Wrong("", said("line {line}: it is not a JSON object: {problem}"), problem=error) from None
    if not isinstance(raw, dict):
        raise _Wrong("", said("line {line}: it is not a JSON object"))
    return raw


def _converted(raw: dict[str, Any], kind: Any) -> Any:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        field = path.rstrip("`").lstrip(".")
        if not field and "`" in message:
            field = message.split("`")[1]
        raise _Wrong(field, said("line {line}, field {field}: {problem}"), problem=message) from None


def _utc(moment: datetime, field: str) -> datetime:
    if moment.tzinfo is None:
        raise _Wrong(field, said("line {line}, field {field}: a time needs its offset"))
    return moment.astimezone(UTC)


def _in_utc(event: AnyEvent) -> AnyEvent:
    """The event with every time in UTC, as it was stored. _Wrong for a time without an offset."""
    changed: dict[str, Any] = dict(_times_in_utc(event, ""))
    if isinstance(event, SessionHeld):
        changed["consultants"] = tuple(
            msgspec.structs.replace(one, **dict(_times_in_utc(one, f"consultants[{number}].")))
            for number, one in enumerate(event.consultants)
        )
    replaced: AnyEvent = msgspec.structs.replace(event, **changed)
    return replaced


def _times_in_utc(struct: AnyEvent | Attendance, path: str) -> Iterator[tuple[str, datetime]]:
    for name, shown in zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True):
        value = getattr(struct, name)
        if isinstance(value, datetime):
            yield name, _utc(value, path + shown)
