"""Instants as aware UTC datetimes, whole seconds as integers since 1970, spans as lists of [from, to).

Reads and writes RFC 3339; knows nothing of calendars.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RFC_3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)
MAX_OFFSET_HOURS, MAX_OFFSET_MINUTES = 23, 59
Spans = list[tuple[int, int]]


def instant(text: str) -> datetime:
    """The UTC instant of an RFC 3339 text; ValueError if it is none (leap seconds included)."""
    found = RFC_3339.fullmatch(text)
    if not found:
        raise ValueError(text)
    *parts, fraction, sign, hours, minutes = found.groups()
    offset = timedelta(0)
    if sign:
        if int(hours) > MAX_OFFSET_HOURS or int(minutes) > MAX_OFFSET_MINUTES:
            raise ValueError(text)
        offset = timedelta(hours=int(hours), minutes=int(minutes)) * (1 if sign == "+" else -1)
    micro = int((fraction or "0").ljust(6, "0"))
    local = datetime(*(int(part) for part in parts), micro, tzinfo=timezone(offset))
    return local.astimezone(UTC)


def cut(moment: datetime) -> int:
    """The whole second an instant lies in (rules 1.5)."""
    return (moment - EPOCH) // timedelta(seconds=1)


def second(text: str) -> int:
    """The whole second of an RFC 3339 text."""
    return cut(instant(text))


def show(seconds: int | None) -> str | None:
    """Whole seconds as reports print them."""
    if seconds is None:
        return None
    return (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def union(*lists: Spans) -> Spans:
    """The seconds that lie in any of the lists, as sorted, disjoint spans."""
    merged: Spans = []
    for start, end in sorted(span for spans in lists for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def common(one: Spans, other: Spans) -> Spans:
    """The seconds that lie in both lists."""
    both = [(max(a, c), min(b, d)) for a, b in union(one) for c, d in union(other)]
    return union([span for span in both if span[0] < span[1]])


def without(one: Spans, other: Spans) -> Spans:
    """The seconds of the first list that do not lie in the second."""
    left: Spans = []
    for start, end in union(one):
        here = start
        for a, b in union(other):
            if b <= here or a >= end:
                continue
            left.append((here, max(here, a)))
            here = max(here, b)
        left.append((min(here, end), end))
    return union(left)


def total(spans: Spans) -> int:
    """How many seconds a list holds."""
    return sum(end - start for start, end in union(spans))
