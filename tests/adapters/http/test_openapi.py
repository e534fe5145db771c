"""The OpenAPI document: kept in docs as it is served, and true of what is answered."""

import json
import os
import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks, openapi

from adapters.http import routes
from adapters.http.examples import EXAMPLES
from replay import merkle
from tests.adapters.cli.calling import ROOT
from tests.adapters.http.served import Served

KEPT = ROOT / "docs" / "schemas" / "openapi.json"
TRIES = int(os.environ.get("BITACORA_API_EXAMPLES", "12"))
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


def examples() -> Iterator[tuple[str, Any, Any]]:
    """Every example, with where it stands and its schema."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            place = f"{method} {path}"
            contents = {**operation.get("requestBody", {}).get("content", {})}
            yield from ((f"{place} sent as {name}", it["schema"], it["example"]) for name, it in contents.items())
            for it in operation["parameters"]:
                if "example" in it:
                    yield f"{place} {it['name']}", it["schema"], it["example"]
            for status, response in operation["responses"].items():
                for name, it in response.get("content", {}).items():
                    if "example" in it:
                        yield f"{place} {status} {name}", it["schema"], it["example"]


@pytest.mark.parametrize(("schema", "example"), [pytest.param(*it, id=place) for place, *it in examples()])
def test_an_example_is_of_the_form_it_is_an_example_of(schema: Any, example: Any) -> None:
    named = re.search(r"One JSON object a line[:;] (?:each as in the schema )?(\w+)", schema.get("description", ""))
    if named is not None and named[1] in DOCUMENT["components"]["schemas"]:
        schema = {"$ref": f"#/components/schemas/{named[1]}"}
        found = [json.loads(it) for it in example.splitlines()]
    else:
        found = [example]
    checked = jsonschema.Draft202012Validator(schema | {"components": DOCUMENT["components"]})
    for it in found:
        checked.validate(it)


WITHOUT_EXAMPLE = {"getTerms", "getDocument", "exportOcel"}
"""Documents too long to be shown."""


def test_every_answer_for_programs_has_an_example() -> None:
    without = {
        operation["operationId"]
        for path in DOCUMENT["paths"].values()
        for operation in path.values()
        for status, response in operation["responses"].items()
        for name, it in response.get("content", {}).items()
        if status < "300" and name in ("application/json", "application/x-ndjson") and "example" not in it
    }
    assert without == WITHOUT_EXAMPLE


def test_the_examples_taken_are_those_of_operations_and_show_what_they_should() -> None:
    ids = {it["operationId"] for path in DOCUMENT["paths"].values() for it in path.values()}
    assert EXAMPLES.keys() <= ids
    assert EXAMPLES["replay"]["changes"] and EXAMPLES["whatIf"]["changes"] and EXAMPLES["hangingReadings"]["hangs"]
    # A proof that is shown holds.
    shown = EXAMPLES["proveEntry"]
    leaf, hashed, root = (b64decode(shown[it]) for it in ("leaf", "leaf_hash", "root"))
    path = [b64decode(it) for it in shown["path"]]
    assert merkle.leaf_hash(leaf) == hashed
    assert merkle.holds_inclusion(hashed, shown["index"], shown["size"], path, root)


@schemathesis.serializer("application/x-ndjson")
def as_lines(_: object, value: object) -> bytes:
    """Lines are sent as the text that they are."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.mark.filterwarnings("ignore")
@SCHEMA.exclude(operation_id="followEntries").parametrize()
@settings(
    max_examples=TRIES, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck), database=None,
)  # fmt: skip
def test_every_answer_is_as_the_document_tells_it(case: schemathesis.Case, one_server: Served) -> None:
    headers = {"Authorization": f"Bearer {one_server.tokens['admin']}"}
    case.call_and_validate(base_url=one_server.url, headers=headers, checks=TRUE_TO_IT)


def test_the_document_can_be_read_by_others() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert Path(KEPT).is_file()
