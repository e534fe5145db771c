"""A token of the role client shows what is that client's, and of all else not even that it is there."""

import json
from io import BytesIO
from typing import Any

import pytest
from pyarrow import parquet

from tests.adapters.cli.stories import AT
from tests.adapters.http.served import CLIENT, Events, Served

OTHERS, MISSING = {"ticket": "C-1", "policy": "PC", "client": "beta"}, {"ticket": "X-9", "policy": "XX", "client": "nobody"}
OF_A_TICKET = ("/v1/explain", "/v1/dossier", "/v1/prove")
SELECTING = ("/v1/reports/sla", "/v1/reports/consumption", "/v1/reports/billing", "/v1/reports/unattended", "/v1/replay")
MORE = {"/v1/replay": {"known_at": "5"}, "/v1/statement": {"month": "2026-03"}}


def told(server: Served, path: str, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """The answer but for the id of the request, and for the name that was asked for."""
    answer = server.as_("client").get(path, params=asked | MORE.get(path, {}))
    problem = json.loads(answer.text.replace(next(iter(asked.values())), "…"))
    problem.pop("request", None)
    return answer.status_code, problem


@pytest.mark.parametrize(
    ("path", "field"),
    [*((path, "ticket") for path in (*OF_A_TICKET, "/v1/entries", "/v1/entries/stream")),
     *((path, field) for path in SELECTING for field in OTHERS),
     ("/v1/statement", "client"), ("/v1/entries", "client"), ("/v1/entries/stream", "client")],
)  # fmt: skip
def test_what_is_anothers_is_answered_like_what_is_not_there(server: Served, path: str, field: str) -> None:
    others, missing = (told(server, path, {field: it[field]}) for it in (OTHERS, MISSING))
    assert others == missing
    assert others[0] == 404


@pytest.mark.parametrize("stream", ["ticket:C-1", "client:beta", "policy:PC", "desk", "terms:customsoft"])
def test_streams_of_others_and_of_the_desk_are_not_there(server: Served, stream: str) -> None:
    others, missing = (told(server, "/v1/entries", {"stream": it}) for it in (stream, "ticket:X-9"))
    assert others == missing and others[0] == 404


def test_its_own_entries_are_all_it_is_shown(server: Served) -> None:
    shown = server.as_("client").get("/v1/entries").json()["entries"]
    own = server.as_("auditor").get("/v1/entries", params={"client": CLIENT}).json()["entries"]
    assert shown == own and {it["stream"] for it in shown} == {"client:acme", "policy:PG", "ticket:G-1", "ticket:G-2"}


def test_an_entry_of_another_is_answered_like_one_that_was_never_recorded(server: Served) -> None:
    everything = server.as_("auditor").get("/v1/entries", params={"limit": 1000}).json()["entries"]
    for path in ("/v1/entry", "/v1/proof"):
        foreign = [
            it["position"] for it in everything if "beta" in json.dumps(it) or it["stream"].startswith(("terms", "desk"))
        ]
        found = {json.dumps(told(server, path, {"position": str(it)})) for it in (*foreign, 10_000)}
        assert len(found) == 1 and "404" in next(iter(found))


@pytest.mark.parametrize("report", ["sla", "consumption", "billing", "unattended"])
def test_reports_are_about_itself(server: Served, report: str) -> None:
    own = server.as_("client").get(f"/v1/reports/{report}", params={"at": AT})
    asked = server.as_("auditor").get(f"/v1/reports/{report}", params={"at": AT, "client": CLIENT})
    assert own.content == asked.content and "beta" not in own.text
    assert "etag" not in own.headers


def test_its_reports_as_files_are_about_itself_too(server: Served) -> None:
    asked = {"at": AT, "format": "csv"}
    own = server.as_("client").get("/v1/reports/sla", params=asked)
    assert own.content == server.as_("auditor").get("/v1/reports/sla", params=asked | {"client": CLIENT}).content
    file = server.as_("client").get("/v1/reports/sla", params=asked | {"format": "parquet"}).content
    table = parquet.read_table(BytesIO(file))
    assert set(table["client"].to_pylist()) == {CLIENT}
    # The position that it is told of is one of its own.
    last = server.as_("client").get("/v1/entries").json()["entries"][-1]["position"]
    assert int(table.schema.metadata[b"known"]) == last


def test_its_ticket_is_explained_as_to_an_auditor(server: Served) -> None:
    own, asked = (server.as_(it).get("/v1/explain", params={"ticket": "G-1", "at": AT}) for it in ("client", "auditor"))
    assert own.status_code == 200 and own.content == asked.content


def test_how_much_others_recorded_is_not_told(one_server: Served) -> None:
    client = one_server.as_("client")
    last_own = client.get("/v1/entries").json()["entries"][-1]["position"]
    # Others go on recording.
    follow_up = {"type": "FollowedUp", "at": "2026-03-05T10:00:00-06:00", "ticket": "C-1", "kind": "progress"}
    for _ in range(5):
        assert one_server.as_("recorder").post("/v1/entries", json=follow_up).status_code == 201
    head = one_server.as_("auditor").get("/ready").json()["checks"]["ledger"].rpartition(" ")[2]
    asked = {"ticket": "G-1", "format": "html", "at": AT}
    for answer in (
        client.get("/v1/dossier", params=asked),
        client.get("/v1/statement", params={"client": CLIENT, "month": "2026-03", "format": "html", "at": AT}),
    ):
        assert answer.status_code == 200
        assert f"position {head}" not in answer.text and f"position {int(head):,}" not in answer.text
    assert client.get("/ready").json()["checks"] == {"ledger": "ok", "stream": "ok"}
    with client.stream("GET", "/v1/entries/stream") as response:
        lines = response.iter_lines()
        assert [next(lines), next(lines)] == ["retry: 1000", f"id: {last_own}"]


def test_the_live_stream_is_about_itself(server: Served) -> None:
    with server.as_("client").stream("GET", "/v1/entries/stream", params={"after": 0}) as response:
        events = Events(response)
        found = []
        own = {"type": "FollowedUp", "at": "2026-03-05T10:00:00-06:00", "ticket": "G-1", "kind": "progress"}
        for ticket in ("C-1", "G-1"):
            assert server.as_("recorder").post("/v1/entries", json=own | {"ticket": ticket}).status_code == 201
        for _, data in events:
            found.append(json.loads(data))
            if found[-1]["type"] == "FollowedUp" and "recorded_by" in found[-1]:
                break
    assert {it["stream"] for it in found} <= {"client:acme", "policy:PG", "ticket:G-1", "ticket:G-2"}


def test_only_its_own_terms_are_shown(server: Served) -> None:
    assert {it["terms"] for it in server.as_("client").get("/v1/terms").json()} == {"grupo-staff"}
    others, missing = (told(server, "/v1/terms/document", {"terms": it}) for it in ("customsoft", "none"))
    assert others == missing and others[0] == 404


def test_a_client_that_is_not_registered_yet_sees_nothing(one_server: Served) -> None:
    from adapters.access.places import access_of
    from adapters.access.tokens import Tokens
    from adapters.ledger import utc_now

    access = access_of(one_server.ledger_url)
    _, text = Tokens(access).make("early", "client", "later", utc_now(), None)
    access.close()
    headers = {"Authorization": f"Bearer {text}"}
    assert one_server.as_(None).get("/v1/entries", headers=headers).json() == {"entries": [], "next": None}
    assert one_server.as_(None).get("/v1/reports/sla", headers=headers).status_code == 404
