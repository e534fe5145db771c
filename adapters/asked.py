"""What is asked for, as people and programs write it: a moment, what was known, a reading, a month.

Text in, values out, or `Unclear`, which says what would be understood. Where the text comes from is not known here.
"""

import re
from datetime import UTC, datetime

from domain.refusal import Sayable, said

FIRST_YEAR, LAST_YEAR = 1970, 2200
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_POSITION = re.compile(r"\d{1,18}", re.ASCII)


class Unclear(Sayable):
    """A text that says nothing that can be asked for."""


def moment(text: str) -> datetime:
    """A time as RFC 3339 writes it, with its offset, in UTC. Unclear if it is none, or lies beyond the years 1970 to 2200."""
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        found = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unclear(said("{text} is not a time with its offset, such as 2026-03-02T09:15:00-06:00"), text=text) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Unclear(said("{text} lies outside the years 1970 to 2200"), text=text)
    return found


def known(text: str) -> datetime | int:
    """A position, or a moment: what the ledger had recorded by then. Unclear as `moment`."""
    if _POSITION.fullmatch(text):
        return int(text)
    if not _TIME.fullmatch(text):
        template = said("{text} is neither a position nor a time with its offset, such as 2026-03-02T09:15:00-06:00")
        raise Unclear(template, text=text)
    return moment(text)


def reading(text: str) -> tuple[str, str]:
    """A reading asked for, `gs.4=clock-hours`: its key and option. Unclear if it is none."""
    key, _, name = text.partition("=")
    if not key or not name:
        template = said("{text} is not a reading such as gs.4=clock-hours; see `bitacora terms readings`")
        raise Unclear(template, text=text)
    return key, name


def month(text: str) -> tuple[int, int]:
    """A month as ISO 8601 writes it, `2026-03`: its year and its number. Unclear if it is none."""
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text, re.ASCII)
    if not found or not FIRST_YEAR <= int(found[1]) < LAST_YEAR:
        raise Unclear(said("{text} is not a month such as 2026-03"), text=text)
    return int(found[1]), int(found[2])
