"""`bitacora live`: what runs, is at risk and is breached, kept while entries arrive.

What a worker does is in `adapters.live`; here it is begun, stopped by a signal, and what happens is told.
"""

import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from adapters.cli.clicking import Command, option
from adapters.cli.options import NAME, Count, everywhere, of_topics, open_ledger, topics_asked
from adapters.language import _, ngettext, worded
from domain.refusal import said

if TYPE_CHECKING:
    from adapters.live.running import Happening

_LISTEN = "127.0.0.1:6066"
_NEAR_PERCENT = 75
_COMPARE_SECONDS, _LEAST_OFTEN_SECONDS = 15, 3_600
_PORTS = range(1, 65_536)


@click.command(
    cls=Command,
    example="bitacora live\nbitacora live --brokers kafka:9092 --name live-1 --listen 0.0.0.0:6066 --url http://live-1:6066",
    help=said("Keep what is live up with the topic bitacora.entries, until stopped: which clocks run, are at risk or breached, "
              "what is left of quotas, minutes billed today; told on topics at the moment it happens, and answered over HTTP. "
              "Several workers share the tickets among them. See docs/live.md."),
)  # fmt: skip
@of_topics
@option("--name", metavar="NAME", type=NAME,
        help=said("The worker's own name, the same whenever it is started; else that of this machine and the port. An older "
                  "worker of that name is shut out."))  # fmt: skip
@option("--listen", metavar="HOST:PORT", type=NAME, default=_LISTEN, show_default=True,
        help=said("Where it answers over HTTP."))  # fmt: skip
@option("--url", metavar="URL", type=NAME, help=said("Where other workers reach it; else what it listens on."))
@option("--at-risk", "near_percent", metavar="PERCENT", type=Count(1, 100), default=_NEAR_PERCENT, show_default=True,
        help=said("How much of a target has run when a clock is at risk, and how much of a quota is used when it is near "
                  "exhaustion."))  # fmt: skip
@option("--compare-every", "compare_seconds", metavar="SECONDS", type=Count(1, _LEAST_OFTEN_SECONDS), default=_COMPARE_SECONDS,
        show_default=True,
        help=said("How often what was delivered is compared with what is here, so that nothing stays lost."))  # fmt: skip
@everywhere
def live(
    brokers: str | None, kafka_config: Path | None, topic_prefix: str, name: str | None, listen: str, url: str | None,
    near_percent: int, compare_seconds: int,
) -> int:  # fmt: skip
    """Works until a signal comes; 1 if it must not, or not any more."""
    from adapters.ending import told_to_end
    from adapters.kafka.topics import Unsuitable
    from adapters.live.running import Asked, Ended, run
    from adapters.live.seldom import log_seldom

    log_seldom(_("{message} (and {count} more like it meanwhile)"))
    host, port = _place(listen)
    url = url or f"http://{host}:{port}"
    if urlsplit(url).hostname is None:
        raise click.BadParameter(_("{url} is no URL such as http://live-1:6066").format(url=url), param_hint="--url")
    topics = topics_asked(brokers, kafka_config, topic_prefix)
    asked = Asked(topics, name or f"{socket.gethostname()}-{port}", host, port, url, near_percent, compare_seconds)
    try:
        with told_to_end() as wait, open_ledger() as ledger:
            run(ledger, asked, lambda: wait(0), _tell, _progress)
    except (Unsuitable, Ended) as error:
        print(f"bitacora: {worded(error)}", file=sys.stderr)
        return 1
    return 0


def _place(listen: str) -> tuple[str, int]:
    host, _colon, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) not in _PORTS:
        raise click.BadParameter(_("{place} is not a host and a port such as 127.0.0.1:6066").format(place=listen),
                                 param_hint="--listen")  # fmt: skip
    return host, int(port)


def _tell(happening: "Happening", number: int) -> None:
    match happening:
        case "judging":
            print(_("Nothing is live yet: judging every ticket of the ledger first."), flush=True)
        case "judged":
            template = ngettext("{count} ticket judged.", "{count} tickets judged.", number)
            print(template.format(count=f"{number:,}"), flush=True)
        case "working":
            template = ngettext("At work on a topic of {count} partition.", "At work on a topic of {count} partitions.", number)
            print(template.format(count=number), flush=True)
        case "ended":
            print(_("Ended."), flush=True)


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done:,} / {of:,}", end="" if done < of else "\n", file=sys.stderr, flush=True)
