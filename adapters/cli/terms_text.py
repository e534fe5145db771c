"""Published terms as text: the list of versions, the wording of clauses, and the open questions with their readings."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from adapters.cli.tables import Column, heading, show, show_table
from adapters.language import _, ngettext, spoken
from adapters.wording.values import local, plain
from domain.terms import Terms


class Published(Struct, frozen=True):
    """One version of terms, and where it stands; all None for terms that come with the program and are in no ledger yet."""

    terms: Terms
    version: int | None
    position: int | None
    recorded_at: datetime | None


def show_list(versions: Sequence[Published]) -> None:
    """A table of versions."""
    columns = [
        Column(_("Terms"), folds=True),
        Column(_("Version"), right=True),
        Column(_("Position"), right=True),
        Column(_("Recorded (UTC)")),
        Column(_("Name"), folds=True),
        Column(_("Digest")),
    ]
    rows = []
    for it in versions:
        recorded = local(it.recorded_at.isoformat()) if it.recorded_at is not None else _("comes with the program")
        digest = it.terms.digest.removeprefix("sha256:")[:12]
        rows.append([plain(it.terms.id), str(it.version or "-"), str(it.position or "-"), recorded,
                     plain(getattr(it.terms.about.name, spoken())), digest])  # fmt: skip
    show_table(columns, rows)


def show_clauses(published: Published) -> None:
    """What each clause says, in the language spoken."""
    about = published.terms.about
    show(plain(getattr(about.name, spoken())), style="bold")
    if published.position is None:
        where = _("These terms come with the program; no ledger was asked.")
    else:
        where = _("Version {version}, at position {position}.").format(version=published.version, position=published.position)
    show(where)
    show(_("Digest: {digest}").format(digest=published.terms.digest))
    heading(_("Clauses"))
    columns = [Column(_("Clause")), Column(_("What it says"), folds=True)]
    show_table(columns, ([plain(name), plain(getattr(text, spoken()))] for name, text in about.clauses.items()))


def show_readings(versions: Sequence[Published]) -> None:
    """The open questions of the newest version of each terms: question, options, default."""
    newest = {it.terms.id: it for it in versions}
    for it in newest.values():
        count = len(it.terms.about.readings)
        title = ngettext("{terms}: {count} open question", "{terms}: {count} open questions", count)
        heading(title.format(terms=plain(it.terms.id), count=count))
        columns = [Column(_("Reading")), Column(_("Option")), Column(_("What it means"), folds=True)]
        rows: list[list[str]] = []
        for key, reading in it.terms.about.readings.items():
            clauses = ", ".join(reading.clauses)
            rows.append([plain(key), f"({plain(clauses)})", plain(getattr(reading.question, spoken()))])
            for name, text in reading.options.items():
                default = _(" (default)") if name == reading.default else ""
                rows.append(["", plain(name), plain(getattr(text, spoken())) + default])
        show_table(columns, rows)
