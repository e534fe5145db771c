"""A Kafka broker on this machine without Docker: one node that listens on free ports of 127.0.0.1 and keeps its data in a
folder that goes with it. `python -m dev.kafka.broker` runs one until it is interrupted. Not for anything that must be kept.
"""

import argparse
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from dev.kafka.jars import CannotStart, jars, java

_TRIES = 3
_READY_SECONDS = 60
_STOP_SECONDS = 20
# One node: with the usual three copies, groups and transactions would wait for ever. The others make it quicker to start: one
# partition of offsets and transactions instead of fifty, and no long wait for a broker of before that was killed.
_SETTINGS = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
default.replication.factor=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
offsets.topic.num.partitions=1
transaction.state.log.num.partitions=1
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""


class Broker:
    """A broker whose data and log are in `home`. Its `address`, host:port, stays the same when it is started again."""

    def __init__(self, home: Path, more: str = "") -> None:
        """`more` settings, a line each, hold over the usual ones; {port} and {controller} in them are its ports."""
        self.home = home
        self._more = more
        self.address = ""
        self._cluster = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, and returns when it answers. Raises CannotStart."""
        for tries_left in reversed(range(_TRIES)):
            try:
                if not self._cluster:
                    self._format()
                self._run()
                return
            except CannotStart:
                # Between our look at a free port and the broker's, somebody else may have taken it.
                if not tries_left or self.address:
                    raise
                self._cluster = ""

    @property
    def pid(self) -> int:
        """The process that runs it."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        """Ends it as an operator would; what it took is still there when it is started again."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it as a loss of power would."""
        self._end(signal.SIGKILL)

    def remove(self) -> None:
        """Ends it, and removes what it kept."""
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def _format(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        port, controller = _free_ports(2)
        self._port = port
        # An id that begins with "-" would be taken for an option.
        self._cluster = "b" + secrets.token_urlsafe(16)[1:]
        settings = (_SETTINGS + self._more).format(port=port, controller=controller, data=self.home / "data")
        (self.home / "server.properties").write_text(settings, encoding="utf-8")
        command = [*self._java("128m"), "kafka.tools.StorageTool", "format", "-t", self._cluster, "-c", self._settings]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotStart(f"the broker's folder could not be made:\n{done.stdout}{done.stderr}")

    def _run(self) -> None:
        with self._log.open("ab") as log:
            # A session of its own: what interrupts us leaves it to be stopped in order.
            self._process = subprocess.Popen([*self._java("512m"), "kafka.Kafka", self._settings], start_new_session=True,
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # fmt: skip
        address = f"127.0.0.1:{self._port}"
        until = time.monotonic() + _READY_SECONDS
        while cluster_at(address) != self._cluster:
            if self._process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise CannotStart(f"the broker did not start:\n{self._log.read_text(errors='replace')[-4000:]}")
        self.address = address

    def _java(self, memory: str) -> list[str]:
        options = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        return [java(), f"-Xmx{memory}", *options, "-cp", f"{jars()}/*"]

    @property
    def _settings(self) -> str:
        return str(self.home / "server.properties")

    @property
    def _log(self) -> Path:
        return self.home / "log"

    def _end(self, how: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def cluster_at(address: str) -> str | None:
    """The id of the cluster that answers there; None if none does within half a second."""
    admin = AdminClient({"bootstrap.servers": address, "reconnect.backoff.max.ms": 100, "log_level": 0})
    with suppress(KafkaException):
        return admin.list_topics(timeout=0.5).cluster_id
    return None


def _free_ports(count: int) -> list[int]:
    with_ports = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [it.getsockname()[1] for it in with_ports]
    finally:
        for it in with_ports:
            it.close()


@contextmanager
def own_broker(more: str = "") -> Iterator[Broker]:
    """A broker that nobody else uses: to be stopped, killed and started again; `more` as `Broker` has it."""
    broker = Broker(Path(tempfile.mkdtemp(prefix="bitacora-kafka-")), more)
    try:
        broker.start()
        yield broker
    finally:
        broker.remove()


def _is_there(process: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(process, 0)
        return True
    return False


def main() -> int:
    """Runs one and prints its address, until SIGINT or SIGTERM, or until the process whose id is the argument is gone."""
    parser = argparse.ArgumentParser(prog="python -m dev.kafka.broker", description=main.__doc__)
    parser.add_argument("--while", dest="process", type=int, default=os.getpid(), metavar="PROCESS")
    process = parser.parse_args().process
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt), own_broker() as broker:
            print(broker.address, flush=True)
            while _is_there(process):
                time.sleep(0.5)
    except CannotStart as e:
        print(e, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
