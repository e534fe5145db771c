"""The tables of a ledger's Merkle tree: tiles of 256 hashes, the signed checkpoints, and the time stamps over them.

Tiles only grow, and so do the checkpoints. It hashes and signs nothing, and believes nothing it did not write: see `growing`,
`proving` and `verifying`.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from adapters.stores.rows import Row, Rows
from replay.merkle import HASH_BYTES, TILE_WIDTH

_REFUSED = "BEGIN SELECT RAISE(ABORT, 'a ledger is never changed: {verb} on {table} is refused'); END"
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS tree_tiles (level INTEGER NOT NULL, tile INTEGER NOT NULL, width INTEGER NOT NULL,"
    " hashes BLOB NOT NULL, PRIMARY KEY (level, tile))",
    "CREATE TABLE IF NOT EXISTS checkpoints (size INTEGER PRIMARY KEY, note BLOB NOT NULL, made_at TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS checkpoint_anchors (size INTEGER NOT NULL REFERENCES checkpoints, digest TEXT NOT NULL,"
    " token BLOB NOT NULL, PRIMARY KEY (size, digest)) WITHOUT ROWID",
    # A tile that is not full yet may only grow, the hashes it has staying as they are.
    "CREATE TRIGGER IF NOT EXISTS tree_tiles_only_grow BEFORE UPDATE ON tree_tiles"
    " WHEN NEW.level <> OLD.level OR NEW.tile <> OLD.tile OR NEW.width <= OLD.width OR NEW.width > 256"
    " OR length(NEW.hashes) <> 32 * NEW.width OR substr(NEW.hashes, 1, 32 * OLD.width) <> OLD.hashes "
    + _REFUSED.format(verb="UPDATE", table="tree_tiles"),
    "CREATE TRIGGER IF NOT EXISTS tree_tiles_refuse_replace BEFORE INSERT ON tree_tiles"
    " WHEN EXISTS (SELECT 1 FROM tree_tiles WHERE level = NEW.level AND tile = NEW.tile) "
    + _REFUSED.format(verb="REPLACE", table="tree_tiles"),
    "CREATE TRIGGER IF NOT EXISTS checkpoints_refuse_smaller BEFORE INSERT ON checkpoints"
    " WHEN NEW.size <= (SELECT coalesce(max(size), -1) FROM checkpoints) "
    + _REFUSED.format(verb="INSERT of an older one", table="checkpoints"),
    "CREATE TRIGGER IF NOT EXISTS checkpoint_anchors_refuse_replace BEFORE INSERT ON checkpoint_anchors"
    " WHEN EXISTS (SELECT 1 FROM checkpoint_anchors WHERE size = NEW.size AND digest = NEW.digest) "
    + _REFUSED.format(verb="REPLACE", table="checkpoint_anchors"),
    "CREATE TRIGGER IF NOT EXISTS tree_tiles_refuse_delete BEFORE DELETE ON tree_tiles "
    + _REFUSED.format(verb="DELETE", table="tree_tiles"),
    *(
        f"CREATE TRIGGER IF NOT EXISTS {table}_refuse_{verb.lower()} BEFORE {verb} ON {table} "
        + _REFUSED.format(verb=verb, table=table)
        for table in ("checkpoints", "checkpoint_anchors")
        for verb in ("UPDATE", "DELETE")
    ),
)  # fmt: skip


class StoredCheckpoint(NamedTuple):
    """A signed checkpoint as it was shown: the size of its tree, its note, and when it was made by the ledger's clock (UTC)."""

    size: int
    note: bytes
    made_at: str


