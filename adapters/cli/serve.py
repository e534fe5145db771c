"""`bitacora serve` and `bitacora config`: the ledger over HTTP, and what its server is told.

What is served is in `adapters.http`; here it is configured and begun.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adapters.cli.clicking import Command, grouped, option
from adapters.cli.options import FILE, Count, everywhere, keys_given, ledger_given, shown_as
from adapters.language import _
from adapters.settings import ledger_name
from domain.refusal import said

if TYPE_CHECKING:
    from adapters.http.configuring import Configured

_LAST_PORT = 65_535

_told = grouped(
    [
        option("--config", "file", type=FILE, metavar="FILE",
               help=said("Settings in TOML; else the file of BITACORA_CONFIG. See docs/http.md.")),
        option("--host", help=said("The address to listen on; 127.0.0.1 by default.")),
        option("--port", type=Count(0, _LAST_PORT), help=said("The port to listen on; 8750 by default, any free one for 0.")),
        option("--key", "signing_key", metavar="FILE", help=said("Sign checkpoints with this private key as entries come.")),
    ]
)  # fmt: skip


@click.command(
    cls=Command,
    example="bitacora serve\nbitacora --ledger desk.db serve --port 8080 --key desk.key",
    help=said("Serve the ledger over HTTP, for programs under /v1 and for people in a browser, until stopped. Whoever asks "
              "needs a token, see `bitacora token`; a ledger that is not there yet is begun. See docs/http.md."),
)  # fmt: skip
@_told
@everywhere
def serve(file: Path | None, **given: Any) -> None:
    """Serves until a signal comes."""
    from adapters.http.serving import serve as served
    from adapters.ledger import Ledger

    settings = _configured(file, given).settings
    keys = Path(settings.keys) if settings.keys else None
    with Ledger.open(settings.ledger, create=True, keys=keys) as ledger:
        name = ledger_name(settings.ledger)
        served(ledger, settings, lambda url: print(_("{ledger} is served at {url}").format(ledger=name, url=url), flush=True))


@click.command(
    cls=Command,
    example="bitacora config --config server.toml\nBITACORA_PORT=8080 bitacora config --format json",
    help=said("Show what a server would be told, and where each setting was said: by default, in the file, in the environment "
              "or on the command line. Passwords are not shown."),
)  # fmt: skip
@_told
@shown_as("table", "json")
@everywhere
def config(file: Path | None, form: str, **given: Any) -> None:
    """Shows the settings."""
    found = _configured(file, given)
    if form == "json":
        from adapters.cli.written import write_json_lines

        write_json_lines([{name: {"value": value, "source": source} for name, value, source in found.rows()}])
        return
    from adapters.cli.tables import Column, show_table

    rows = [(name, value or "-", _(source)) for name, value, source in found.rows()]
    show_table([Column(_("Setting")), Column(_("Value")), Column(_("Said in"))], rows)


def _configured(file: Path | None, given: dict[str, Any]) -> "Configured":
    from adapters.http.configuring import configured

    return configured(file, os.environ, {"ledger": ledger_given(), "keys": keys_given(), **given})


_SOURCES = (said("default"), said("file"), said("environment"), said("command line"))
"""Marked here, so that they are translated too."""
