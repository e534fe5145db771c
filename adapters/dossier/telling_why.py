"""A dossier told, second half: what was known then and now, the readings on which the outcome hangs, the wording of the
clauses, and the proof with the command lines that check it.

It says plainly what was not asked for and what a proof does not prove.
"""

import shlex
from collections.abc import Iterator
from datetime import tzinfo
from decimal import Decimal

from adapters.dossier.document import Block, Code, Column, Pairs, Paragraph, Table, pairs
from adapters.language import _, ngettext, spoken
from adapters.wording.differences import figure_lines, told_of, word_of_cause
from adapters.wording.happenings import sentence
from adapters.wording.values import local, plain, word
from domain.exchange import time_text
from domain.refusal import said
from replay.as_of import money
from replay.dossier import CLOCKS, ClockName, Dossier, Proof, Row
from replay.hanging import Hangs, Otherwise

SHORT_NAMES: dict[ClockName, str] = {"response": said("Response"), "resolution": said("Resolution")}

# Then and now -------------------------------------------------------------------------------------------------------


def then_and_now(dossier: Dossier, zone: tzinfo) -> Iterator[Block]:
    """What differs between two states of knowledge, and the entries that make the difference."""
    compared = dossier.compared
    if compared is None:
        yield Paragraph(_("Nothing was recorded between the moment judged and what is known: there is one state of knowledge."))
        return
    template = _("What was recorded up to position {then}, held against position {now}; both judged at the same moment.")
    yield Paragraph(template.format(then=compared.then, now=compared.now), "quiet")
    if not compared.changes:
        yield Paragraph(_("No figure of this ticket differs between the two."))
        return
    columns = [
        Column(_("Figure"), share=2),
        Column(_("Then"), share=2),
        Column(_("Now"), share=2),
        Column(_("Because of entry"), share=1),
    ]
    yield Table(columns, [list(line) for row in compared.changes for line in figure_lines(row, zone)])
    causes = {it["position"]: it for row in compared.changes for it in row["causes"] if it.get("position") is not None}
    if causes:
        yield Table(
            [Column(_("Entry"), right=True), Column(_("At")), Column(_("What makes the difference"), share=1)],
            [[word_of_cause(it), local(it["at"], zone), _entry(dossier, it, zone)] for _key, it in sorted(causes.items())],
        )


def _entry(dossier: Dossier, cause: Row, zone: tzinfo) -> str:
    found = dossier.entry(cause["position"])
    says = sentence(found, zone) if found is not None else word(cause["type"])
    return "\n· ".join([says, *told_of(cause, zone)])


# Readings and clauses -----------------------------------------------------------------------------------------------


def readings(dossier: Dossier) -> Iterator[Block]:
    """The readings under which something of this ticket comes out otherwise; and how the others that bear on it were read."""
    template = _("The outcome of this ticket hangs on {hanging} of {count} unclear clauses, each tried alone.")
    yield Paragraph(template.format(hanging=len(dossier.hangs), count=dossier.unclear))
    if dossier.hangs:
        columns = [
            Column(_("Reading"), share=2),
            Column(_("What is asked"), share=4),
            Column(_("If it is read"), share=4),
            Column(_("What comes out"), share=4),
        ]
        yield Table(columns, [row for it in dossier.hangs for row in _clause(it)])
    hanging = {it.key for it in dossier.hangs}
    others = {key: it for key, it in dossier.readings().items() if key not in hanging}
    if others:
        yield Paragraph(_("Unclear clauses that bear on this ticket, but on which nothing hangs:"), "quiet")
        columns = [Column(_("Reading"), share=2), Column(_("What is asked"), share=4), Column(_("Read as"), share=4)]
        rows = []
        for key, (name, reading) in others.items():
            asked, read = getattr(reading.question, spoken()), getattr(reading.options[name], spoken())
            rows.append([plain(key), plain(asked), f"{plain(name)}: {plain(read)}"])
        yield Table(columns, rows)


def _clause(clause: Hangs) -> Iterator[list[str]]:
    """The reading in force, then every other on which something hangs."""
    asked = plain(getattr(clause.question, spoken()))
    yield [plain(clause.key), asked, _option(clause, clause.chosen), _("as told here")]
    for it in clause.otherwise:
        yield ["", "", _option(clause, it.option), "\n".join(_outcome(it)) or _("the same")]
    for option in clause.not_tried:
        yield ["", "", plain(option), _("not tried: some version of these terms does not have it")]


