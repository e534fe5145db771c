"""What the values of an event may be, each by itself: ids, sums and times (rules 5).

Whether a line has the fields of its type is for `shape`; whether an entry fits what the ledger holds, for `admission`.
"""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import UNSET

from domain.events import (
    EVENT_TYPES,
    AfterHoursRequested,
    AnyEvent,
    ClientRegistered,
    ExtensionRequested,
    IncidentClassified,
    OfficialRequestReceived,
    PolicyContracted,
    Prices,
    SessionHeld,
    TravelExpenseRecorded,
)
from domain.refusal import Code, Refused, said

MAX_ID_LENGTH = 128
MAX_SESSION = timedelta(hours=24)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2201, 1, 1, tzinfo=UTC)
_LARGEST_INTEGER = 2**53
_AMOUNT = re.compile(r"[0-9]+(\.[0-9]{1,2})?")
_FACTOR = re.compile(r"[0-9]+(\.[0-9]{1,4})?")
_AMOUNT_LIMIT = Decimal(10) ** 12
_ID_NAMES = ("key", "client", "ticket", "policy", "person", "consultant", "terms", "contingency", "continues")
_TIME_NAMES = ("at", "sent_at", "started", "ended", "from", "to")
_ID_FIELDS = {
    name: tuple(field for field in _ID_NAMES if field in kind.__struct_fields__) for name, kind in EVENT_TYPES.items()
}
TIME_FIELDS = {
    name: tuple(field for field in _TIME_NAMES if field in kind.__struct_encode_fields__) for name, kind in EVENT_TYPES.items()
}
# Most entries have neither sums nor two times to compare, and are not asked about them.
_WITH_SUMS = {"TravelExpenseRecorded", "PolicyContracted", "ClientRegistered", "ExtensionRequested", "IncidentClassified"}
_WITH_SPANS = {"SessionHeld", "AfterHoursRequested", "OfficialRequestReceived", "PolicyContracted"}
OUT_OF_RANGE = said("{field} lies outside the years 1970 to 2200")


def check_values(event: AnyEvent, name: str, written: dict[str, Any]) -> None:
    """Refused (`shape`, `sums` or `time`, naming the field) for the first value that cannot be: ids, then sums, then times.
    `name` is the type of the event, `written` its line's fields with every time in UTC."""
    for field in _ID_FIELDS[name]:
        if (value := getattr(event, field)) is not UNSET:
            _check_id(value, field)
    if name in _WITH_SUMS:
        _check_sums(event)
    for field in TIME_FIELDS[name]:
        if field in written and not EARLIEST <= written[field] < LATEST:
            raise Refused("time", OUT_OF_RANGE, field=field)
    if name in _WITH_SPANS:
        _check_spans(event)


def _check_id(value: str, field: str) -> None:
    """1–128 printable characters without white space, in Unicode normal form C."""
    if 0 < len(value) <= MAX_ID_LENGTH:
        if value.isascii():
            if value.isprintable() and " " not in value:
                return
        elif unicodedata.is_normalized("NFC", value) and not any(unicodedata.category(it)[0] in "CZ" for it in value):
            return
    raise Refused(
        "shape",
        said("{field} must be 1 to 128 printable characters without white space, in Unicode form NFC"),
        field=field,
    )


def _check_sums(event: AnyEvent) -> None:
    match event:
        case TravelExpenseRecorded():
            _check_amount(event.amount, "amount")
        case PolicyContracted() | ClientRegistered() if event.prices is not UNSET:
            _check_prices(event.prices)
        case ExtensionRequested():
            _check_positive(event.extra_seconds, "extra_seconds")
        case IncidentClassified() if event.budget_seconds is not UNSET:
            _check_positive(event.budget_seconds, "budget_seconds")
        case _:
            pass


def _check_prices(prices: Prices) -> None:
    if prices.hourly is not UNSET:
        _check_amount(prices.hourly, "prices.hourly")
    if prices.after_hours_factor is not UNSET:
        factor = prices.after_hours_factor
        if not _FACTOR.fullmatch(factor) or not 1 <= Decimal(factor) < _AMOUNT_LIMIT:
            raise Refused("sums", said("{field} is {value}: a factor is a decimal of 1 or more with at most 4 decimals"),
                          field="prices.after_hours_factor", value=factor[:64])  # fmt: skip
    for priority, amount in ({} if prices.per_event is UNSET else prices.per_event).items():
        _check_amount(amount, f"prices.per_event.{priority}")


def _check_amount(text: str, field: str) -> None:
    if not _AMOUNT.fullmatch(text) or Decimal(text) >= _AMOUNT_LIMIT:
        raise Refused(
            "sums",
            said('{field} is {value}: an amount is a decimal such as "850.50", not negative, with at most 2 decimals, '
                 "below a million millions"),
            field=field,
            value=text[:64],
        )  # fmt: skip


def _check_positive(seconds: int, field: str) -> None:
    if not 0 < seconds <= _LARGEST_INTEGER:
        raise Refused("sums", said("{field} is {value}: more than 0 seconds are expected, and at most {most}"), field=field,
                      value=seconds, most=_LARGEST_INTEGER)  # fmt: skip


def _check_spans(event: AnyEvent) -> None:
    match event:
        case SessionHeld():
            _check_session(event)
        case AfterHoursRequested() if event.to <= event.from_:
            raise _not_before("to", "from")
        case OfficialRequestReceived() if event.sent_at is not UNSET and event.sent_at > event.at:
            raise Refused("time", said("sent_at lies after at: an e-mail is received after it was sent"), field="sent_at")
        case PolicyContracted() if event.ends is not UNSET and event.ends < event.starts:
            raise Refused("time", said("ends lies before starts"), field="ends")
        case _:
            pass


def _not_before(field: str, other: str) -> Refused:
    code: Code = "time"
    return Refused(code, said("{field} must lie after {other}"), field=field, other=other)


def _check_session(session: SessionHeld) -> None:
    if not session.consultants:
        raise Refused("shape", said("{field} is empty: a session has at least one consultant"), field="consultants")
    if session.ended <= session.started:
        raise _not_before("ended", "started")
    if session.at != session.ended:
        raise Refused("time", said("at must equal ended; when a session was reported is recorded_at"), field="at")
    if session.ended - session.started > MAX_SESSION:
        raise Refused("time", said("the session lasts more than 24 hours"), field="ended")
    seen: set[str] = set()
    for number, one in enumerate(session.consultants):
        here = f"consultants[{number}]"
        _check_id(one.consultant, f"{here}.consultant")
        joined = session.started if one.joined is UNSET else one.joined
        left = session.ended if one.left is UNSET else one.left
        for field, moment in (("joined", joined), ("left", left)):
            if not session.started <= moment <= session.ended:
                raise Refused("time", said("{field} lies outside the session"), field=f"{here}.{field}")
        if left <= joined:
            raise _not_before(f"{here}.left", "joined")
        if one.consultant in seen:
            raise Refused("time", said("the consultant {who} is named twice"), field=f"{here}.consultant",
                          who=one.consultant)  # fmt: skip
        seen.add(one.consultant)
