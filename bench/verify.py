"""Verifying a ledger against reading and hashing it alone, by one process and by two; and how long a checkpoint and the proofs
of one ticket take.

The floor reads every row and hashes it into the same Merkle tree, nothing else, in one process. All run on the same file, in
turns, and all seconds are the wall's.
"""

from functools import partial
from pathlib import Path
from shutil import copyfile
from time import perf_counter

from adapters.ledger import Ledger, utc_now
from adapters.proofs.proving import checkpoint, prove
from adapters.proofs.signing import make_key
from adapters.proofs.tree import TreeRows
from adapters.proofs.verification import PAGE_ENTRIES
from adapters.proofs.verifying import verify
from bench import ledgers
from bench.measuring import Row, Times, in_turns
from domain.refusal import said
from replay.merkle import Frontier, leaf, leaf_hash
from replay.notes import Key

ENTRIES = 1_000_000
REPEATS = 3
TICKETS = 100
GOAL = 0.5
GOAL_PROOF_MS = 20


def run(folder: Path) -> list[Row]:
    """Rows: `verify` and its floor, by one process and by two; the tree, and a checkpoint, over a whole ledger; the proofs of
    one ticket."""
    path = folder / "verified.db"
    copyfile(ledgers.ledger(folder, ENTRIES), path)
    with Ledger.open(str(path)) as ledger:
        signer = make_key(folder / "bench.key", "example.com/bench")
        begun = perf_counter()
        checkpoint(ledger, signer, utc_now())
        covering = perf_counter() - begun
        entries = ledger.head()
        floors, alone, shared = in_turns(
            partial(_read_and_hash, ledger), partial(_verified, ledger, signer.key, 1),
            partial(_verified, ledger, signer.key, 2), repeats=REPEATS,
        )  # fmt: skip
        proofs = _proofs(ledger)
    path.unlink()
    return [
        *(_against(f"verify, {entries:,} entries{how}", entries, ours, floors) for how, ours in
          (("", alone), (", by two processes", shared))),
        Row(name="tree and checkpoint over a whole ledger", value=entries / covering, unit="entries/s", spread=None, floor=None,
            ratio=None, goal="", met=None),
        Row(name=f"proofs of one ticket, {entries:,} entries", value=proofs.middle * 1000, unit="ms", spread=proofs.spread,
            floor=None, ratio=None, goal="< 20 ms", met=proofs.middle * 1000 < GOAL_PROOF_MS),
    ]  # fmt: skip


def _against(name: str, entries: int, ours: Times, floors: Times) -> Row:
    ratio = floors.middle / ours.middle
    return Row(
        name=name, value=entries / ours.middle, unit="entries/s", spread=ours.spread, floor=entries / floors.middle,
        ratio=ratio, goal=f"≥ {GOAL} of reading and hashing alone", met=ratio >= GOAL,
    )  # fmt: skip


def _verified(ledger: Ledger, key: Key, workers: int) -> None:
    found = verify(ledger, key, workers=workers)
    if found.difference is not None or found.signed != found.entries:
        raise RuntimeError(f"an untouched ledger should verify: {found}")


def _read_and_hash(ledger: Ledger) -> bytes:
    frontier = Frontier()
    with ledger.reading(said("reading entries")) as plain:
        rows = TreeRows.of(plain)
        while page := rows.raw(frontier.size, 2**62, PAGE_ENTRIES):
            frontier.extend([leaf_hash(leaf(it[0], it[1], it[2], it[4])) for it in page])
    return frontier.root()


def _proofs(ledger: Ledger) -> Times:
    names = [name for name, _ in ledger.streams("ticket")]
    times = Times()
    for name in names[:: max(1, len(names) // TICKETS)]:
        begun = perf_counter()
        prove(ledger, name.removeprefix("ticket:"))
        times.append(perf_counter() - begun)
    return times
