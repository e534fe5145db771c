"""The program: its commands, the language it speaks, and the last resort that turns every failure into one clear line.

Nothing that can go wrong outside reaches a person as a traceback. What a command does is in the modules beside this one.
"""

import gettext as click_messages
import os
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click

from adapters.cli.clicking import Group, Option
from adapters.cli.dossier import dossier
from adapters.cli.entries import entries
from adapters.cli.explain import explain
from adapters.cli.export import export, restore
from adapters.cli.follow import accounts, follow, rebuild
from adapters.cli.forgetting import forget, keys
from adapters.cli.importing import import_logs
from adapters.cli.migrating import migrate
from adapters.cli.options import everywhere
from adapters.cli.proof import anchor, key, prove
from adapters.cli.proof_checkpoint import checkpoint
from adapters.cli.proof_verify import verify
from adapters.cli.readings import readings
from adapters.cli.record import record
from adapters.cli.relay import relay
from adapters.cli.replay import replay
from adapters.cli.report import report
from adapters.cli.schemas import schemas
from adapters.cli.serve import config, serve
from adapters.cli.statement import statement
from adapters.cli.terms import terms
from adapters.cli.token import token
from adapters.cli.webhooks import webhooks
from adapters.cli.what_if import what_if
from adapters.language import DOMAIN, LOCALES, _, catalog, language_of, speak, worded
from domain.refusal import said

MISUSE = 2
_OF_THE_SYSTEM = (
    said("No such file or directory"),
    said("Permission denied"),
    said("File exists"),
    said("Is a directory"),
    said("Not a directory"),
    said("No space left on device"),
    said("Read-only file system"),
)
"""What the system says most often, marked here so that it is translated too."""
INTERRUPTED = 128 + signal.SIGINT
PIPE_CLOSED = 128 + signal.SIGPIPE
_NAME = "bitacora"
_COMPLETION = "_BITACORA_COMPLETE"


def _show_version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"{_NAME} {_version()}")
        ctx.exit()


def _version() -> str:
    try:
        return version(_NAME)
    except PackageNotFoundError:
        return _("(not installed)")


@click.group(
    name=_NAME,
    cls=Group,
    example="bitacora record entries.jsonl\nbitacora report sla --client acme\nbitacora explain T-1001",
    help=said("The ship's log of a support desk: takes down what happened on every ticket, once and for ever, and works out "
              "from that alone what was promised, kept, used up and owed, with the reason for every figure."),
    more=said("Exit codes: 0 done, 1 refused or different, 2 misuse. Completion of commands and options: "
              "eval \"$(_BITACORA_COMPLETE=bash_source bitacora)\" in bash; zsh_source and fish_source likewise."),
)  # fmt: skip
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, cls=Option,
              help=said("Show the version and exit."))  # fmt: skip
@everywhere
def bitacora() -> None:
    """The root of all commands."""


_QUESTIONS = (report, explain, statement, dossier, entries, replay, what_if, readings, terms)
_PROOFS = (key, checkpoint, anchor, prove, verify)
_ACCOUNTS = (follow, accounts, rebuild)
_STREAMS = (relay, schemas)
_SERVING = (serve, token, config, webhooks)
_KEEPING = (export, restore, migrate, forget, keys)
for _command in (record, import_logs, *_QUESTIONS, *_ACCOUNTS, *_PROOFS, *_STREAMS, *_SERVING, *_KEEPING):
    bitacora.add_command(_command)


def run(arguments: Sequence[str]) -> int:
    """Runs the program and returns its exit code: that of the command, or that of how it failed."""
    _speak(arguments)
    for stream in (sys.stdout, sys.stderr):
        # What a terminal's encoding cannot show is shown escaped, never a reason to fail.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _invoke(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _let_go_of(sys.stdout)
        return PIPE_CLOSED
    except (KeyboardInterrupt, click.Abort):
        return _complain(_("interrupted; what was acknowledged stays recorded"), INTERRUPTED)
    except click.ClickException as error:
        return _misused(error)
    except Exception as error:
        return _complain(_described(error), MISUSE)


def _invoke(arguments: Sequence[str]) -> int:
    if os.environ.get(_COMPLETION):
        bitacora.main(list(arguments), prog_name=_NAME, complete_var=_COMPLETION, standalone_mode=False)
        return 0
    try:
        with bitacora.make_context(_NAME, list(arguments), max_content_width=100) as ctx:
            code = bitacora.invoke(ctx)
    except click.exceptions.Exit as done:
        return done.exit_code
    return code if isinstance(code, int) else 0


def _speak(arguments: Sequence[str]) -> None:
    """Decides the language before anything is parsed, since the help and the complaints of parsing are in it too."""
    language = language_of(_asked(arguments), os.environ)
    speak(language)
    catalog(language)
    # click says its own messages through the standard gettext, which looks here for the language.
    os.environ["LANGUAGE"] = language
    click_messages.bindtextdomain(DOMAIN, str(LOCALES))
    click_messages.textdomain(DOMAIN)


def _asked(arguments: Sequence[str]) -> str | None:
    asked = None
    for one, following in zip(arguments, [*arguments, None][1:], strict=True):
        if one == "--":
            break
        if one == "--lang":
            asked = following
        elif one.startswith("--lang="):
            asked = one.removeprefix("--lang=")
    return asked


def _misused(error: click.ClickException) -> int:
    """The complaint about a command line, and where to read how it should be."""
    ctx: click.Context | None = getattr(error, "ctx", None)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        print(error.format_message(), file=sys.stderr)
        return MISUSE
    code = _complain(error.format_message(), MISUSE)
    if ctx is not None:
        print(_("See: {command} --help").format(command=ctx.command_path), file=sys.stderr)
    return code


def _complain(message: str, code: int) -> int:
    try:
        print(f"{_NAME}: {message}", file=sys.stderr, flush=True)
    except OSError:
        _let_go_of(sys.stderr)
    return code


def _described(error: Exception) -> str:
    """What went wrong, in one line and in the language spoken."""
    if isinstance(getattr(error, "template", None), str):
        worded_error: Any = error
        return worded(worded_error)
    match type(error).__name__, error:
        case "NotFound", _:
            return _described_missing(error)
        case "UnknownReading", _:
            return _described_reading(error)
        case _, OSError():
            problem = _(error.strerror) if error.strerror else str(error)
            return f"{error.filename}: {problem}" if error.filename else problem
        case name, _:
            template = _("this is an error of bitacora itself, please report it: {problem}")
            return template.format(problem=" ".join(f"{name}: {error}".split()))


def _described_missing(error: Any) -> str:
    templates = {
        "ticket": said("there is no ticket {value}, or none that counts at the moment asked for"),
        "client": said("there is no client {value}"),
        "policy": said("there is no policy {value}"),
        "stream": said("there is no stream {value}"),
        "terms": said("there are no terms {value}"),
    }
    return _(templates[error.field]).format(value=error.value)


def _described_reading(error: Any) -> str:
    if not error.known:
        return _("no terms have a reading {key}; see `bitacora terms readings`").format(key=error.key)
    template = _("the reading {key} has no option {name}; it has: {known}")
    return template.format(key=error.key, name=error.name, known=", ".join(error.known))


def _let_go_of(stream: Any) -> None:
    """Nobody reads any more: what is still to be written goes nowhere, quietly."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass
