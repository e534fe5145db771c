"""The server as a service: ready or not, figures, logs, a stop that finishes what is under way, and its configuration."""

import json
import threading
from pathlib import Path

import httpx
import pytest

from adapters.http.configuring import configured
from adapters.mapper import LedgerError
from tests.adapters.cli.calling import process
from tests.adapters.cli.stories import STORY
from tests.adapters.http.served import Served, begin, serving, waited_for


def follow_up(**more: object) -> dict[str, object]:
    return {"type": "FollowedUp", "at": "2026-03-05T10:00:00-06:00", "ticket": "G-1", "kind": "progress"} | more


def test_it_is_alive_and_ready_and_tells_strangers_no_more(one_server: Served) -> None:
    assert one_server.as_(None).get("/health").json() == {"status": "alive"}
    ready = one_server.as_(None).get("/ready").json()
    assert ready == {"status": "ready", "checks": {"ledger": "ok", "stream": "ok"}}


def test_how_far_it_is_behind_is_told_to_who_may_know(one_server: Served) -> None:
    one_server.as_("recorder").post("/v1/entries", json=follow_up())
    assert waited_for(lambda: one_server.as_("reader").get("/ready").json()["checks"]["stream"] == "0 behind")
    assert waited_for(lambda: one_server.as_("auditor").get("/v1/checkpoint").is_success)
    checks = one_server.as_("reader").get("/ready").json()["checks"]
    assert checks["ledger"].startswith("ok, position") and checks["signed"].endswith("behind")


def test_what_is_counted_is_told_to_prometheus(one_server: Served) -> None:
    one_server.as_("reader").get("/v1/me")
    told = one_server.as_("reader").get("/metrics").text
    assert 'bitacora_requests_total{method="GET",route="/v1/me",status="200"}' in told
    assert "bitacora_position " in told and "bitacora_stream_readers 0.0" in told and "the-reader" not in told


def test_a_request_keeps_its_id_from_end_to_end(one_server: Served) -> None:
    answer = one_server.as_("reader").get("/v1/entry", params={"position": 10_000}, headers={"X-Request-Id": "from-outside-1"})
    assert answer.headers["x-request-id"] == answer.json()["request"] == "from-outside-1"
    told = waited_for(lambda: [it for it in Path(one_server.log).read_text().splitlines() if "from-outside-1" in it])
    line = json.loads(told[0])
    assert (line["route"], line["status"], line["name"], line["level"]) == ("/v1/entry", 404, "the-reader", "info")
    forged = one_server.as_("reader").get("/v1/me", headers={"X-Request-Id": 'x" "level": "error'})
    assert "level" not in forged.headers["x-request-id"]


def test_what_is_recorded_is_signed_as_it_comes(tmp_path: Path) -> None:
    from adapters.proofs.signing import make_key

    url = str(tmp_path / "ledger.db")
    begin(url, tmp_path / "ledger.db.keys", STORY)
    make_key(tmp_path / "desk.key", "example.com/desk")
    with serving(Served(tmp_path, url, tmp_path / "ledger.db.keys", signing_key=str(tmp_path / "desk.key"),
                        checkpoint_entries=1)) as server:  # fmt: skip
        position = server.as_("recorder").post("/v1/entries", json=follow_up()).json()["position"]
        proof = waited_for(
            lambda: (it := server.as_("client").get("/v1/proof", params={"position": position})).is_success and it
        )
        assert proof.json()["size"] == position and "example.com/desk" in proof.json()["checkpoint"]
        assert server.as_("auditor").get("/v1/verify").json() | {"streams": 0} == {
            "is_whole": True, "entries": position, "streams": 0, "checkpoints": proof_count(server), "signed": position,
            "difference": None, "key": server.as_("auditor").get("/v1/key").text.strip(), "accounts": None,
        }  # fmt: skip


def proof_count(server: Served) -> int:
    return len(server.as_("auditor").get("/v1/checkpoints").json())


def test_what_is_under_way_is_finished_when_it_is_stopped(tmp_path: Path) -> None:
    url = str(tmp_path / "ledger.db")
    begin(url, tmp_path / "ledger.db.keys", STORY)
    lines = "".join(json.dumps(follow_up(key=f"k{it}")) + "\n" for it in range(3_000))
    answers: list[httpx.Response] = []
    with serving(Served(tmp_path, url, tmp_path / "ledger.db.keys")) as server:
        headers = {"Content-Type": "application/x-ndjson"}
        recorder = server.as_("recorder")
        sending = threading.Thread(
            target=lambda: answers.append(recorder.post("/v1/entries/lines", content=lines, headers=headers))
        )
        sending.start()
        assert waited_for(lambda: "bitacora_requests_under_way 2.0" in server.as_("reader").get("/metrics").text)
        assert server.stop() == 0
        sending.join()
    assert [it.status_code for it in answers] == [200] and answers[0].text.count('"is_new":true') == 3_000
    assert "k2999" in process("entries", "--ledger", url, "--keys", f"{url}.keys", "--format", "json").stdout.decode()


def test_two_servers_do_not_share_a_port(one_server: Served, tmp_path: Path) -> None:
    second = process("serve", "--port", one_server.port, "--ledger", tmp_path / "other.db")
    assert second.returncode == 2 and b"already in use" in second.stderr.lower()


# Configuration ------------------------------------------------------------------------------------------------------


def test_the_command_line_goes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text('host = "0.0.0.0"\nport = 1\nthreads = 3\n')
    found = configured(file, {"BITACORA_PORT": "2", "BITACORA_HOST": "::1"}, {"port": 3, "ledger": None})
    assert (found.settings.host, found.settings.port, found.settings.threads) == ("::1", 3, 3)
    assert found.sources["port"] == "command line" and found.sources["host"] == "environment"
    assert found.sources["threads"] == "file" and found.sources["ledger"] == "default"


@pytest.mark.parametrize(
    ("text", "named"), [("prot = 1", "prot"), ("port = 70000", "port"), ("threads = 0", "threads"), ("port = [", "server.toml")]
)
def test_what_cannot_be_is_named(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "server.toml"
    file.write_text(text)
    with pytest.raises(LedgerError, match=named):
        configured(file, {}, {})


def test_it_is_printed_without_what_is_secret() -> None:
    told = process("config", BITACORA_LEDGER="postgresql://desk:hidden@localhost/desk", BITACORA_THREADS="5")
    assert b"hidden" not in told.stdout and b"postgresql://desk@localhost/desk" in told.stdout
    assert told.returncode == 0 and b"environment" in told.stdout
    as_json = json.loads(process("config", "--format", "json", BITACORA_THREADS="5").stdout)
    assert as_json["threads"] == {"value": "5", "source": "environment"}
