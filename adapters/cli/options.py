"""What can be asked for in the same way everywhere: the ledger, the language, a moment, what was known, readings, a selection.

Types that refuse what they cannot read with a clear message, and the options made of them. They read the command line only; the
ledger is opened by the command.
"""

import os
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adapters import asked
from adapters.cli.clicking import grouped, option
from adapters.language import LANGUAGES, _, worded
from adapters.settings import brokers_of, foreign_scheme, kafka_config_path, keys_path, ledger_url
from domain.refusal import said

if TYPE_CHECKING:
    from adapters.kafka.topics import Topics
    from adapters.ledger import Ledger

MOST_WORKERS = 64
_LEDGER, _KEYS, _LANGUAGE = "bitacora.ledger", "bitacora.keys", "bitacora.language"


class Moment(click.ParamType):
    """A time as RFC 3339 writes it, with its offset; it becomes UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return asked.moment(printable(value, self, param, ctx))
        except asked.Unclear as unclear:
            self.fail(worded(unclear), param, ctx)


class Known(click.ParamType):
    """A position, or a moment: what the ledger had recorded by then."""

    name = "time|position"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | int:
        if isinstance(value, int | datetime):
            return value
        try:
            return asked.known(printable(value, self, param, ctx))
        except asked.Unclear as unclear:
            self.fail(worded(unclear), param, ctx)


class Reading(click.ParamType):
    """A reading asked for: `gs.4=clock-hours`."""

    name = "key=option"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        try:
            return asked.reading(printable(value, self, param, ctx))
        except asked.Unclear as unclear:
            self.fail(worded(unclear), param, ctx)


class Name(click.ParamType):
    """An id: text that can be written down."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return printable(value, self, param, ctx)


class Count(click.ParamType):
    """A whole number, from `least` on, or up to `most`."""

    name = "number"

    def __init__(self, least: int, most: int | None = None) -> None:
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if not re.fullmatch(r"\d{1,18}", str(value), re.ASCII) or int(value) < self.least:
            self.fail(_("{text} is not a whole number from {least} on").format(text=value, least=self.least), param, ctx)
        if self.most is not None and int(value) > self.most:
            self.fail(_("{text} is more than {most}").format(text=value, most=self.most), param, ctx)
        return int(value)


def printable(value: Any, kind: click.ParamType, param: click.Parameter | None, ctx: click.Context | None) -> str:
    """The text of an argument; refused if its bytes were not UTF-8."""
    try:
        str(value).encode("utf-8")
    except UnicodeEncodeError:
        kind.fail(_("it is not UTF-8"), param, ctx)
    return str(value)


MOMENT, KNOWN, READING, NAME = Moment(), Known(), Reading(), Name()
FILE = click.Path(path_type=Path)


