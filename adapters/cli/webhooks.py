"""`bitacora webhooks`: subscriptions of integrators without Kafka, the sender that posts to them, and their dead letters.

What a subscription is, and how it is fed, is in `adapters.webhooks`.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import click

from adapters.cli.clicking import Command, Group, option
from adapters.cli.options import NAME, Count, everywhere, ledger_place, of_types, open_ledger, shown_as
from adapters.language import _, ngettext, worded
from domain.refusal import said

if TYPE_CHECKING:
    from adapters.webhooks.feeding import Attempt
    from adapters.webhooks.subscriptions import Queue
    from adapters.webhooks.webhooks import Webhooks

_STATES = {"active": said("active"), "gone": said("gone"), "waiting": said("waiting"), "dead": said("dead")}
_HAPPENS = {"standing_by": said("Another process delivers; standing by."), "delivering": said("Delivering.")}


@click.group(
    cls=Group,
    example="bitacora webhooks add https://example.com/hook\nbitacora webhooks deliver",
    help=said("Post entries to the addresses of integrators, signed as Standard Webhooks asks for, each ticket's in order, and "
              "again until they are taken. See docs/webhooks.md."),
)  # fmt: skip
@everywhere
def webhooks() -> None:
    """The group of what is done with webhooks."""


@webhooks.command(
    cls=Command,
    example="bitacora webhooks add https://example.com/hook --type TicketOpened --type Closed\n"
    "bitacora webhooks add https://example.com/hook --client acme --after 0",
    help=said("Subscribe an address to the entries recorded from now on, or after a position, and print the secret that they "
              "are signed with, this once. Of several types, any fits; likewise of clients and of tickets; of the three, "
              "each that is named must fit."),
)  # fmt: skip
@click.argument("url", type=NAME)
@of_types
@option("--client", "clients", type=NAME, multiple=True, help=said("Only entries of this client; repeatable."))
@option("--ticket", "tickets", type=NAME, multiple=True, help=said("Only entries of this ticket; repeatable."))
@option("--after", type=Count(0), help=said("Begin after this position, 0 for everything; after the last one by default."))
@option("--private", is_flag=True, help=said("The address may lie in the private network, or on this machine."))
@everywhere
def add(
    url: str, types: tuple[str, ...], clients: tuple[str, ...], tickets: tuple[str, ...], after: int | None, private: bool
) -> None:
    """Makes a subscription and prints its secret; LedgerError if it cannot be."""
    from adapters.ledger import utc_now
    from adapters.webhooks.subscriptions import Wanted, is_loopback

    wanted = Wanted(types=types, clients=clients, tickets=tickets)
    with _webhooks() as them:
        # Whoever runs this command is on this machine already.
        is_private = private or is_loopback(url)
        made, secret = them.add(url, wanted, after=after, is_private=is_private, owner=None, now=utc_now())
    print(secret)
    click.echo(_("Webhook {id} begins after position {position}; its secret is shown this once.").format(
        id=made.id, position=f"{made.position:,}"), err=True)  # fmt: skip


@webhooks.command(
    name="list",
    cls=Command,
    example="bitacora webhooks list",
    help=said("List the subscriptions: what goes where, how far that is behind, and how many tickets wait or are given up."),
)
@shown_as("table", "json")
@everywhere
def list_webhooks(form: str) -> None:
    """Lists every subscription."""
    with _webhooks() as them:
        found = them.all()
    if form == "json":
        import msgspec

        from adapters.cli.written import write_json_list

        write_json_list(msgspec.to_builtins(it) for it in found)
        return
    from adapters.cli.tables import Column, show_table

    columns = [Column(_("Webhook")), Column(_("Address"), folds=True), Column(_("Owner")), Column(_("Only"), folds=True),
               Column(_("State")), Column(_("Position"), right=True), Column(_("Behind"), right=True),
               Column(_("Waiting"), right=True), Column(_("Dead"), right=True)]  # fmt: skip
    show_table(columns, [
        (it.id, it.url, it.owner or "-", " ".join((*it.types, *it.clients, *it.tickets)) or "-", _(_STATES[it.state]),
         f"{it.position:,}", f"{it.behind:,}", f"{it.waiting:,}", f"{it.dead:,}")
        for it in found
    ])  # fmt: skip


@webhooks.command(
    cls=Command,
    example="bitacora webhooks remove 19007f3ca3e54b1d",
    help=said("End a subscription. Nothing more is posted, and what waits for it is forgotten."),
)
@click.argument("id", type=NAME)
@everywhere
def remove(id: str) -> None:
    """Removes a subscription; LedgerError if there is none of that id."""
    with _webhooks() as them:
        them.remove(id)
    print(_("Webhook {id} is removed.").format(id=id))


@webhooks.command(
    cls=Command,
    example="bitacora webhooks test 19007f3ca3e54b1d",
    help=said("Post a signed message that is no entry (its type is WebhookTest), once, and say what was answered."),
)
@click.argument("id", type=NAME)
@everywhere
def test(id: str) -> int:
    """Posts a test message; 1 if it was not taken."""
    from adapters.ledger import utc_now
    from adapters.webhooks.wording import problem_words

    with _webhooks() as them:
        outcome = them.test(id, utc_now())
    if outcome.is_taken:
        print(_("Taken: answered {status}.").format(status=outcome.status))
    else:
        print(_("Not taken: {problem}.").format(problem=problem_words(outcome.problem)))
    return int(not outcome.is_taken)


@webhooks.command(
    cls=Command,
    example="bitacora webhooks dead\nbitacora webhooks dead 19007f3ca3e54b1d --waiting",
    help=said("List the tickets (and other streams) of which an entry was refused too often: it is not posted any more, and "
              "what follows it waits, until it is tried again or skipped."),
)  # fmt: skip
@click.argument("id", type=NAME, required=False)
@option("--waiting", "is_waiting", is_flag=True, help=said("Also those that are still tried."))
@shown_as("table", "json")
@everywhere
def dead(id: str | None, is_waiting: bool, form: str) -> None:
    """Lists dead letters; LedgerError if there is no such subscription."""
    with _webhooks() as them:
        found = them.queues(id, is_waiting=is_waiting)
    if form == "json":
        import msgspec

        from adapters.cli.written import write_json_list

        write_json_list(msgspec.to_builtins(it) for it in found)
        return
    if not found:
        print(_("Nothing waits.") if is_waiting else _("Nothing is given up."))
        return
    _show_queues(found)


@webhooks.command(
    cls=Command,
    example="bitacora webhooks retry 19007f3ca3e54b1d\nbitacora webhooks retry 19007f3ca3e54b1d --stream ticket:T-1001",
    help=said("Try again what waits or was given up, from the first entry refused on, and post to a receiver again that said "
              "that it was gone."),
)  # fmt: skip
@click.argument("id", type=NAME)
@option("--stream", "streams", type=NAME, multiple=True, help=said("Only this one, such as ticket:T-1001; repeatable."))
@everywhere
def retry(id: str, streams: tuple[str, ...]) -> None:
    """Has it tried again by whoever delivers; LedgerError if there is no such subscription, or nothing waits."""
    with _webhooks() as them:
        count = them.retry(id, streams)
    print(ngettext("{count} is tried again.", "{count} are tried again.", count).format(count=f"{count:,}"))


@webhooks.command(
    cls=Command,
    example="bitacora webhooks skip 19007f3ca3e54b1d ticket:T-1001",
    help=said("Give up the one entry that a ticket waits with; what follows it is posted."),
)
@click.argument("id", type=NAME)
@click.argument("stream", type=NAME)
@everywhere
def skip(id: str, stream: str) -> None:
    """Skips an entry; LedgerError if none of that stream was refused."""
    with _webhooks() as them:
        position = them.skip(id, stream)
    print(_("The entry at position {position} is not posted; {stream} goes on after it.").format(
        position=f"{position:,}", stream=stream))  # fmt: skip


@webhooks.command(
    cls=Command,
    example="bitacora webhooks deliver\nbitacora webhooks deliver --once",
    help=said("Post entries to the subscriptions as they are recorded, until stopped. One process delivers for a ledger; "
              "others started beside it, or a server that was told to deliver, stand by and take over when it ends."),
)  # fmt: skip
@option("--once", is_flag=True, help=said("Post what there is to post now, and end."))
@everywhere
def deliver(once: bool) -> int:
    """Delivers until a signal comes; with --once 1 if another process delivers, or something waits or was given up."""
    from adapters.webhooks.sending import Sending

    sending = Sending(ledger_place(), _happens, opened=open_ledger, tell=_tell)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sending.stop())
    if once:
        return _deliver_once(sending.once())
    open_ledger().close()
    sending.run()
    return 0


def _deliver_once(is_sender: bool) -> int:
    if not is_sender:
        return 1
    with _webhooks() as them:
        found = them.all()
    waiting, dead = sum(it.waiting for it in found), sum(it.dead for it in found)
    print(_("Waiting: {waiting}. Given up: {dead}.").format(waiting=f"{waiting:,}", dead=f"{dead:,}"))
    return int(bool(waiting or dead))


def _happens(happening: str, error: Exception | None) -> None:
    if error is not None:
        problem = worded(error) if hasattr(error, "template") else str(error)  # type: ignore[arg-type]
        print(_("Failed, and will be tried again: {problem}").format(problem=problem), file=sys.stderr, flush=True)
    else:
        print(_(_HAPPENS[happening]), flush=True)


def _tell(attempt: "Attempt") -> None:
    from adapters.webhooks.wording import problem_words

    if attempt.came_to == "taken":
        return
    template = {
        "refused": _("{webhook}: entry {position} of {stream} was refused ({problem}), attempt {attempts}; again at {due_at}"),
        "dead": _("{webhook}: entry {position} of {stream} was refused ({problem}), attempt {attempts}; it is given up"),
    }[attempt.came_to]
    told = template.format(**attempt._asdict() | {"problem": problem_words(attempt.problem)})
    print(told, file=sys.stderr, flush=True)


def _show_queues(found: "list[Queue]") -> None:
    from adapters.cli.tables import Column, show_table
    from adapters.webhooks.wording import problem_words
    from adapters.wording.values import local

    columns = [Column(_("Webhook")), Column(_("Stream")), Column(_("State")), Column(_("Position"), right=True),
               Column(_("Since (UTC)")), Column(_("Attempts"), right=True), Column(_("Problem"), folds=True)]  # fmt: skip
    show_table(columns, [
        (it.webhook, it.stream, _(_STATES[it.state]), "-" if it.position is None else f"{it.position:,}",
         local(it.since, seconds=False), str(it.attempts), problem_words(it.problem))
        for it in found
    ])  # fmt: skip


@contextmanager
def _webhooks() -> "Iterator[Webhooks]":
    """The subscriptions of the ledger asked for."""
    from adapters.webhooks.places import place_of
    from adapters.webhooks.webhooks import Webhooks

    with open_ledger() as ledger, closing(place_of(ledger_place())) as place:
        yield Webhooks(ledger, place)
