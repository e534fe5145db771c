"""A Kafka for the tests: the running one that BITACORA_TEST_KAFKA names, else one for the whole run, begun by whoever needs it
first and stopped when the run is over. Every test has topics of its own in it.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from confluent_kafka.admin import AdminClient

from dev.kafka.jars import CannotStart

GIVEN = "BITACORA_TEST_KAFKA"
"""host:port of a running broker."""
_HOME = "BITACORA_TEST_KAFKA_HOME"
_RUN = "BITACORA_TEST_KAFKA_RUN"
_ROOT = Path(__file__).parents[1]


def begin_run() -> None:
    """Says to this process, the first of a run of tests, and to its workers where they find each other."""
    os.environ[_HOME] = tempfile.mkdtemp(prefix="bitacora-kafka-run-")
    os.environ[_RUN] = str(os.getpid())


def end_run() -> None:
    """Stops the broker, if there was need of one."""
    home = Path(os.environ.pop(_HOME))
    if (begun := home / "pid").exists():
        with suppress(ProcessLookupError):
            os.kill(int(begun.read_text()), signal.SIGTERM)
    shutil.rmtree(home)


def address() -> str:
    """host:port. Raises CannotStart."""
    if given := os.environ.get(GIVEN):
        return given
    home = Path(os.environ[_HOME])
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "address").exists():
            _begin(home)
    return (home / "address").read_text()


def delete_topics(brokers: str, prefix: str) -> None:
    """Deletes the topics whose names begin so."""
    admin = AdminClient({"bootstrap.servers": brokers})
    if names := [it for it in admin.list_topics(timeout=30).topics if it.startswith(prefix)]:
        for deleted in admin.delete_topics(names, request_timeout=30).values():
            deleted.result()


def _begin(home: Path) -> None:
    # A process of its own, since the worker that begins it may end before the others; it ends with the run, however that ends.
    command = [sys.executable, "-m", "dev.kafka.broker", "--while", os.environ[_RUN]]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                   start_new_session=True)  # fmt: skip
    assert process.stdout is not None
    with process.stdout:
        said = process.stdout.readline().decode().strip()
    if not said:
        raise CannotStart((home / "log").read_text())
    (home / "pid").write_text(str(process.pid))
    (home / "address").write_text(said)
