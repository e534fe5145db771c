"""Where a server is told what to do: a file in TOML, the environment over it, and the command line over both.

It says where every value comes from, and never shows what is secret in one.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import structs

from adapters.http.settings import ServerSettings
from adapters.mapper import LedgerError
from adapters.settings import ledger_name
from domain.refusal import said

CONFIG_VARIABLE = "BITACORA_CONFIG"
_PREFIX = "BITACORA_"
_HIDDEN = "…"
Source = Literal["default", "file", "environment", "command line"]


class Configured(NamedTuple):
    """What a server is told, and where each of it was said."""

    settings: ServerSettings
    sources: Mapping[str, Source]

    def rows(self) -> list[tuple[str, str, Source]]:
        """(name, value, source) of everything, passwords left out."""
        plain = structs.asdict(self.settings) | {"ledger": ledger_name(self.settings.ledger)}
        if self.settings.session_key is not None:
            plain["session_key"] = _HIDDEN
        return [(name, "" if value is None else str(value), self.sources[name]) for name, value in plain.items()]


def variable(name: str) -> str:
    """The variable of the environment for a setting."""
    return _PREFIX + name.upper()


def configured(file: Path | None, environment: Mapping[str, str], given: Mapping[str, Any]) -> Configured:
    """What `given` says (None: nothing), else the environment, else the file (that of `BITACORA_CONFIG` if there is none), else
    the defaults. LedgerError naming what cannot be read, or is not known, or out of its limits."""
    path = file or (Path(environment[CONFIG_VARIABLE]) if environment.get(CONFIG_VARIABLE) else None)
    names = [it.name for it in structs.fields(ServerSettings)]
    said_in: list[tuple[Source, dict[str, Any]]] = [
        ("file", {} if path is None else _read(path)),
        ("environment", {name: environment[variable(name)] for name in names if environment.get(variable(name))}),
        ("command line", {name: value for name, value in given.items() if value is not None}),
    ]
    values: dict[str, Any] = {}
    sources: dict[str, Source] = dict.fromkeys(names, "default")
    for source, found in said_in:
        values |= found
        sources |= dict.fromkeys(found, source)
    try:
        # Text is taken for a number where one is wanted: the environment has nothing else.
        settings = msgspec.convert(values, ServerSettings, strict=False)
    except msgspec.ValidationError as error:
        raise LedgerError(said("this is no configuration of a server: {problem}"), problem=error) from None
    return Configured(settings, sources)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problem: object = error.strerror or error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problem = error
    raise LedgerError(said("{path} cannot be read: {problem}"), path=path, problem=problem)