def _kept(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
        if value is not None:
            ctx.meta[name] = value

    return keep


# The same three before and after the command; what stands nearest to the end holds.
everywhere = grouped(
    [
        option("--ledger", metavar="PATH", expose_value=False, callback=_kept(_LEDGER), type=NAME,
               help=said("The ledger, a file or postgresql://…; else that of BITACORA_LEDGER, else ./bitacora.db.")),
        option("--keys", metavar="PATH", expose_value=False, callback=_kept(_KEYS), type=NAME,
               help=said("The keys of its personal texts; else BITACORA_KEYS, else beside the ledger.")),
        option("--lang", type=click.Choice(LANGUAGES), expose_value=False, callback=_kept(_LANGUAGE),
               help=said("Language of messages, tables and clauses; else that of the locale.")),
    ]
)  # fmt: skip

judged_at = option("--at", type=MOMENT, help=said("Judge as if the clock on the wall said this; now by default."))
as_known = option(
    "--known-at",
    type=KNOWN,
    help=said("Use only what the ledger had recorded by then, a time or a position; everything by default."),
)
read_as = option(
    "--reading",
    "readings",
    type=READING,
    multiple=True,
    help=said("Read a clause in another way, such as gs.4=clock-hours; repeatable. See `terms readings`."),
)
as_of = grouped([judged_at, as_known, read_as])

of_client = option("--client", type=NAME, help=said("Only this client."))
of_ticket = option("--ticket", type=NAME, help=said("Only this ticket."))
of_types = option("--type", "types", type=NAME, multiple=True, help=said("Only entries of this type; repeatable."))
looked_at = grouped(
    [
        of_client,
        option("--policy", type=NAME, help=said("Only this policy.")),
        of_ticket,
    ]
)
"""Everything, or one client, policy or ticket."""

selecting = grouped(
    [
        looked_at,
        option("--from", "since", type=MOMENT, help=said("Only from this time on.")),
        option("--to", "until", type=MOMENT, help=said("Only before this time.")),
    ]
)


def shown_as(*forms: str) -> Callable[[Any], Any]:
    """`--format`, one of these forms; the first by default."""
    return option("--format", "form", type=click.Choice(forms), default=forms[0], show_default=True,
                  help=said("For reading, or for a program."))  # fmt: skip


of_topics = grouped(
    [
        option("--brokers", metavar="HOST:PORT", type=NAME,
               help=said("Kafka, several brokers with commas; else BITACORA_BROKERS, else 127.0.0.1:9092.")),
        option("--kafka-config", metavar="FILE", type=FILE,
               help=said("How Kafka is reached where it asks for encryption or a password; else BITACORA_KAFKA_CONFIG. See "
                         "docs/streams.md.")),
        option("--topic-prefix", metavar="NAME", type=NAME, default="bitacora", show_default=True,
               help=said("What the names of its topics begin with: one for each ledger on a broker.")),
    ]
)  # fmt: skip


into_file = option("-o", "--output", metavar="FILE", type=FILE,
                   help=said("Write to this file, whole or not at all; else to standard output."))  # fmt: skip

sharing = option("--workers", type=Count(1, MOST_WORKERS), default=1, show_default=True,
                 help=said("Share the work out among so many processes, where the whole ledger is read; the answer is the "
                           "same."))  # fmt: skip


def ledger_given() -> str | None:
    """The ledger that the command line names, if it names one."""
    given: str | None = click.get_current_context().meta.get(_LEDGER)
    return given


def keys_given() -> str | None:
    """The key store that the command line names, if it names one."""
    given: str | None = click.get_current_context().meta.get(_KEYS)
    return given


def ledger_place() -> str:
    """Where the ledger asked for is. click.UsageError for a URL of what keeps no ledgers."""
    url = ledger_url(ledger_given(), os.environ)
    if scheme := foreign_scheme(url):
        raise click.UsageError(_("a ledger is a file, or postgresql://…; {scheme}:// is neither").format(scheme=scheme))
    return url


def keys_place() -> Path | None:
    """Where the key store asked for is; None for the one beside the ledger."""
    return keys_path(keys_given(), os.environ)


def open_ledger(*, create: bool = False) -> "Ledger":
    """The ledger asked for, open. LedgerError if it cannot be, or, unless `create`, is not there."""
    from adapters.ledger import Ledger

    return Ledger.open(ledger_place(), create=create, keys=keys_place())


def topics_asked(brokers: str | None, kafka_config: Path | None, prefix: str) -> "Topics":
    """The topics that `of_topics` names. Unusable if the file does not say how to reach the brokers, OSError if it cannot be
    read."""
    from adapters.kafka.brokers import Brokers, access_from
    from adapters.kafka.topics import Topics

    path = kafka_config_path(None if kafka_config is None else str(kafka_config), os.environ)
    return Topics(Brokers(brokers_of(brokers, os.environ), access_from(path, os.environ)), prefix)


def position_known(ledger: "Ledger", known: "datetime | int | None") -> int | None:
    """`--known-at` as a position, inclusive; None for everything."""
    return ledger.position_at(known) if isinstance(known, datetime) else known


def chosen_readings(readings: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """`--reading` as a mapping; a usage error if one key is asked for in two ways."""
    chosen: dict[str, str] = {}
    for key, name in readings:
        if chosen.setdefault(key, name) != name:
            raise click.UsageError(_("--reading asks for {key} in two ways").format(key=key))
    return chosen


def check_order(since: datetime | None, until: datetime | None) -> None:
    """A usage error if a selected time ends before it begins."""
    if since is not None and until is not None and until <= since:
        raise click.UsageError(_("--to must lie after --from"))
