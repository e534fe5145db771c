"""What someone may do to a ledger behind its back who owns the file: to rows, to what was signed, to both."""

import random
from collections.abc import Callable

from adapters.proofs.growing import hashes_from
from adapters.proofs.signing import Signer
from adapters.proofs.tree import TreeRows
from adapters.stores.rows import LedgerSession
from replay import merkle
from replay.notes import Checkpoint, read_note
from tests.adapters.sealed import FIRST, ORIGIN, SECOND, rebuild_tree, set_head

# To the rows. Each returns the first position that is no longer what was signed.


def flip_state(rows: LedgerSession, rng: random.Random) -> int:
    position = rng.randint(1, SECOND)
    (state,) = rows.all("SELECT state FROM stored_events WHERE rowid = ?", position)[0]
    rows.run("UPDATE stored_events SET state = ? WHERE rowid = ?", flipped(state, rng), position)
    return position


def flip_stream(rows: LedgerSession, rng: random.Random) -> int:
    """Where the stream it then has does not have that version already."""
    while True:
        position = rng.randint(1, SECOND)
        (stream,) = rows.all("SELECT originator_id FROM stored_events WHERE rowid = ?", position)[0]
        changed = flipped(stream.encode(), rng)
        if taken(rows, "UPDATE stored_events SET originator_id = CAST(? AS TEXT) WHERE rowid = ?", changed, position):
            return position


def flip_topic(rows: LedgerSession, rng: random.Random) -> int:
    position = rng.randint(1, SECOND)
    (topic,) = rows.all("SELECT topic FROM stored_events WHERE rowid = ?", position)[0]
    changed = flipped(topic.encode(), rng)
    rows.run("UPDATE stored_events SET topic = CAST(? AS TEXT) WHERE rowid = ?", changed, position)
    return position


def flip_version(rows: LedgerSession, rng: random.Random) -> int:
    return flip_number(rows, rng, "originator_version")


def flip_position(rows: LedgerSession, rng: random.Random) -> int:
    return flip_number(rows, rng, "rowid")


def flip_number(rows: LedgerSession, rng: random.Random, column: str) -> int:
    """Any of the 64 bits, of a row where the number it then has is not that of another."""
    while True:
        position, bit = rng.randint(1, SECOND), rng.randrange(64)
        ((before,),) = rows.all(f"SELECT {column} FROM stored_events WHERE rowid = ?", position)
        after = before ^ (-(1 << 63) if bit == 63 else 1 << bit)
        if taken(rows, f"UPDATE stored_events SET {column} = ? WHERE rowid = ?", after, position):
            return position


def flip_kind_of_column(rows: LedgerSession, rng: random.Random) -> int:
    """The same bytes, stored as another kind of value."""
    position = rng.randint(1, SECOND)
    column, kind = rng.choice([("state", "TEXT"), ("originator_id", "BLOB"), ("topic", "BLOB")])
    rows.run(f"UPDATE stored_events SET {column} = CAST({column} AS {kind}) WHERE rowid = ?", position)
    return position


def drop(rows: LedgerSession, rng: random.Random) -> int:
    position = rng.randint(1, SECOND)
    rows.run("DELETE FROM stored_events WHERE rowid = ?", position)
    return position


def drop_and_close_the_gap(rows: LedgerSession, rng: random.Random) -> int:
    position = rng.randint(1, SECOND)
    rows.run("DELETE FROM stored_events WHERE rowid = ?", position)
    shift(rows, position + 1, -1)
    set_head(rows, SECOND - 1)
    return position


def swap(rows: LedgerSession, rng: random.Random) -> int:
    first, second = sorted(rng.sample(range(1, SECOND + 1), 2))
    for here, there in ((first, -1), (second, first), (-1, second)):
        rows.run("UPDATE stored_events SET rowid = ? WHERE rowid = ?", there, here)
    return first


def swap_bytes(rows: LedgerSession, rng: random.Random) -> int:
    first, second = sorted(rng.sample(range(1, SECOND + 1), 2))
    held = dict(rows.all("SELECT rowid, state FROM stored_events WHERE rowid IN (?, ?)", first, second))
    for here, there in ((first, second), (second, first)):
        rows.run("UPDATE stored_events SET state = ? WHERE rowid = ?", held[there], here)
    return first


def insert(rows: LedgerSession, rng: random.Random) -> int:
    position = rng.randint(1, SECOND)
    (row,) = rows.all("SELECT topic, state FROM stored_events WHERE rowid = ?", rng.randint(1, SECOND))
    shift(rows, position, 1)
    rows.run("INSERT INTO stored_events VALUES (?, 'ticket:T-9', 1, ?, ?)", position, *row)
    return position


def truncate(rows: LedgerSession, rng: random.Random) -> int:
    position = rng.randint(3, SECOND)
    rows.run("DELETE FROM stored_events WHERE rowid >= ?", position)
    set_head(rows, position - 1)
    return position