class TreeRows(Rows):
    """The tables of the tree, and the stored bytes, as one transaction sees them. Raises as `Rows`."""

    def prepare(self) -> None:
        """Makes the tables, in a ledger that has none yet."""
        if not self.is_prepared():
            self._make_tables()

    def _make_tables(self) -> None:
        for statement in _SCHEMA:
            self._session.run(statement)

    def clear(self) -> None:
        """Takes every tile away, to be made anew; see `rows.LedgerSession.drop_tiles`."""
        self._session.drop_tiles()
        if not self._session.has_table("tree_tiles"):
            self._make_tables()

    def is_prepared(self) -> bool:
        """Whether the tables are there."""
        return self._session.has_table("checkpoint_anchors")

    def raw(self, after: int, upto: int, limit: int) -> list[Row]:
        """At most `limit` rows with after < position ≤ upto just as they are stored, by position."""
        return self._all(
            "SELECT rowid, originator_id, originator_version, topic, state FROM stored_events"
            " WHERE rowid > ? AND rowid <= ? ORDER BY rowid LIMIT ?", after, upto, limit,
        )  # fmt: skip

    def raw_stream(self, name: str, upto: int) -> list[Row]:
        """The rows of a stream up to a position just as they are stored, by version."""
        return self._all(
            "SELECT rowid, originator_id, originator_version, topic, state FROM stored_events"
            " WHERE originator_id = ? AND rowid <= ? ORDER BY originator_version", name, upto,
        )  # fmt: skip

    def raw_stream_page(self, name: str, after: int, upto: int, limit: int) -> list[Row]:
        """At most `limit` rows of a stream with after < position ≤ upto just as they are stored, by version."""
        return self._all(
            "SELECT rowid, originator_id, originator_version, topic, state FROM stored_events"
            " WHERE originator_id = ? AND rowid > ? AND rowid <= ? ORDER BY originator_version LIMIT ?",
            name, after, upto, limit,
        )  # fmt: skip

    def covered(self) -> int:
        """How many entries, from the first on, the tiles cover."""
        if not self.is_prepared():
            return 0
        row = next(iter(self._all("SELECT tile, width FROM tree_tiles WHERE level = 0 ORDER BY tile DESC LIMIT 1")), (0, 0))
        return int(row[0]) * TILE_WIDTH + int(row[1])

    def tile(self, level: int, tile: int) -> bytes:
        """The hashes in a tile, one after the other; empty if it is not there."""
        found: bytes | None = self._one("SELECT hashes FROM tree_tiles WHERE level = ? AND tile = ?", level, tile)
        return b"" if found is None else found

    def grow(self, level: int, tile: int, hashes: bytes) -> None:
        """A tile, new or wider than it was."""
        width = len(hashes) // HASH_BYTES
        statement = "UPDATE tree_tiles SET width = ?, hashes = ? WHERE level = ? AND tile = ?"
        if not self._session.run(statement, width, hashes, level, tile):
            self._session.run("INSERT INTO tree_tiles VALUES (?, ?, ?, ?)", level, tile, width, hashes)

    def tile_widths(self) -> list[tuple[int, int, int, int]]:
        """Every tile: level, tile, the width it claims and the bytes it has."""
        return (
            self._all("SELECT level, tile, width, length(hashes) FROM tree_tiles ORDER BY 1, 2") if self.is_prepared() else []
        )

    def ever_recorded(self) -> int:
        """The last position ever given, even if its entry should be gone."""
        return self._session.ever_recorded()

    def all_keys(self) -> Iterable[tuple[str, int]]:
        """Every key with the position it leads to; to be read before anything else is asked."""
        return self._session.each("SELECT key, position FROM entry_keys")

    def all_client_streams(self) -> Iterable[tuple[str, str]]:
        """Every (client, stream) pair; to be read before anything else is asked."""
        return self._session.each("SELECT client, stream FROM client_streams")

    def streams_begun_after(self, position: int) -> set[str]:
        """The streams whose first entry stands after a position."""
        found = self._all("SELECT originator_id FROM stored_events WHERE rowid > ? AND originator_version = 1", position)
        return {name for (name,) in found}

    def contingencies(self) -> dict[str, str]:
        """All contingencies with the streams they lead to."""
        return dict(self._all("SELECT contingency, stream FROM contingency_streams"))

    def damage(self) -> str | None:
        """What the database itself finds wrong with how the entries lie on the disk, and their indexes; None if nothing."""
        return self._session.damage()

    def checkpoints(self) -> list[StoredCheckpoint]:
        """All signed checkpoints, by size."""
        if not self.is_prepared():
            return []
        return [StoredCheckpoint(*row) for row in self._all("SELECT size, note, made_at FROM checkpoints ORDER BY size")]

    def checkpoints_after(self, size: int, limit: int) -> list[StoredCheckpoint]:
        """At most `limit` signed checkpoints over more entries than that, by size."""
        if not self.is_prepared():
            return []
        found = self._all("SELECT size, note, made_at FROM checkpoints WHERE size > ? ORDER BY size LIMIT ?", size, limit)
        return [StoredCheckpoint(*row) for row in found]

    def last_checkpoint(self) -> StoredCheckpoint | None:
        """The one over most entries."""
        if not self.is_prepared():
            return None
        row = next(iter(self._all("SELECT size, note, made_at FROM checkpoints ORDER BY size DESC LIMIT 1")), None)
        return None if row is None else StoredCheckpoint(*row)

    def checkpoint_of(self, size: int) -> StoredCheckpoint | None:
        """The one over exactly so many entries."""
        if not self.is_prepared():
            return None
        row = next(iter(self._all("SELECT size, note, made_at FROM checkpoints WHERE size = ?", size)), None)
        return None if row is None else StoredCheckpoint(*row)

    def keep_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        """One more, larger than all before it (an integrity error otherwise)."""
        self._session.run("INSERT INTO checkpoints VALUES (?, ?, ?)", *checkpoint)

    def anchors(self) -> list[tuple[int, bytes]]:
        """The time stamps kept, each with the size of the checkpoint it is of."""
        return self._all("SELECT size, token FROM checkpoint_anchors ORDER BY size, digest") if self.is_prepared() else []

    def keep_anchor(self, size: int, token: bytes) -> None:
        """A time stamp over the checkpoint of this size; the same one again changes nothing."""
        digest = sha256(token).hexdigest()
        if not self._all("SELECT 1 FROM checkpoint_anchors WHERE size = ? AND digest = ?", size, digest):
            self._session.run("INSERT INTO checkpoint_anchors VALUES (?, ?, ?)", size, digest, token)
