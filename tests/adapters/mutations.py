"""What someone may do to a ledger behind its back who owns the file: to rows, to what was signed, to both."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import suppress

from adapters.signing import Signer
from adapters.tree import TreeRows, hashes_from
from replay import merkle
from replay.notes import Checkpoint, read_note
from tests.adapters.sealed import FIRST, ORIGIN, SECOND, rebuild_tree

# To the rows. Each returns the first position that is no longer what was signed.


def flip_state(rows: sqlite3.Connection, rng: random.Random) -> int:
    position = rng.randint(1, SECOND)
    (state,) = rows.execute("SELECT state FROM stored_events WHERE rowid = ?", (position,)).fetchone()
    rows.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", (flipped(state, rng), position))
    return position


def flip_stream(rows: sqlite3.Connection, rng: random.Random) -> int:
    """Where the stream it then has does not have that version already."""
    while True:
        position = rng.randint(1, SECOND)
        (stream,) = rows.execute("SELECT originator_id FROM stored_events WHERE rowid = ?", (position,)).fetchone()
        changed = flipped(stream.encode(), rng)
        with suppress(sqlite3.IntegrityError):
            rows.execute("UPDATE stored_events SET originator_id = CAST(? AS TEXT) WHERE rowid = ?", (changed, position))
            return position


def flip_topic(rows: sqlite3.Connection, rng: random.Random) -> int:
    position = rng.randint(1, SECOND)
    (topic,) = rows.execute("SELECT topic FROM stored_events WHERE rowid = ?", (position,)).fetchone()
    changed = flipped(topic.encode(), rng)
    rows.execute("UPDATE stored_events SET topic = CAST(? AS TEXT) WHERE rowid = ?", (changed, position))
    return position


def flip_version(rows: sqlite3.Connection, rng: random.Random) -> int:
    return flip_number(rows, rng, "originator_version")


def flip_position(rows: sqlite3.Connection, rng: random.Random) -> int:
    return flip_number(rows, rng, "rowid")


def flip_number(rows: sqlite3.Connection, rng: random.Random, column: str) -> int:
    """Any of the 64 bits, of a row where the number it then has is not that of another."""
    while True:
        position, bit = rng.randint(1, SECOND), rng.randrange(64)
        (before,) = rows.execute(f"SELECT {column} FROM stored_events WHERE rowid = ?", (position,)).fetchone()
        after = before ^ (-(1 << 63) if bit == 63 else 1 << bit)
        with suppress(sqlite3.IntegrityError):
            rows.execute(f"UPDATE stored_events SET {column} = ? WHERE rowid = ?", (after, position))
            return position


def flip_kind_of_column(rows: sqlite3.Connection, rng: random.Random) -> int:
    """The same bytes, stored as another kind of value."""
    position = rng.randint(1, SECOND)
    column, kind = rng.choice([("state", "TEXT"), ("originator_id", "BLOB"), ("topic", "BLOB")])
    rows.execute(f"UPDATE stored_events SET {column} = CAST({column} AS {kind}) WHERE rowid = ?", (position,))
    return position


def drop(rows: sqlite3.Connection, rng: random.Random) -> int:
    position = rng.randint(1, SECOND)
    rows.execute("DELETE FROM stored_events WHERE rowid = ?", (position,))
    return position


def drop_and_close_the_gap(rows: sqlite3.Connection, rng: random.Random) -> int:
    position = rng.randint(1, SECOND)
    rows.execute("DELETE FROM stored_events WHERE rowid = ?", (position,))
    shift(rows, position + 1, -1)
    rows.execute("UPDATE sqlite_sequence SET seq = seq - 1 WHERE name = 'stored_events'")
    return position


def swap(rows: sqlite3.Connection, rng: random.Random) -> int:
    first, second = sorted(rng.sample(range(1, SECOND + 1), 2))
    for here, there in ((first, -1), (second, first), (-1, second)):
        rows.execute("UPDATE stored_events SET rowid = ? WHERE rowid = ?", (there, here))
    return first


def swap_bytes(rows: sqlite3.Connection, rng: random.Random) -> int:
    first, second = sorted(rng.sample(range(1, SECOND + 1), 2))
    held = dict(rows.execute("SELECT rowid, state FROM stored_events WHERE rowid IN (?, ?)", (first, second)).fetchall())
    for here, there in ((first, second), (second, first)):
        rows.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", (held[there], here))
    return first


def insert(rows: sqlite3.Connection, rng: random.Random) -> int:
    position = rng.randint(1, SECOND)
    row = rows.execute("SELECT topic, state FROM stored_events WHERE rowid = ?", (rng.randint(1, SECOND),)).fetchone()
    shift(rows, position, 1)
    rows.execute("INSERT INTO stored_events VALUES (?, 'ticket:T-9', 1, ?, ?)", (position, *row))
    return position


def truncate(rows: sqlite3.Connection, rng: random.Random) -> int:
    position = rng.randint(3, SECOND)
    rows.execute("DELETE FROM stored_events WHERE rowid >= ?", (position,))
    rows.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'stored_events'", (position - 1,))
    return position


def renumber(rows: sqlite3.Connection, rng: random.Random) -> int:
    position = rng.randint(1, SECOND)
    shift(rows, position, rng.choice([1, 2, 1000]))
    return position


def renumber_versions(rows: sqlite3.Connection, rng: random.Random) -> int:
    stream, version = f"ticket:T-{rng.randint(1, 3)}", rng.randint(1, 100)
    (position,) = rows.execute(
        "SELECT rowid FROM stored_events WHERE originator_id = ? AND originator_version = ?", (stream, version)
    ).fetchone()
    rows.execute("UPDATE stored_events SET originator_version = -originator_version - 1 WHERE originator_id = ?"
                 " AND originator_version >= ?", (stream, version))  # fmt: skip
    rows.execute("UPDATE stored_events SET originator_version = -originator_version WHERE originator_version < 0")
    return int(position)


def append(rows: sqlite3.Connection, rng: random.Random) -> int:
    """One more row at the end, which nobody recorded: another one's bytes."""
    row = rows.execute("SELECT topic, state FROM stored_events WHERE rowid = ?", (rng.randint(1, SECOND),)).fetchone()
    rows.execute("INSERT INTO stored_events VALUES (?, 'ticket:T-9', 1, ?, ?)", (SECOND + 1, *row))
    return SECOND + 1