def _outcome(otherwise: Otherwise) -> Iterator[str]:
    """What would come out otherwise for this ticket under one reading: verdicts, times, money, quota."""
    for verdicts in otherwise.verdicts:
        for clock, before, after in zip(CLOCKS, verdicts.before, verdicts.after, strict=True):
            if before != after:
                yield f"{_(SHORT_NAMES[clock])}: {word(before)} → {word(after)}"
    if otherwise.figures and not otherwise.verdicts:
        yield _("other times, the same verdicts")
    if otherwise.billed:
        rows = ngettext("{count} row of the bill", "{count} rows of the bill", otherwise.billed)
        sums = (f"{Decimal(it):+.2f} {plain(currency)}" for currency, it in money(otherwise.money.amounts).items())
        yield "; ".join([rows.format(count=otherwise.billed), *sums])
        for note, count in (("not agreed", otherwise.money.not_agreed), ("to be quoted", otherwise.money.to_be_quoted)):
            if count:
                yield f"{word(note)}: {count:+}"
    if otherwise.covered:
        yield _("covered by the quota")
    if otherwise.no_longer_covered:
        yield _("no longer covered by the quota")


def _option(clause: Hangs, name: str) -> str:
    known = clause.reading.options.get(name)
    worded = f": {plain(getattr(known, spoken()))}" if known is not None else ""
    return f"{'→ ' if name == clause.chosen else ''}{plain(name)}{worded}"


def clauses(dossier: Dossier) -> Iterator[Block]:
    """The wording of every clause cited."""
    worded = dossier.clauses()
    if worded:
        yield Pairs([(name, plain(getattr(text, spoken()))) for name, text in worded.items()])
    else:
        yield Paragraph(_("No clause is cited."))


# Proof --------------------------------------------------------------------------------------------------------------


def proof(dossier: Dossier) -> Iterator[Block]:
    """What is proved and how to check it, or that no proof was asked for."""
    found = dossier.proof
    if found is None:
        yield Paragraph(
            _(
                "No proof was asked for: this dossier rests on the desk's word. With the desk's key the same dossier can be "
                "made with one (bitacora dossier --key)."
            )
        )
        return
    yield from _proved(dossier, found)
    yield Paragraph(_("How to check it, away from the desk, with Python and the package cryptography:"), "strong")
    yield Code(_commands(dossier))
    yield Paragraph(
        _(
            "Get the key from the desk's own publication, not from here. Exit codes: 0 valid and anchored, 1 invalid, "
            "3 valid on the desk's word alone, 4 incomplete."
        )
    )
    yield Paragraph(
        _(
            "What a proof does not prove: that what was written down is true, that nothing was left out before it was written "
            "down, or what came after the checkpoint. The program that checks it says so too."
        )
    )


def _proved(dossier: Dossier, found: Proof) -> Iterator[Block]:
    yield Paragraph(
        ngettext(
            "{count} entry is disclosed, proved to stand, unchanged and in its position, in the signed checkpoint below.",
            "{count} entries are disclosed, each proved to stand, unchanged and in its position, in the signed checkpoint "
            "below.",
            found.disclosed,
        ).format(count=found.disclosed)
    )
    yield pairs(
        [
            (_("Entries in the checkpoint"), f"{found.size:,}"),
            (_("Origin"), plain(found.origin)),
            (_("Root"), found.root),
            (_("The desk's key"), found.key),
            (_("Entries of this ticket"), ", ".join(map(str, found.covered)) or _("no entry")),
            (_("Time stamps"), str(found.stamps)),
            (_("Digest of the bundle"), f"SHA-256 {found.bundle_sha256}"),
        ]
    )
    later = [it["position"] for it in dossier.explained["entries"] if it["position"] > found.size]
    if later:
        positions = ", ".join(map(str, later))
        yield Paragraph(
            _("Not covered, since they were recorded after the checkpoint: {positions}.").format(positions=positions)
        )
    if dossier.question.known != found.size:
        template = _(
            "The statement in the bundle is judged with what was recorded up to position {size}, this dossier with what was "
            "recorded up to position {known}."
        )
        yield Paragraph(template.format(size=found.size, known=dossier.question.known))
    yield Code(found.note)


def _commands(dossier: Dossier) -> str:
    """The lines to type: making the bundle again at the desk, and checking it anywhere."""
    asked = dossier.question
    chosen = [it for key, name in asked.readings.items() for it in ("--reading", f"{key}={name}")]
    export = ["bitacora", "export", "bundle", dossier.ticket, "--at", time_text(asked.at), *chosen]
    written = "--key desk.key -o bundle.zip --verifier bitacora_verify.py"
    check = ["python", "bitacora_verify.py", "bundle.zip", "--key", "desk.vkey", "--lang", spoken()]
    remarks = _("at the desk, if the bundle is not at hand:"), _("anywhere:")
    return f"# {remarks[0]}\n{shlex.join(export)} \\\n    {written}\n# {remarks[1]}\n{shlex.join(check)}"
