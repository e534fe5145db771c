"""The OpenAPI document: kept in docs as it is served, and true of what is answered."""

import json
import os
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks, openapi

from adapters.http import routes
from tests.adapters.cli.calling import ROOT
from tests.adapters.http.served import Served

KEPT = ROOT / "docs" / "schemas" / "openapi.json"
EXAMPLES = int(os.environ.get("BITACORA_API_EXAMPLES", "12"))
DOCUMENT = json.loads(routes.openapi())
SCHEMA = openapi.from_dict(DOCUMENT)
TRUE_TO_IT = (
    checks.CHECKS.get_one("not_a_server_error"),
    checks.CHECKS.get_one("status_code_conformance"),
    checks.CHECKS.get_one("content_type_conformance"),
    checks.CHECKS.get_one("response_schema_conformance"),
    checks.CHECKS.get_one("response_headers_conformance"),
)


def test_the_document_kept_is_the_one_served(one_server: Served) -> None:
    assert KEPT.read_bytes() == routes.openapi(), "write it again: python -m adapters.http.document"
    assert one_server.as_(None).get("/v1/openapi.json").json() == DOCUMENT


def test_every_operation_has_an_id_of_its_own_and_says_what_it_answers() -> None:
    operations = [it for path in DOCUMENT["paths"].values() for it in path.values()]
    ids = [it["operationId"] for it in operations]
    assert len(set(ids)) == len(ids) and all(it.isidentifier() for it in ids)
    for it in operations:
        assert it["summary"] and it["tags"] and {"400", "429", "500", "503"} <= it["responses"].keys()
        for status, response in it["responses"].items():
            if status >= "400" and (it["operationId"], status) != ("ready", "503"):
                (schema,) = (content["schema"] for content in response["content"].values())
                assert schema == {"$ref": "#/components/schemas/Problem"}


def test_every_reference_leads_somewhere() -> None:
    def references(value: object) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [it for inner in value.values() for it in references(inner)]
        return [it for inner in value for it in references(inner)] if isinstance(value, list) else []

    found = {it.removeprefix("#/components/schemas/") for it in references(DOCUMENT)}
    assert found <= DOCUMENT["components"]["schemas"].keys()


@schemathesis.serializer("application/x-ndjson")
def as_lines(_: object, value: object) -> bytes:
    """Lines are sent as the text that they are."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.mark.filterwarnings("ignore")
@SCHEMA.exclude(operation_id="followEntries").parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck), database=None,
)  # fmt: skip
def test_every_answer_is_as_the_document_tells_it(case: schemathesis.Case, one_server: Served) -> None:
    headers = {"Authorization": f"Bearer {one_server.tokens['admin']}"}
    case.call_and_validate(base_url=one_server.url, headers=headers, checks=TRUE_TO_IT)


def test_the_document_can_be_read_by_others() -> None:
    import jsonschema

    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert Path(KEPT).is_file()
