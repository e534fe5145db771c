"""Every route tried with every role, and with no token; what comes without a row here fails."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from adapters.access.tokens import ROLES
from adapters.http.application import application
from adapters.http.settings import ServerSettings
from adapters.ledger import Ledger
from tests.adapters.http.served import Served

EVERYBODY = {*ROLES, None}
ALL = {*ROLES}
READERS = {"reader", "auditor", "admin"}
INTEGRATORS = {"integrator", "admin"}
FOLLOWERS = READERS | {"integrator", "client"}

MAY: dict[tuple[str, str], set[str | None]] = {
    ("GET", "/health"): EVERYBODY,
    ("GET", "/ready"): EVERYBODY,
    ("GET", "/metrics"): {"reader", "admin"},
    ("GET", "/v1/openapi.json"): EVERYBODY,
    ("POST", "/login"): EVERYBODY,
    ("POST", "/logout"): EVERYBODY,
    ("GET", "/v1/me"): ALL,
    ("POST", "/v1/entries"): {"recorder", "admin"},
    ("POST", "/v1/entries/lines"): {"recorder", "admin"},
    ("GET", "/v1/entries"): FOLLOWERS,
    ("GET", "/v1/entry"): FOLLOWERS,
    ("GET", "/v1/entries/stream"): FOLLOWERS,
    ("GET", "/v1/reports/sla"): READERS | {"client"},
    ("GET", "/v1/reports/consumption"): READERS | {"client"},
    ("GET", "/v1/reports/billing"): READERS | {"client"},
    ("GET", "/v1/reports/unattended"): READERS | {"client"},
    ("GET", "/v1/explain"): READERS | {"client"},
    ("GET", "/v1/replay"): READERS | {"client"},
    ("GET", "/v1/readings"): READERS,
    ("POST", "/v1/what-if"): READERS,
    ("GET", "/v1/statement"): READERS | {"client"},
    ("GET", "/v1/dossier"): {"auditor", "client", "admin"},
    ("GET", "/v1/exports/xes"): READERS,
    ("GET", "/v1/exports/ocel"): READERS,
    ("GET", "/v1/bundle"): {"auditor", "admin"},
    ("GET", "/v1/checkpoints"): FOLLOWERS,
    ("GET", "/v1/checkpoint"): FOLLOWERS,
    ("GET", "/v1/key"): FOLLOWERS,
    ("GET", "/v1/proof"): FOLLOWERS,
    ("GET", "/v1/consistency"): FOLLOWERS - {"client"},
    ("GET", "/v1/prove"): READERS | {"client"},
    ("GET", "/v1/verify"): {"auditor", "admin"},
    ("GET", "/v1/terms"): ALL,
    ("GET", "/v1/terms/document"): ALL,
    ("GET", "/v1/terms/provisions"): ALL,
    ("GET", "/v1/accounts"): READERS,
    ("GET", "/v1/accounts/parked"): READERS,
    ("GET", "/v1/webhooks"): INTEGRATORS,
    ("POST", "/v1/webhooks"): INTEGRATORS,
    ("POST", "/v1/webhooks/remove"): INTEGRATORS,
    ("POST", "/v1/webhooks/test"): INTEGRATORS,
    ("GET", "/v1/webhooks/dead"): INTEGRATORS,
    ("POST", "/v1/webhooks/retry"): INTEGRATORS,
    ("POST", "/v1/webhooks/skip"): INTEGRATORS,
}
SEEN = READERS | {"client"}
PAGES: dict[tuple[str, str], set[str | None]] = {
    ("GET", "/"): ALL - {"integrator"},
    ("GET", "/tickets"): SEEN,
    ("GET", "/tickets/{ident:str}"): SEEN,
    ("GET", "/tickets/{ident:str}/{name:str}"): {"auditor", "client", "admin"},
    ("GET", "/tickets/{ident:str}/proof.json"): SEEN,
    ("GET", "/clients"): SEEN,
    ("GET", "/clients/{ident:str}"): SEEN,
    ("GET", "/clients/{ident:str}/statement/{name:str}"): SEEN,
    ("GET", "/readings"): SEEN,
    ("GET", "/terms"): SEEN,
    ("GET", "/terms/{ident:str}"): SEEN,
    ("GET", "/record"): {"recorder", "admin"},
    ("POST", "/record"): {"recorder", "admin"},
}
"""Whoever has not signed in is led from a page to the form for it."""
MAY |= PAGES
MAY |= {("GET", it): EVERYBODY for it in ("/login", "/static/{name:str}", "/verifier/bitacora_verify.py")}
MAY |= {(it, "/{rest:path}"): EVERYBODY for it in ("GET", "POST", "PUT", "PATCH", "DELETE")}
ASKED = {
    "/v1/entry": {"position": "4"},
    "/v1/explain": {"ticket": "G-1"},
    "/v1/replay": {"known_at": "5"},
    "/v1/statement": {"client": "acme", "month": "2026-03", "format": "html"},
    "/v1/dossier": {"ticket": "G-1", "format": "html"},
    "/v1/bundle": {"ticket": "G-1"},
    "/v1/proof": {"position": "4"},
    "/v1/consistency": {"first": "1"},
    "/v1/prove": {"ticket": "G-1"},
    "/v1/terms/document": {"terms": "grupo-staff"},
    "/v1/terms/provisions": {"terms": "grupo-staff"},
}


def routes(folder: Path) -> Iterator[tuple[str, str]]:
    """Every method and path that the application has."""
    with Ledger.open(str(folder / "empty.db"), create=True) as ledger:
        made = application(ledger, ServerSettings())
    for route in made.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in handler.http_methods - {"OPTIONS"}:
                yield method, route.path


def test_every_route_has_a_row(tmp_path: Path) -> None:
    assert sorted(routes(tmp_path)) == sorted(MAY)


@pytest.mark.parametrize(("method", "path"), MAY)
def test_a_route_admits_the_roles_it_is_for_and_no_other(one_server: Served, method: str, path: str) -> None:
    found = {role: status_of(one_server.as_(role), method, path) for role in (*ROLES, None)}
    admitted = MAY[method, path]
    for role, status in found.items():
        expected = {403} if role is not None else {303} if (method, path) in PAGES else {401}
        assert (status in expected) == (role not in admitted), (role, status)
        # Whoever is admitted is answered, or told what is wrong with what is asked.
        assert status < 500, (role, status)


def status_of(client: httpx.Client, method: str, path: str) -> int:
    origin = {"Origin": str(client.base_url).rstrip("/")}
    with client.stream(method, path, params=ASKED.get(path), headers=origin) as response:
        return response.status_code


def test_what_says_nothing_of_roles_is_not_served(tmp_path: Path) -> None:
    from litestar import get
    from litestar.exceptions import ImproperlyConfiguredException

    @get("/open", sync_to_thread=False)
    def left_open() -> str:
        return ""

    with (
        Ledger.open(str(tmp_path / "empty.db"), create=True) as ledger,
        pytest.raises(ImproperlyConfiguredException, match="which roles"),
    ):
        application(ledger, ServerSettings(), routes=[left_open])
