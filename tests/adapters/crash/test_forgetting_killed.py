"""What is left when forgetting is killed between its steps, and of processes that meet the same new people at once."""

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

from adapters.ledger import Ledger, Taken
from adapters.mapper import state_of
from adapters.personal.marks import FORGOTTEN, UNREADABLE
from adapters.personal.sealing import subject_of
from domain.events import PersonForgotten
from tests.adapters.crash.test_recording_killed import ROOT, driver
from tests.adapters.given import DESK, followed_up, opened, read, write_lines
from tests.stores import Ledgers

KILLS = 12
NAMES = [f"person-{number}" for number in range(40)]


def tombstones(ledger: Ledger) -> list[str]:
    return [it.event.subject for it in ledger.stream("desk") if isinstance(it.event, PersonForgotten)]


def by(ledger: Ledger, position: int) -> str:
    entry = ledger.entry(position)
    assert entry is not None
    return str(ledger.unsealed().entry(entry).event.by)


def begun(path: Path) -> None:
    with Ledger.open(str(path), create=True) as ledger:
        ledger.record(read(*DESK, opened("T-1"), *(followed_up("T-1", by=name) for name in NAMES)))


def test_killed_after_the_key_is_destroyed_forgetting_is_finished_by_asking_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    begun(path)
    with Ledger.open(str(path)) as ledger:
        (subject,) = ledger.seals.destroy("person", NAMES[0])
    with Ledger.open(str(path)) as ledger:
        assert by(ledger, 7) == UNREADABLE and tombstones(ledger) == []
        assert len(ledger.forget("person", NAMES[0])) == 1
        assert by(ledger, 7) == FORGOTTEN and tombstones(ledger) == [subject]
        assert ledger.forget("person", NAMES[0]) == []


def test_recorded_anew_before_forgetting_was_finished_a_person_has_another_key_until_then(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    begun(path)
    with Ledger.open(str(path)) as ledger:
        ledger.seals.destroy("person", NAMES[0])
        (answer,) = ledger.record(read(followed_up("T-1", by=NAMES[0])))
        assert isinstance(answer, Taken) and by(ledger, answer.position) == NAMES[0] and by(ledger, 7) == UNREADABLE
        assert len(ledger.forget("person", NAMES[0])) == 2
        assert by(ledger, answer.position) == by(ledger, 7) == FORGOTTEN


def test_killed_after_the_tombstone_is_recorded_the_next_writer_tidies_up(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    begun(path)
    with Ledger.open(str(path)) as ledger, ledger.writing() as transaction:
        transaction.forget(ledger.seals.destroy("person", NAMES[0]))
    with Ledger.open(str(path)) as ledger:
        assert by(ledger, 7) == FORGOTTEN and ledger.seals.store.subjects_of("person", NAMES[0])
        ledger.record(read(followed_up("T-1", by=NAMES[1])))
        assert not ledger.seals.store.subjects_of("person", NAMES[0])
        assert ledger.forget("person", NAMES[0]) == [] and len(tombstones(ledger)) == 1


def test_forgetting_killed_at_random_keeps_what_it_said_and_is_finished_by_asking_again(tmp_path: Path) -> None:
    path, chance = tmp_path / "ledger.db", random.Random(4)
    begun(path)
    with Ledger.open(str(path)) as ledger:
        before = [state_of(it) for it in ledger.entries()]
        subjects = {subject_of(str(it.event.by)) for it in ledger.entries() if it.event.by}
    left = list(NAMES)
    for _ in range(KILLS):
        command = [sys.executable, "-m", "tests.adapters.crash.forgetter", str(path), *left]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert process.stdout is not None
        heard = "".join(process.stdout.readline() for _ in range(chance.choice((0, 1, 2))))
        try:
            process.wait(chance.uniform(0, 0.03))
        except subprocess.TimeoutExpired:
            process.kill()
        said = (heard + process.communicate()[0]).split()
        with Ledger.open(str(path)) as ledger:
            assert all(not ledger.seals.store.subjects_of("person", name) for name in said[:-1])
            assert [by(ledger, 7 + NAMES.index(name)) for name in said] == [FORGOTTEN] * len(said)
        left = [name for name in left if name not in said]
    with Ledger.open(str(path)) as ledger:
        for name in left:
            ledger.forget("person", name)
        assert Counter(tombstones(ledger)) == Counter(subjects)
        assert not {it.name for it in ledger.seals.store.subjects()} & {*NAMES, None}
        assert [state_of(it) for it in ledger.entries()][: len(before)] == before


def test_processes_that_meet_the_same_new_people_at_once_give_each_one_key(store: Ledgers, tmp_path: Path) -> None:
    with store.open(create=True) as it:
        it.record(read(*DESK, opened("T-1")))
    lines = {mark: [followed_up("T-1", n % 60, by=f"new-{n}", note=mark) for n in range(60)] for mark in "ABCD"}
    files = [write_lines(tmp_path / f"{mark}.jsonl", told) for mark, told in lines.items()]
    running = [driver(store, "ledger", file, batch=3) for file in files]
    for process in running:
        process.communicate()
    assert [it.returncode for it in running] == [0] * 4
    with store.open() as it:
        people = [found.name for found in it.seals.store.subjects() if found.kind == "person" and found.name != "ana"]
        assert sorted(map(str, people)) == sorted(f"new-{n}" for n in range(60))
        sealed = {str(entry.event.by) for entry in it.stream("ticket:T-1") if entry.event.by}
        assert len(sealed) == 60 and all(by(it, entry.position).startswith("new-") for entry in it.stream("ticket:T-1")[1:])
