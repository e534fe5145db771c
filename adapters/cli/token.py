"""`bitacora token`: makes, lists and revokes the tokens that the server asks for.

What a token is, and where it is kept, is in `adapters.access`.
"""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Any

import click

from adapters.access.tokens import ROLES, Role, Token, Tokens
from adapters.cli.clicking import Command, Group, option
from adapters.cli.options import MOMENT, NAME, everywhere, ledger_place, printable, shown_as
from adapters.language import _
from domain.refusal import said

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1)}
_STATES = {"good": said("good"), "expired": said("expired"), "revoked": said("revoked")}


class Lasting(click.ParamType):
    """How long: `90d`, `8h`; or until when, a time with its offset."""

    name = "time|days"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | timedelta:
        if isinstance(value, datetime | timedelta):
            return value
        text = printable(value, self, param, ctx)
        if found := re.fullmatch(r"([1-9]\d{0,4})([hd])", text, re.ASCII):
            return int(found[1]) * _UNITS[found[2]]
        return MOMENT.convert(value, param, ctx)


@click.group(
    cls=Group,
    example="bitacora token make mail-gateway --role recorder --expires 365d\nbitacora token list",
    help=said("Make, list and revoke the tokens that `bitacora serve` asks for."),
)
@everywhere
def token() -> None:
    """The group of what is done with tokens."""


@token.command(
    cls=Command,
    example="bitacora token make mail-gateway --role recorder --expires 365d\n"
    "bitacora token make acme-portal --role client --client acme",
    help=said("Make a token and print it, this once: only a digest of it is kept. NAME is what it is listed under, and stands, "
              "readable for ever, in the entries recorded with it: name a program or a post, not a person.\n\n"
              "Roles: recorder records entries; reader asks for reports and reads entries; auditor asks for everything; "
              "integrator follows the entries; client sees what is its own and nothing else; admin does all of it."),
)  # fmt: skip
@click.argument("name", type=NAME)
@option("--role", type=click.Choice(ROLES), required=True, help=said("What it may be used for."))
@option("--client", type=NAME, help=said("The client that it is for; with the role client, and only with it."))
@option("--expires", type=Lasting(), help=said("After how long (90d, 8h), or when, it is good no longer; never by default."))
@everywhere
def make(name: str, role: Role, client: str | None, expires: datetime | timedelta | None) -> None:
    """Makes a token and prints it; LedgerError if it cannot be."""
    from adapters.ledger import utc_now

    now = utc_now()
    until = now + expires if isinstance(expires, timedelta) else expires
    with _tokens() as tokens:
        made, text = tokens.make(name, role, client, now, until)
    print(text)
    click.echo(_("Token {id} of {name} is shown this once; keep it where nobody else reads it.").format(
        id=made.id, name=made.name), err=True)  # fmt: skip


@token.command(
    name="list",
    cls=Command,
    example="bitacora token list",
    help=said("List the tokens that were made: for whom, for what, until when, and whether they are still good."),
)
@shown_as("table", "json")
@everywhere
def list_tokens(form: str) -> None:
    """Lists every token ever made."""
    from adapters.ledger import utc_now

    now = utc_now()
    with _tokens() as tokens:
        found = [(it, _state(it, now)) for it in tokens.all()]
    if form == "json":
        import msgspec

        from adapters.cli.written import write_json_list

        write_json_list(msgspec.structs.asdict(it) | {"state": state} for it, state in found)
        return
    from adapters.cli.tables import Column, show_table
    from adapters.wording.values import local

    columns = [Column(_("Token")), Column(_("Name")), Column(_("Role")), Column(_("Client")), Column(_("Made (UTC)")),
               Column(_("Expires (UTC)")), Column(_("State"))]  # fmt: skip
    show_table(columns, [
        (it.id, it.name, it.role, it.client or "-", local(it.made_at, seconds=False),
         local(it.expires_at, seconds=False), _(_STATES[state]))
        for it, state in found
    ])  # fmt: skip


@token.command(
    cls=Command,
    example="bitacora token revoke 19007f3ca3",
    help=said("End a token, by its id in the list. The server lets it through no longer than a second more."),
)
@click.argument("id", type=NAME)
@everywhere
def revoke(id: str) -> None:
    """Revokes a token; LedgerError if there is none of that id."""
    from adapters.ledger import utc_now

    with _tokens() as tokens:
        ended = tokens.revoke(id, utc_now())
    print(_("Token {id} of {name} is revoked.").format(id=ended.id, name=ended.name))


@contextmanager
def _tokens() -> Iterator[Tokens]:
    from adapters.access.places import access_of

    with closing(access_of(ledger_place())) as access:
        yield Tokens(access)


def _state(it: Token, now: datetime) -> str:
    if it.revoked_at is not None:
        return "revoked"
    return "good" if it.holds(now) else "expired"