# To what was signed. Each returns the size of the checkpoint that is no longer what it was. Another key is at hand.


def re_sign(rows: sqlite3.Connection, rng: random.Random, other: Signer) -> int:
    size, note = rng.choice(rows.execute("SELECT size, note FROM checkpoints").fetchall())
    rows.execute("UPDATE checkpoints SET note = ? WHERE size = ?", (other.sign(read_note(note).text), size))
    return int(size)


def re_sign_all_after_a_forgery(rows: sqlite3.Connection, rng: random.Random, other: Signer) -> int:
    """History rewritten, its tree made again, and every checkpoint with it: only the key tells."""
    forge_amount(rows, rng)
    rebuild_tree(rows)
    hash_at = hashes_from(TreeRows(rows.cursor()))
    for size in (FIRST, SECOND):
        note = other.sign(Checkpoint(ORIGIN, size, merkle.root(size, hash_at)).text())
        rows.execute("UPDATE checkpoints SET note = ? WHERE size = ?", (note, size))
    return FIRST


def replay_old_checkpoint(rows: sqlite3.Connection, rng: random.Random, other: Signer) -> int:
    """The first checkpoint shown as the last, or the last as the first."""
    old, new = rng.sample([FIRST, SECOND], 2)
    rows.execute("UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = ?) WHERE size = ?", (old, new))
    return new


def flip_checkpoint(rows: sqlite3.Connection, rng: random.Random, other: Signer) -> int:
    size, note = rng.choice(rows.execute("SELECT size, note FROM checkpoints").fetchall())
    rows.execute("UPDATE checkpoints SET note = ? WHERE size = ?", (flipped(note, rng), size))
    return int(size)


ROW_MUTATIONS: list[Callable[[sqlite3.Connection, random.Random], int]] = [
    flip_state, flip_state, flip_state, flip_stream, flip_topic, flip_version, flip_position, flip_kind_of_column, drop,
    drop_and_close_the_gap, swap, swap_bytes, insert, append, truncate, renumber, renumber_versions,
]  # fmt: skip
CHECKPOINT_MUTATIONS: list[Callable[[sqlite3.Connection, random.Random, Signer], int]] = [
    re_sign, re_sign_all_after_a_forgery, replay_old_checkpoint, flip_checkpoint,
]  # fmt: skip


def flipped(content: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)]) + content[place + 1 :]


def shift(rows: sqlite3.Connection, first: int, by: int) -> None:
    """Positions from `first` on, moved; by way of negative ones, since two rows cannot share one even for a moment."""
    rows.execute("UPDATE stored_events SET rowid = -(rowid + ?) WHERE rowid >= ?", (by, first))
    rows.execute("UPDATE stored_events SET rowid = -rowid WHERE rowid < 0")


def forge_amount(rows: sqlite3.Connection, rng: random.Random) -> int:
    """An entry that still reads well and says something else."""
    notes = "SELECT rowid, state FROM stored_events WHERE topic = 'FollowedUp'"
    position, state = rng.choice(rows.execute(notes).fetchall())
    rows.execute(
        "UPDATE stored_events SET state = ? WHERE rowid = ?",
        (state.replace(b'"kind":"progress"', b'"kind":"closing"'), position),
    )
    return int(position)
