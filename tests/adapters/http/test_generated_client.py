"""A client made from the OpenAPI document, by a generator that others use, and used against a server."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.adapters.cli.calling import ROOT
from tests.adapters.cli.stories import AT
from tests.adapters.http.served import Served

SCHEMAS = ROOT / "docs" / "schemas"
NAME = "bitacora_made_client"
HERE = timezone(timedelta(hours=-6))
JUDGED = datetime.fromisoformat(AT)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package, as it is made."""
    folder = tmp_path_factory.mktemp("made")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(SCHEMAS / "openapi.json"), "--config",
               str(SCHEMAS / "openapi-python-client.yml"), "--meta", "none", "--output-path", str(folder / NAME),
               "--fail-on-warning"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield importlib.import_module(NAME)
    sys.path.remove(str(folder))


class Made:
    """The client of one role, asked by the ids of operations."""

    def __init__(self, made: ModuleType, server: Served, role: str, **headers: str) -> None:
        self._client = made.AuthenticatedClient(base_url=server.url, token=server.tokens[role], headers=headers)
        self._operations = {it.stem: it for it in Path(made.__file__ or "").parent.glob("api/*/*.py")}

    def __call__(self, id: str, **asked: Any) -> Any:
        operation = self._operations[id]
        return importlib.import_module(f"{NAME}.api.{operation.parent.name}.{id}").sync(client=self._client, **asked)


def models() -> Any:
    return importlib.import_module(f"{NAME}.models")


def follow_up(ticket: str, key: str) -> Any:
    return models().FollowedUp(
        type_="FollowedUp", at=datetime(2026, 3, 5, 10, tzinfo=HERE), ticket=ticket, kind="progress", key=key
    )


def test_every_operation_is_in_it(made: ModuleType) -> None:
    document = json.loads((SCHEMAS / "openapi.json").read_bytes())
    ids = {it["operationId"].lower() for path in document["paths"].values() for it in path.values()}
    found = {it.stem.replace("_", "") for it in Path(made.__file__ or "").parent.glob("api/*/*.py")}
    assert found >= ids


def test_it_records_once_and_reads_what_it_recorded(made: ModuleType, one_server: Served) -> None:
    recorder, reader = Made(made, one_server, "recorder"), Made(made, one_server, "reader")
    first = recorder("record_entry", body=follow_up("G-1", "made-1"))
    again = recorder("record_entry", body=follow_up("G-1", "made-1"))
    assert first.is_new and not again.is_new and first.position == again.position and first.proof.size >= first.position
    entry = reader("get_entry", position=first.position)
    assert (entry.type_, entry.at, entry["ticket"]) == ("FollowedUp", datetime(2026, 3, 5, 16, tzinfo=UTC), "G-1")
    page = reader("list_entries", ticket="G-1", type_=["FollowedUp"], limit=1)
    assert page.next_ == page.entries[-1].position


def test_it_records_lines(made: ModuleType, one_server: Served) -> None:
    line = {"type": "FollowedUp", "at": "2026-03-05T10:00:00-06:00", "ticket": "G-1", "kind": "progress", "key": "made-2"}
    lines = importlib.import_module(f"{NAME}.types").File(payload=BytesIO(json.dumps(line).encode() + b"\n"))
    answer = Made(made, one_server, "recorder")("record_lines", body=lines)
    assert json.loads(answer)["is_new"]


def test_what_is_refused_is_a_problem_in_the_language_asked_for(made: ModuleType, one_server: Served) -> None:
    refused = Made(made, one_server, "recorder", **{"Accept-Language": "es"})("record_entry", body=follow_up("G-99", "made-3"))
    assert isinstance(refused, models().Problem)
    assert (refused.status, refused.code, refused.field) == (422, "reference", "ticket")
    assert "debe registrarse antes" in refused.detail
    forbidden = Made(made, one_server, "integrator")("report_sla")
    assert (forbidden.status, forbidden.code) == (403, "role")


def test_it_reads_reports_as_of_any_moment_and_reading(made: ModuleType, one_server: Served) -> None:
    auditor = Made(made, one_server, "auditor")
    row = auditor("report_sla", at=JUDGED, known_at=14, reading=["gs.wait=stops"], ticket="G-1")[0]
    assert row.opened_at == datetime(2026, 3, 2, 15, tzinfo=UTC) and row.response.verdict == "breached"
    assert {it.amount for it in auditor("report_billing", at=JUDGED, client_query="acme")} >= {"150.00"}
    assert auditor("explain_ticket", ticket="C-1", at=JUDGED).response.segments[0].counted_seconds > 0


def test_it_reads_what_replays_say(made: ModuleType, one_server: Served) -> None:
    auditor = Made(made, one_server, "auditor")
    supposed = models().Supposition.from_dict({"readings": {"gs.wait": "stops"}, "without": [9]})
    answer = auditor("what_if", at=JUDGED, body=supposed)
    change = next(it for it in answer.changes if it.report == "sla")
    assert change.causes[0].said and change.fields["response.stopped_at"].before
    assert answer.totals.before.tickets == answer.totals.after.tickets
    page = auditor("hanging_readings", at=JUDGED, client_query="acme", reading=["gs.wait=stops"])
    assert page.totals.tickets == 2 and page.hangs_not[0].question.es


def test_papers_and_terms_come_as_what_they_are(made: ModuleType, one_server: Served) -> None:
    auditor = Made(made, one_server, "auditor")
    paper = auditor("statement", client_query="acme", month="2026-03", at=JUDGED)
    assert paper.payload.read(5) == b"%PDF-"
    provided = auditor("get_provisions", terms="grupo-staff", reading=["gs.4=clock-hours"])
    assert provided.readings["gs.4"] == "clock-hours" and provided.provisions.response.targets[0].within > 0
