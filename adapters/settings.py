"""What the surroundings say: which ledger, and which key store, to use when nobody names one.

Reads the environment, decides nothing else.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

LEDGER_VARIABLE = "BITACORA_LEDGER"
KEYS_VARIABLE = "BITACORA_KEYS"
BROKERS_VARIABLE = "BITACORA_BROKERS"
KAFKA_CONFIG_VARIABLE = "BITACORA_KAFKA_CONFIG"
KAFKA_PASSWORD_VARIABLE = "BITACORA_KAFKA_PASSWORD"
DEFAULT_LEDGER = "./bitacora.db"
DEFAULT_BROKERS = "127.0.0.1:9092"
_SERVERS = ("postgresql:", "postgres:")
_A_SERVER = "postgresql://..."
"""Of a URL that cannot be read nothing is repeated: the password may be anywhere in it."""


def ledger_url(given: str | None, environment: Mapping[str, str]) -> str:
    """The ledger asked for, else the one of `BITACORA_LEDGER`, else `./bitacora.db`. Empty text counts as not given."""
    return given or environment.get(LEDGER_VARIABLE) or DEFAULT_LEDGER


def keys_path(given: str | None, environment: Mapping[str, str]) -> Path | None:
    """The key store asked for, else the one of `BITACORA_KEYS`, else None: the one beside the ledger. Empty text counts as not
    given."""
    path = given or environment.get(KEYS_VARIABLE)
    return Path(path) if path else None


def brokers_of(given: str | None, environment: Mapping[str, str]) -> str:
    """The brokers of Kafka asked for (host:port, more after commas), else those of `BITACORA_BROKERS`, else one that listens on
    this machine. Empty text counts as not given."""
    return given or environment.get(BROKERS_VARIABLE) or DEFAULT_BROKERS


def kafka_config_path(given: str | None, environment: Mapping[str, str]) -> Path | None:
    """The file that says how Kafka is reached: the one asked for, else that of `BITACORA_KAFKA_CONFIG`, else None. Empty text
    counts as not given."""
    path = given or environment.get(KAFKA_CONFIG_VARIABLE)
    return Path(path) if path else None


def is_server(url: str) -> bool:
    """Whether a URL names a ledger that a server keeps, rather than a file."""
    return url.startswith(_SERVERS)


def foreign_scheme(url: str) -> str:
    """How a URL begins that names neither a file nor a server that keeps ledgers; empty if it does."""
    scheme, is_url, _ = url.partition("://")
    return scheme if is_url and not is_server(url) and not url.startswith("sqlite:") else ""


def ledger_path(url: str) -> Path | None:
    """The file of the ledger that `url` (a path, or `sqlite:` and a path) names; None if it is the URL of a server."""
    return None if is_server(url) else Path(url.removeprefix("sqlite:"))


def ledger_name(url: str) -> str:
    """How a ledger is called in what is said of it: never with the password in its URL."""
    if not is_server(url):
        return url
    try:
        parts = urlsplit(url)
        user, host, port = parts.username, parts.hostname or "", parts.port
    except ValueError:
        return _A_SERVER
    if "@" in parts.path:
        return _A_SERVER
    return f"postgresql://{f'{user}@' if user else ''}{host}{f':{port}' if port else ''}{parts.path or '/'}"
