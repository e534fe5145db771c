"""The connections of a real server, looked at from within its process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adapters.cli.calling import ROOT, environment
from tests.adapters.cli.stories import STORY
from tests.adapters.http.served import PATIENCE_SECONDS, begin

SERVER = """
import gc, json, os, signal, socket, sys, threading
from pathlib import Path
from adapters.http.serving import serve
from adapters.http.settings import ServerSettings
from adapters.ledger import Ledger

def look(url):
    host, _, port = url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port))) as caller:
        caller.sendall(b"GET /health HTTP/1.1\\r\\nHost: here\\r\\n\\r\\n")
        answer = caller.recv(4096)
        accepted = [it for it in gc.get_objects() if isinstance(it, socket.socket) and is_of(it, caller.getsockname())]
        told = [it.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for it in accepted]
        print(json.dumps([answer.startswith(b"HTTP/1.1 200"), told]), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

def is_of(found, caller):
    try:
        return found.getpeername() == caller
    except OSError:
        return False

with Ledger.open(sys.argv[1], keys=Path(sys.argv[2])) as ledger:
    settings = ServerSettings(ledger=sys.argv[1], host=sys.argv[3], port=0)
    serve(ledger, settings, lambda url: threading.Thread(target=look, args=(url,)).start())
"""


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_answer_of_two_parts_does_not_wait_for_the_first_to_be_acknowledged(tmp_path: Path, host: str) -> None:
    """TCP_NODELAY is on for every connection that is accepted."""
    url = str(tmp_path / "ledger.db")
    begin(url, Path(f"{url}.keys"), STORY)
    done = subprocess.run(
        [sys.executable, "-c", SERVER, url, f"{url}.keys", host], cwd=ROOT, env=environment(), capture_output=True,
        timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    is_answered, options = json.loads(done.stdout)
    assert is_answered and options and all(options)
