"""`bitacora relay`: entries, accounts and checkpoints sent to topics of Kafka, and how far that is.

What a relay does is in `adapters.kafka`; here it is begun, stopped by a signal, and what happens is told.
"""

import sys
import time
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import click

from adapters.cli.clicking import Command, option
from adapters.cli.options import Count, everywhere, keys_place, ledger_place, of_topics, open_ledger, shown_as, topics_asked
from adapters.language import _, ngettext, worded
from domain.refusal import said

if TYPE_CHECKING:
    from adapters.kafka.positions import Reached
    from adapters.kafka.relaying import Told
    from adapters.kafka.topics import Topics
    from adapters.ledger import Ledger

_TELL_SECONDS = 10.0
_TELL_AGAIN_SECONDS = 300.0
_MOST_PARTITIONS = 1_000


@click.command(
    cls=Command,
    example="bitacora relay --create-topics\nbitacora relay --brokers kafka:9092\nbitacora relay --status",
    help=said("Send every entry to the topic bitacora.entries, once and in order, and what tickets and policies amount to, and "
              "signed checkpoints, to topics of their own; until stopped. Up to where is remembered by Kafka alone, so that a "
              "relay may be killed and started again anywhere; one that is started takes over from one that runs. "
              "See docs/streams.md."),
)  # fmt: skip
@of_topics
@option("--create-topics", is_flag=True, help=said("Make the topics that are missing first."))
@option("--partitions", metavar="NUMBER", type=Count(1, _MOST_PARTITIONS),
        help=said("With --create-topics, into how many parts entries and accounts are divided, for ever; 4 by "
                  "default."))  # fmt: skip
@option("--once", is_flag=True, help=said("Send what is there, and end."))
@option("--status", is_flag=True, help=said("Send nothing; show up to where everything was sent. 1 if nothing ever was."))
@shown_as("table", "json")
@everywhere
def relay(
    brokers: str | None, kafka_config: Path | None, topic_prefix: str, create_topics: bool, partitions: int | None,
    once: bool, status: bool, form: str,
) -> int:  # fmt: skip
    """Relays until a signal comes; 1 if it must not, or not any more."""
    from adapters.kafka.topics import Unsuitable

    if partitions is not None and not create_topics:
        raise click.UsageError(_("--partitions goes with --create-topics"))
    if status and (once or create_topics):
        raise click.UsageError(_("--status goes with neither --once nor --create-topics"))
    topics = topics_asked(brokers, kafka_config, topic_prefix)
    try:
        if status:
            return _show_status(topics, form)
        _relay(topics, create_topics, partitions, once)
    except Unsuitable as error:
        print(f"bitacora: {worded(error)}", file=sys.stderr)
        return 1
    return 0


def _relay(topics: "Topics", create: bool, partitions: int | None, once: bool) -> None:
    from adapters.ending import told_to_end
    from adapters.kafka.relaying import Relay, create_topics
    from adapters.kafka.topics import PARTITIONS
    from adapters.ledger import Ledger

    # Threads open it, where nothing is known of a command line.
    opened = partial(Ledger.open, ledger_place(), keys=keys_place())
    with told_to_end() as wait:
        opened().close()
        for name in create_topics(topics, partitions or PARTITIONS) if create else ():
            print(_("Topic {topic} made.").format(topic=name), flush=True)
        relay = Relay(opened, topics, _Telling())
        if once:
            relay.once()
        else:
            relay.run(wait)


class _Telling:
    """Says what happens to the lanes: of what goes well no more than a line every few seconds for each, and the first time that
    it has caught up; what goes wrong, and stays so, every five minutes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._said: dict[str, tuple[float, tuple[int, int]]] = {}
        self._caught_up: set[str] = set()
        self._failed: dict[str, tuple[float, str]] = {}

    def __call__(self, told: "Told") -> None:
        with self._lock:
            if told.error is not None:
                self._tell_failure(told.lane, worded(told.error))
            elif told.happening == "began":
                began = _("{lane}: going on after position {position} of {head}.")
                print(began.format(lane=told.lane, position=f"{told.position:,}", head=f"{told.head:,}"), flush=True)
                self._said[told.lane] = time.monotonic(), (told.position, -1)
                self._caught_up.discard(told.lane)
                self._failed.pop(told.lane, None)
            elif self._is_due(told):
                self._said[told.lane] = time.monotonic(), (told.position, told.sent)
                _tell_progress(told)

    def _tell_failure(self, lane: str, problem: str) -> None:
        at, before = self._failed.get(lane, (0.0, ""))
        if problem == before and time.monotonic() - at < _TELL_AGAIN_SECONDS:
            return
        self._failed[lane] = time.monotonic(), problem
        template = _("{lane}: failed, and will be tried again: {problem}")
        print(template.format(lane=lane, problem=problem), file=sys.stderr, flush=True)

    def _is_due(self, told: "Told") -> bool:
        is_first = told.happening == "caught_up" and told.lane not in self._caught_up
        if is_first:
            self._caught_up.add(told.lane)
        at, last = self._said[told.lane]
        return is_first or (last != (told.position, told.sent) and time.monotonic() - at >= _TELL_SECONDS)


def _tell_progress(told: "Told") -> None:
    template = ngettext(
        "{lane}: at position {position} of {head}; {count} message sent so far.",
        "{lane}: at position {position} of {head}; {count} messages sent so far.",
        told.sent,
    )
    numbers = {"position": f"{told.position:,}", "head": f"{told.head:,}", "count": f"{told.sent:,}"}
    print(template.format(lane=told.lane, **numbers), flush=True)


def _show_status(topics: "Topics", form: str) -> int:
    """Up to where each lane is; 1 if one was never begun."""
    from adapters.kafka.relaying import reached_by_lane

    found = reached_by_lane(topics)
    with open_ledger() as ledger:
        rows = [_status(ledger, lane, reached) for lane, reached in found.items()]
    if form == "json":
        from adapters.cli.written import write_json_list

        write_json_list(rows)
    else:
        from adapters.cli.tables import Column, show_table

        columns = [Column(_("Lane")), *(Column(it, right=True) for it in (_("Position"), _("Behind"), _("Messages sent")))]
        show_table(columns, [(it["lane"], *(_figure(it[name]) for name in ("position", "behind", "sent"))) for it in rows])
    return int(any(it is None for it in found.values()))


def _status(ledger: "Ledger", lane: str, reached: "Reached | None") -> dict[str, Any]:
    from adapters.kafka.lanes import to_be_reached

    head = to_be_reached(ledger, lane)
    if reached is None:
        return {"lane": lane, "position": None, "behind": head, "sent": 0}
    return {"lane": lane, "position": reached.position, "behind": max(0, head - reached.position), "sent": reached.sent}


def _figure(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"
