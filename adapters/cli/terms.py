"""`bitacora terms`: the terms that are published, what they say and provide, and the checking and publishing of new ones.

Where there is no ledger yet, the terms that come with the program are shown. What is wrong with
a terms file is found by `adapters.terms.files`.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adapters.cli.clicking import Command, Group, option
from adapters.cli.options import FILE, NAME, READING, chosen_readings, everywhere, ledger_place, open_ledger
from adapters.language import _, worded
from adapters.settings import ledger_path
from domain.refusal import Refused, said

if TYPE_CHECKING:
    from adapters.cli.terms_text import Published
    from adapters.terms.files import Problem


@click.group(
    cls=Group,
    example="bitacora terms show customsoft\nbitacora terms check my-desk.toml",
    help=said("The terms that tickets are judged under: their clauses, the readings these admit, and what they provide."),
)
@everywhere
def terms() -> None:
    """The group of commands on terms."""


def _command(name: str, example: str, help: str) -> Callable[[Any], Any]:
    return terms.command(name=name, cls=Command, example=example, help=help)


def published(wanted: str | None = None) -> "list[Published]":
    """Every version published in the ledger, in order of position; the built-in terms where there is no ledger.

    Raises NotFound for `wanted` terms that are not among them."""
    from adapters.cli.terms_text import Published
    from adapters.reports.reports import NotFound
    from domain.events import TermsPublished
    from domain.terms import terms_from

    found: list[Published] = []
    path = ledger_path(ledger_place())
    if path is None or path.exists():
        with open_ledger() as ledger:
            for _name, stream in ledger.streams("terms"):
                kept = [(it, it.event) for it in stream if isinstance(it.event, TermsPublished)]
                found += [Published(terms_from(event.document), it.version, it.position, it.recorded_at) for it, event in kept]
    else:
        from adapters.terms.files import builtin_documents

        found = [Published(terms_from(document), None, None, None) for document in builtin_documents()]
    chosen = [it for it in found if wanted in (None, it.terms.id)]
    if wanted is not None and not chosen:
        raise NotFound("terms", wanted)
    return sorted(chosen, key=lambda it: it.position or 0)


@_command("list", "bitacora terms list", said("List the terms published, every version."))
@everywhere
def list_terms() -> None:
    """Lists every published version."""
    from adapters.cli.terms_text import show_list

    show_list(published())


@_command(
    "show",
    "bitacora terms show grupo-staff --reading gs.4=clock-hours",
    said("Show the newest version of TERMS. What each clause says, and what they provide under the readings asked for."),
)
@click.argument("terms_id", metavar="TERMS", type=NAME)
@option("--reading", "readings", type=READING, multiple=True, help=said("Read a clause in another way; repeatable."))
@everywhere
def show_terms(terms_id: str, readings: tuple[tuple[str, str], ...]) -> None:
    """Shows one version, the newest."""
    from adapters.cli.terms_provisions import show_provisions
    from adapters.cli.terms_text import show_clauses
    from domain.terms import UnknownReading

    chosen = chosen_readings(readings)
    newest = published(terms_id)[-1]
    for key, name in chosen.items():
        if key not in newest.terms.about.readings:
            raise UnknownReading(key, name, ())
    rules = newest.terms.under(chosen)
    show_clauses(newest)
    show_provisions(rules)


@_command(
    "readings",
    "bitacora terms readings grupo-staff",
    said("Show the clauses of TERMS (or of all) that can be read in more than one way, with each reading and the default."),
)
@click.argument("terms_id", metavar="[TERMS]", required=False, type=NAME)
@everywhere
def readings(terms_id: str | None) -> None:
    """Shows the open questions of the newest versions."""
    from adapters.cli.terms_text import show_readings

    show_readings(published(terms_id))


@_command(
    "check",
    "bitacora terms check my-desk.toml",
    said("Check FILE, a terms file, and name the line and the field of everything that is wrong."),
)
@click.argument("file", type=FILE)
@everywhere
def check(file: Path) -> int:
    """Checks a file; 1 if anything is wrong with it."""
    from adapters.terms.files import check_terms_file

    problems = check_terms_file(file)
    if not problems:
        print(_("{file}: nothing is wrong").format(file=file))
    return _tell(file, problems)


def _tell(file: Path, problems: "list[Problem]") -> int:
    for problem in problems:
        where = f"{file}:{problem.line}: "
        print(where + (f"{problem.field}: " if problem.field else "") + worded(problem))
    return 1 if problems else 0


@_command(
    "publish",
    "bitacora terms publish my-desk.toml",
    said("Check FILE and publish it as a new version of its terms. Policies already contracted stay with theirs."),
)
@click.argument("file", type=FILE)
@everywhere
def publish(file: Path) -> int:
    """Publishes a file as an entry; 1 if it is not taken. The same content twice in a row is published once."""
    from adapters.terms.files import check_terms_file, read_terms_file
    from domain.terms import digest

    problems = check_terms_file(file)
    if problems:
        return _tell(file, problems)
    document = read_terms_file(file)
    with open_ledger(create=True) as ledger:
        versions = ledger.stream(f"terms:{document['terms']}")
        if versions and getattr(versions[-1].event, "digest", None) == digest(document):
            template = _("{terms} is published already with this content, at position {position}")
            print(template.format(terms=document["terms"], position=versions[-1].position))
            return 0
        return _publish(ledger, document)


def _publish(ledger: Any, document: dict[str, Any]) -> int:
    import msgspec

    from adapters.ledger import Refusal
    from domain.shape import read_entry
    from domain.terms import digest

    proposed = {"type": "TermsPublished", "at": datetime.now(UTC).isoformat(), "terms": document["terms"],
                "document": document, "digest": digest(document)}  # fmt: skip
    try:
        (answer,) = ledger.record([read_entry(msgspec.json.encode(proposed))])
    except Refused as refused:
        print(worded(refused))
        return 1
    if isinstance(answer, Refusal):
        print(worded(answer.refused))
        return 1
    print(_("{terms} published at position {position}").format(terms=document["terms"], position=answer.position))
    return 0