def renumber(rows: LedgerSession, rng: random.Random) -> int:
    position = rng.randint(1, SECOND)
    shift(rows, position, rng.choice([1, 2, 1000]))
    return position


def renumber_versions(rows: LedgerSession, rng: random.Random) -> int:
    stream, version = f"ticket:T-{rng.randint(1, 3)}", rng.randint(1, 100)
    (position,) = rows.all(
        "SELECT rowid FROM stored_events WHERE originator_id = ? AND originator_version = ?", stream, version
    )[0]
    rows.run("UPDATE stored_events SET originator_version = -originator_version - 1 WHERE originator_id = ?"
                 " AND originator_version >= ?", stream, version)  # fmt: skip
    rows.run("UPDATE stored_events SET originator_version = -originator_version WHERE originator_version < 0")
    return int(position)


def append(rows: LedgerSession, rng: random.Random) -> int:
    """One more row at the end, which nobody recorded: another one's bytes."""
    (row,) = rows.all("SELECT topic, state FROM stored_events WHERE rowid = ?", rng.randint(1, SECOND))
    rows.run("INSERT INTO stored_events VALUES (?, 'ticket:T-9', 1, ?, ?)", SECOND + 1, *row)
    set_head(rows, SECOND + 1)
    return SECOND + 1


# To what was signed. Each returns the size of the checkpoint that is no longer what it was. Another key is at hand.


def re_sign(rows: LedgerSession, rng: random.Random, other: Signer) -> int:
    size, note = rng.choice(rows.all("SELECT size, note FROM checkpoints"))
    rows.run("UPDATE checkpoints SET note = ? WHERE size = ?", other.sign(read_note(note).text), size)
    return int(size)


def re_sign_all_after_a_forgery(rows: LedgerSession, rng: random.Random, other: Signer) -> int:
    """History rewritten, its tree made again, and every checkpoint with it: only the key tells."""
    forge_amount(rows, rng)
    rebuild_tree(rows)
    hash_at = hashes_from(TreeRows(rows))
    for size in (FIRST, SECOND):
        note = other.sign(Checkpoint(ORIGIN, size, merkle.root(size, hash_at)).text())
        rows.run("UPDATE checkpoints SET note = ? WHERE size = ?", note, size)
    return FIRST


def replay_old_checkpoint(rows: LedgerSession, rng: random.Random, other: Signer) -> int:
    """The first checkpoint shown as the last, or the last as the first."""
    old, new = rng.sample([FIRST, SECOND], 2)
    rows.run("UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = ?) WHERE size = ?", old, new)
    return new


def flip_checkpoint(rows: LedgerSession, rng: random.Random, other: Signer) -> int:
    size, note = rng.choice(rows.all("SELECT size, note FROM checkpoints"))
    rows.run("UPDATE checkpoints SET note = ? WHERE size = ?", flipped(note, rng), size)
    return int(size)


ROW_MUTATIONS: list[Callable[[LedgerSession, random.Random], int]] = [
    flip_state, flip_state, flip_state, flip_stream, flip_topic, flip_version, flip_position, flip_kind_of_column, drop,
    drop_and_close_the_gap, swap, swap_bytes, insert, append, truncate, renumber, renumber_versions,
]  # fmt: skip
CHECKPOINT_MUTATIONS: list[Callable[[LedgerSession, random.Random, Signer], int]] = [
    re_sign, re_sign_all_after_a_forgery, replay_old_checkpoint, flip_checkpoint,
]  # fmt: skip


def flipped(content: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)]) + content[place + 1 :]


def taken(rows: LedgerSession, statement: str, *values: object) -> bool:
    """Whether the database takes a change; if it does not, nothing is changed."""
    rows.run("SAVEPOINT change")
    try:
        rows.run(statement, *values)
    except rows.failures:
        rows.run("ROLLBACK TO change")
        return False
    return True


def shift(rows: LedgerSession, first: int, by: int) -> None:
    """Positions from `first` on, moved; by way of negative ones, since two rows cannot share one even for a moment."""
    rows.run("UPDATE stored_events SET rowid = -(rowid + ?) WHERE rowid >= ?", by, first)
    rows.run("UPDATE stored_events SET rowid = -rowid WHERE rowid < 0")


def forge_amount(rows: LedgerSession, rng: random.Random) -> int:
    """An entry that still reads well and says something else."""
    notes = "SELECT rowid, state FROM stored_events WHERE topic = 'FollowedUp'"
    position, state = rng.choice(rows.all(notes))
    changed = state.replace(b'"kind":"progress"', b'"kind":"closing"')
    rows.run("UPDATE stored_events SET state = ? WHERE rowid = ?", changed, position)
    return int(position)
