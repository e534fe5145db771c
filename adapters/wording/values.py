"""How values are shown to a person: verdicts and kinds in words, durations, local times, amounts, and text made safe to print.

One place, so that every table and every explanation says a thing the same way. It judges and computes nothing.
"""

import unicodedata
from datetime import UTC, datetime, tzinfo
from typing import Any

from adapters.language import _
from adapters.personal.marks import MARKS
from adapters.wording.words import NAMES, ROLES, WORDS
from domain.refusal import said

_CLOSED_REASONS = {"expired": said("the policy had expired"), "exhausted": said("all tickets of the policy used up")}


def word(value: str | None) -> str:
    """A value of the exchange format in words; as it stands if it is none of ours."""
    if value is None:
        return "-"
    return _(WORDS[value]) if value in WORDS else plain(value)


def named(value: str) -> str:
    """A priority, type of incident, benefit or tier in words; as it stands unless the built-in terms have it."""
    return _(NAMES[value]) if value in NAMES else plain(value)


def reason_word(value: str) -> str:
    """Why a ticket is paid per event, in words."""
    return _(_CLOSED_REASONS[value]) if value in _CLOSED_REASONS else word(value)


def role_word(value: str) -> str:
    """The role of a token, in words."""
    return _(ROLES[value])


def plain(text: Any) -> str:
    """Text that anyone may have written, on one line and without what would steer a terminal."""
    written = str(text)
    if written in MARKS:
        return _(written)
    if written.isprintable():
        return written
    spaced = " ".join(written.split())
    return "".join(it if unicodedata.category(it)[0] != "C" else "�" for it in spaced)


def short(seconds: int | None) -> str:
    """A duration exactly and briefly: `1h30m`, `24h`, `10m5s`, `0s`."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{count}{unit}" for count, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if count]
    return "".join(parts) or "0s"


def long(seconds: int | None) -> str:
    """A duration in hours, minutes and seconds: `4 h 05 m 00 s`."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} m {rest:02} s"


def moment_of(text: str) -> datetime:
    """A time of the exchange format."""
    return datetime.fromisoformat(text)


def local(text: str | None, zone: tzinfo = UTC, *, offset: bool = False, seconds: bool = True) -> str:
    """A time of the exchange format in a zone, cut to the second: `2026-03-02 09:15:00`, and `-06:00` with `offset`."""
    if text is None:
        return "-"
    moment = moment_of(text).astimezone(zone)
    shown = moment.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")
    return shown + (f" {offset_of(moment)}" if offset else "")


def offset_of(moment: datetime) -> str:
    """The offset of an aware time from UTC: `-06:00`."""
    return moment.isoformat()[-6:]


def knowledge(known: int | None, head: int) -> str:
    """With what was judged: up to which position was known (None: everything); `head` is the last that there is."""
    if known is None:
        return _("everything recorded")
    if known > head:
        template = _("what was recorded up to position {known}, which is everything: the last entry is {head}")
        return template.format(known=known, head=head)
    return _("what was recorded up to position {known}").format(known=known)


def amount(row: Any) -> str:
    """The amount of a row of the bill with its currency, or why there is none."""
    if row["amount"] is None:
        return word(row["amount_note"])
    return f"{row['amount']} {row['currency'] or ''}".rstrip()
