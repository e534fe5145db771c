"""Commands and options whose help is bilingual and shows an example first: what click leaves open, filled in once.

Help is written in English where a command is defined, marked with `said`, and translated when it is shown. No command is here.
"""

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

import click

from adapters.language import _


class Option(click.Option):
    """An option whose help is translated when shown."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        shown = copy(self)
        shown.help = _(self.help) if self.help else None
        return click.Option.get_help_record(shown, ctx)


class Command(click.Command):
    """A command with an `example`, shown before everything else in its help."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        show_example(self.example, formatter)
        super().format_help(ctx, formatter)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_text(self.help or "", formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        return first_sentence(self.help or "")

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return help_option(super().get_help_option(ctx))


class Group(click.Group):
    """A group of commands, with an `example` and whatever text comes after the options (`more`)."""

    command_class = Command

    def __init__(self, *args: Any, example: str = "", more: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example, self.more = example, more

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        show_example(self.example, formatter)
        super().format_help(ctx, formatter)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_text(self.help or "", formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.more:
            formatter.write_paragraph()
            formatter.write_text(_(self.more))

    def get_short_help_str(self, limit: int = 45) -> str:
        return first_sentence(self.help or "")

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return help_option(super().get_help_option(ctx))


def option(*names: str, **attributes: Any) -> Callable[[Any], Any]:
    """`click.option`, with help that is translated."""
    return click.option(*names, cls=Option, **attributes)


def help_option(found: click.Option | None) -> click.Option | None:
    """The `--help` that click adds, described in the language spoken."""
    if found is None:
        return None
    shown = copy(found)
    shown.help = _("Show this help and exit.")
    return shown


def show_example(example: str, formatter: click.HelpFormatter) -> None:
    """The example, as lines to copy."""
    if example:
        with formatter.section(_("Example")):
            for line in example.splitlines():
                formatter.write(f"  {line}\n")
        formatter.write_paragraph()


def write_text(help: str, formatter: click.HelpFormatter) -> None:
    """The description of a command, in paragraphs."""
    if help:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(_(help))


def first_sentence(help: str) -> str:
    """The first sentence of a description, for a list of commands."""
    return _(help).split("\n\n")[0].split(". ")[0].rstrip(".")


def grouped(options: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    """Several options as one decorator, listed in help in this order."""

    def decorate(function: Any) -> Any:
        for one in reversed(options):
            function = one(function)
        return function

    return decorate
