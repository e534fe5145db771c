"""docker-compose.yml and the Dockerfile ask the program for nothing that it does not know. No engine runs them here."""

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from adapters.cli.program import bitacora

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
OURS = {name: it for name, it in SERVICES.items() if it.get("image") == "bitacora"}


def calls() -> Iterator[list[str]]:
    """What the containers call, the program first: by their command, their entry point, and their health checks."""
    for service in OURS.values():
        if "command" in service:
            yield ["bitacora", *service["command"]]
        if "entrypoint" in service:
            assert service["entrypoint"][:2] == ["sh", "-c"]
            yield from map(shlex.split, service["entrypoint"][2].split("&&"))
        if "healthcheck" in service:
            assert service["healthcheck"]["test"][0] == "CMD"
            yield service["healthcheck"]["test"][1:]
    # What a comment tells the operator to call.
    for told in re.findall(r"docker compose exec \w+ (bitacora .*)", COMPOSE):
        yield shlex.split(told)


def understood(command: click.Command, arguments: list[str], above: click.Context | None = None) -> None:
    """Parses arguments as the program would, and calls nothing."""
    ctx = command.make_context(command.name, list(arguments), parent=above)
    if isinstance(command, click.Group):
        _, following, rest = command.resolve_command(ctx, [*ctx._protected_args, *ctx.args])
        assert following is not None
        understood(following, rest, ctx)


@pytest.mark.parametrize("call", list(calls()), ids=" ".join)
def test_what_a_container_calls_is_a_call_that_is_understood(call: list[str]) -> None:
    if call[0] == "python":
        assert call[1] == "-c"
        ast.parse(call[2])
    else:
        assert call[0] == "bitacora"
        understood(bitacora, call[1:])


def test_an_option_that_there_is_not_would_be_noticed() -> None:
    with pytest.raises(click.NoSuchOption):
        understood(bitacora, ["relay", "--make-topics"])


def test_every_service_that_runs_on_has_a_health_check_and_waits_for_services_that_there_are() -> None:
    for name, service in SERVICES.items():
        assert ("healthcheck" in service) == (service.get("restart") == "unless-stopped"), name
        for other, condition in service.get("depends_on", {}).items():
            is_healthy = condition["condition"] == "service_healthy"
            assert is_healthy == ("healthcheck" in SERVICES[other]), (name, other)


def test_health_is_asked_on_the_port_that_is_listened_on() -> None:
    for service in OURS.values():
        asked = re.search(r"127\.0\.0\.1:(\d+)/health", str(service.get("healthcheck")))
        if asked is not None:
            assert service["ports"][0].endswith(f":{asked[1]}")


def test_the_image_has_every_package_and_starts_the_program() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {it for it in project["tool"]["setuptools"]["packages"]["find"]["include"] if "*" not in it}
    copied = {it for line in re.findall(r"^COPY (.*)$", DOCKERFILE, re.M) for it in line.split()[:-1]}
    assert copied == packages | {"pyproject.toml", project["project"]["readme"]}
    assert all((ROOT / it).exists() for it in copied)
    assert re.search(r'^ENTRYPOINT \["(\w+)"\]$', DOCKERFILE, re.M)[1] in project["project"]["scripts"]  # type: ignore[index]
