"""What differs between two views, in words: the name of each figure, its values, and what changed it.

One place for `replay` and `what-if`. A row that appeared or is gone is told in one or two lines; JSON has all its fields.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from adapters.language import _, ngettext
from adapters.wording.values import local, named, plain, reason_word, short, word
from domain.refusal import said

Row = Mapping[str, Any]
Line = tuple[str, str, str, str]
"""A figure, what it was, what it is, and because of what."""

FIGURES: dict[str, str] = {
    "policy": said("Policy"),
    "terms": said("Terms"),
    "tier": said("Tier"),
    "priority": said("Priority"),
    "kind": said("Kind"),
    "incident_type": said("Incident type"),
    "opened_at": said("Opened"),
    "official_at": said("Official since"),
    "status": said("Status"),
    "state": said("State"),
    "closed_reason": said("Closed because"),
    "continues": said("Continues ticket"),
    "continued_by": said("Continued by ticket"),
    "level": said("Level"),
    "stops_operation": said("Stops the operation"),
    "response": said("Response"),
    "resolution": said("Resolution"),
    "verdict": said("verdict"),
    "target_seconds": said("target"),
    "earliest_seconds": said("earliest expected"),
    "started_at": said("started"),
    "due_at": said("due"),
    "stopped_at": said("stopped at"),
    "elapsed_seconds": said("elapsed"),
    "paused_seconds": said("time paused"),
    "overrun_seconds": said("over target by"),
    "clauses": said("clauses"),
    "reason": said("Reason"),
    "price": said("List price"),
    "discount_percent": said("Discount"),
    "to_be_quoted": said("To be quoted"),
    "clause": said("Clause"),
    "tickets": said("Tickets"),
    "included": said("included"),
    "used": said("used"),
    "remaining": said("left"),
    "starts": said("In force from"),
    "ends": said("In force to"),
    "onsite": said("Visits on site"),
    "benefits": said("Benefits"),
    "at": said("At"),
    "minutes": said("Minutes"),
    "consultants": said("Consultants"),
    "billable_minutes": said("Billable minutes"),
    "after_hours_minutes": said("After hours"),
    "unrequested_minutes": said("Nobody asked for"),
}
_WORDS = frozenset({"status", "state", "closed_reason", "kind", "verdict", "stops_operation"})
_NAMES = frozenset({"priority", "incident_type", "tier"})
_AMOUNT = ("amount", "currency", "amount_note")
_GIST: dict[str, tuple[str, ...]] = {
    "sla": ("status", "response.verdict", "resolution.verdict"),
    "consumption": ("covered", "reason", "state", "tickets.used"),
    "billing": _AMOUNT,
}
"""Of a row that appeared or is gone, what is told."""
_CAUSES_TOLD = 8


def figure_lines(row: Row, zone: tzinfo, cause_word: Callable[[Row], str] | None = None) -> Iterator[Line]:
    """The lines of one row that differs, with times in a zone; `cause_word` names a cause, else its shortest name does."""
    whole = row["change"] == "changed"
    fields = {name: values for name, values in row["fields"].items() if whole or name in _GIST[row["report"]]}
    if amounts := {name: fields.pop(name) for name in _AMOUNT if name in fields}:
        by = because(row["causes"], amounts if whole else row["fields"], cause_word)
        name = figure_name(row, "amount") if whole else _charge(row)
        yield name, _amount(amounts, "before"), _amount(amounts, "after"), by
    for name, values in fields.items():
        by = because(row["causes"], [name], cause_word)
        shown = [figure_value(name, values[side], zone) for side in ("before", "after")]
        if whole or shown[0] != shown[1]:
            yield figure_name(row, name), shown[0], shown[1], by


def figure_name(row: Row, field: str) -> str:
    """The name of a field: `Response: due`, `Quota: discount`, `P1: used`, `follow-up (entry 12): minutes`."""
    first, _dot, rest = field.partition(".")
    if first == "by_priority":
        priority, _dot, rest = rest.rpartition(".")
        return f"{named(priority)}: {_figure(rest)}"
    name = f"{_figure(first)}: {_figure(rest)}" if rest else _figure(first)
    if row["report"] == "billing":
        return f"{_charge(row)}: {name[:1].lower()}{name[1:]}"
    if row["report"] == "consumption" and row["ticket"] is not None:
        return _("Quota") if field == "covered" else f"{_('Quota')}: {name[:1].lower()}{name[1:]}"
    return name


def _figure(name: str) -> str:
    if name == "amount":
        return _("Amount")
    return _(FIGURES[name]) if name in FIGURES else plain(name)


def _charge(row: Row) -> str:
    return _("Bill, {kind} (entry {entry})").format(kind=word(row["kind"]), entry=row["entry"])


def _amount(fields: Mapping[str, Mapping[str, Any]], side: str) -> str:
    """An amount with its currency, as far as they are among the fields, or why there is none."""
    said = {name: values[side] for name, values in fields.items() if values[side] is not None}
    if "amount_note" in said:
        return word(said["amount_note"])
    return " ".join(plain(it) for it in said.values()) or "-"


def figure_value(field: str, value: Any, zone: tzinfo) -> str:
    """The value of a field in words."""
    name = field.rpartition(".")[2]
    if value is None or value == []:
        return "-"
    if name == "covered":
        return _("covered") if value else _("paid per event")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name.endswith("_seconds"):
        return short(value)
    if name.endswith("_at") or name == "at":
        return local(value, zone)
    if name == "reason":
        return reason_word(value)
    if name == "discount_percent":
        return f"{value} %"
    if isinstance(value, list):
        return ", ".join(_item(it) for it in value)
    if name in _NAMES:
        return named(value)
    return word(value) if name in _WORDS else plain(value)


def _item(item: Any) -> str:
    """One of a list: a clause, the visits of a month, a benefit delivered."""
    if not isinstance(item, Mapping):
        return plain(item)
    if "benefit" in item:
        return named(item["benefit"])
    foreign = _(", foreign") if item["foreign"] else ""
    template = _("{begins}: {used} of {included}{foreign}")
    return template.format(begins=item["from"], used=item["used"], included=item["included"], foreign=foreign)


# Causes -------------------------------------------------------------------------------------------------------------


def because(causes: Sequence[Row], fields: Iterable[str], cause_word: Callable[[Row], str] | None = None) -> str:
    """The causes that bear on any of some fields: separated by commas, those that only act together joined by `+`."""
    wanted = set(fields)
    bearing = [it for it in causes if wanted.intersection(it["fields"])]
    named_by = cause_word or word_of_cause
    alone = [named_by(it) for it in bearing if it["alone"]]
    together = [named_by(it) for it in bearing if not it["alone"]]
    return ", ".join([*_first(alone), *([" + ".join(_first(together))] if together else [])])


def _first(names: list[str]) -> list[str]:
    if len(names) <= _CAUSES_TOLD:
        return names
    return [*names[:_CAUSES_TOLD], _("{count} more").format(count=len(names) - _CAUSES_TOLD)]


def word_of_cause(cause: Row) -> str:
    """A cause by its shortest name: a position, `line 3`, `gs.4=clock-hours`, `terms other`."""
    text = plain(cause["said"])
    match cause["kind"]:
        case "with":
            return _("line {line}").format(line=text.removeprefix("line "))
        case "without":
            return _("without {position}").format(position=text)
        case "terms":
            return _("terms {terms}").format(terms=text)
        case "tier":
            return _("tier {tier}").format(tier=named(text))
        case "calendar":
            return _("calendar {clause}").format(clause=text).rstrip()
        case "moment":
            return _("the time passed")
        case "several":
            return ngettext("{count} entry", "{count} entries together", int(text)).format(count=text)
        case _:
            return text


def told_of(cause: Row, zone: tzinfo) -> Iterator[str]:
    """How an entry stands between the two views; nothing of one that was simply recorded as it happened."""
    recorded = local(cause["recorded_at"], zone)
    if cause["kind"] in ("entry", "voiding") and recorded == local(cause["at"], zone):
        return
    templates = {
        "late": said("recorded late, {recorded}"),
        "forgotten": said("recorded {recorded}, not known afterwards"),
        "without": said("recorded {recorded}, left out"),
        "with": said("supposed"),
    }
    yield _(templates.get(cause["kind"], said("recorded {recorded}"))).format(recorded=recorded)
