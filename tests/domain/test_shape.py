"""What can be wrong with a line by itself: its form, its ids, texts and listed values (rules 5, shape)."""

import json

import pytest

from domain.events import Responded, SessionHeld
from domain.refusal import CODES
from domain.shape import read_entry
from tests.domain.lines import ANSWER, fault, refused, taken
from tests.given import Entry, attempts, did, gs_policy, opened, registered, said, session, window, without

LIMIT = 64 * 1024


@pytest.mark.parametrize(
    "line", [b"", b"[]", b'"text"', b"17", b"null", b"{", b'{"type": "Responded"', b"{} {}", b"{'a': 1}", b"NaN"]
)
def test_a_line_that_is_not_a_json_object_is_refused(line: bytes) -> None:
    assert fault(line) == ("shape", None)


def test_a_line_that_is_not_utf_8_is_refused() -> None:
    assert fault(json.dumps(did("FollowedUp", "2026-03-02 09:30", kind="other", note="X")).encode().replace(b"X", b"\xff")) == (
        "shape",
        None,
    )


def test_a_lone_surrogate_is_no_text() -> None:
    assert refused(b'{"type":"Responded","at":"2026-03-02T09:00:00Z","ticket":"T1","by":"\\udfff"}').code == "shape"


@pytest.mark.parametrize("depth", [2_000, 200_000])
def test_a_line_nested_beyond_reason_is_refused(depth: int) -> None:
    line = b'{"type":"Responded","at":"2026-03-02T09:00:00Z","ticket":' + b"[" * depth + b"]" * depth + b"}"
    assert refused(line).code == "shape"


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (b'{"type":"Responded","at":"2026-03-02T09:00:00Z","ticket":"T1","ticket":"T1"}', "ticket"),
        (b'{"type":"Responded","at":"2026-03-02T09:00:00Z","ticket":"T1","at"  :"2026-03-02T09:00:00Z"}', "at"),
        (b'{"type":"Responded","at":"2026-03-02T09:00:00Z","ticket":"T1","t\\u0069cket":"T2"}', "ticket"),
        (json.dumps(session("2026-03-02 09:00", "2026-03-02 10:00")).encode()
         .replace(b'{"consultant": "luis"}', b'{"consultant": "luis", "consultant": "eva"}'), "consultant"),
        (json.dumps(registered(prices={"currency": "MXN"})).encode()
         .replace(b'"currency": "MXN"', b'"currency": "MXN", "currency": "USD"'), "currency"),
    ],
)  # fmt: skip
def test_a_json_key_given_twice_is_refused_wherever_it_stands(line: bytes, field: str) -> None:
    assert fault(line) == ("shape", field)


def test_text_that_looks_like_a_repeated_key_is_only_text() -> None:
    assert taken(did("FollowedUp", "2026-03-02 09:30", kind="other", note='"note": "note": {"a":1,"a":2}'))


@pytest.mark.parametrize("kind", ["responded", "Response", "", None, 7, ["Responded"]])
def test_an_unknown_type_is_refused(kind: object) -> None:
    assert fault(ANSWER | {"type": kind}) == ("shape", "type")


def test_a_line_without_a_type_is_refused() -> None:
    assert fault(without(ANSWER, "type")) == ("shape", "type")


@pytest.mark.parametrize("kind", ["RequestRefused", "ReopenedAsNew"])
def test_what_only_the_ledger_writes_is_refused(kind: str) -> None:
    assert fault(ANSWER | {"type": kind, "new_ticket": "T2"}) == ("shape", "type")


@pytest.mark.parametrize("field", ["position", "stream", "version", "recorded_at", "id"])
def test_what_only_the_ledger_adds_is_refused(field: str) -> None:
    assert fault(ANSWER | {field: 1}) == ("shape", field)


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (ANSWER | {"colour": "blue"}, "colour"),
        (ANSWER | {"Ticket": "T1"}, "Ticket"),
        (session("2026-03-02 09:00", "2026-03-02 10:00", {"consultant": "luis", "role": "x"}), "consultants[0].role"),
        (registered(prices={"currency": "MXN", "daily": "1"}), "prices.daily"),
    ],
)
def test_an_unknown_field_is_named(entry: Entry, field: str) -> None:
    assert fault(entry) == ("shape", field)


@pytest.mark.parametrize("field", ["at", "ticket", "client", "requester", "channel", "priority", "kind", "subject"])
def test_a_missing_field_is_named(field: str) -> None:
    assert fault(without(opened(), field)) == ("shape", field)


def test_a_field_missing_inside_another_is_named_with_its_path() -> None:
    assert fault(session("2026-03-02 09:00", "2026-03-02 10:00", "luis", {"joined": "2026-03-02 09:30"})) == (
        "shape",
        "consultants[1].consultant",
    )
    assert fault(registered(prices={})) == ("shape", "prices.currency")


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (ANSWER | {"ticket": 17}, "ticket"),
        (ANSWER | {"at": 1772463600}, "at"),
        (registered(local="yes"), "local"),
        (registered(local=1), "local"),
        (opened(stops_operation="true"), "stops_operation"),
        (did("ExtensionRequested", "2026-03-02 09:30", extra_seconds="60", reason="r"), "extra_seconds"),
        (did("ExtensionRequested", "2026-03-02 09:30", extra_seconds=True, reason="r"), "extra_seconds"),
        (did("ExtensionRequested", "2026-03-02 09:30", extra_seconds=60.5, reason="r"), "extra_seconds"),
        (did("TravelExpenseRecorded", "2026-03-02 09:30", amount=12.5, currency="MXN"), "amount"),
        (gs_policy(starts="2026-02-30"), "starts"),
        (gs_policy(starts="2026-03-02T00:00:00Z"), "starts"),
        (gs_policy(holidays=["2026-03-02", "mañana"]), "holidays[1]"),
        (gs_policy(holidays="2026-03-02"), "holidays"),
        (said("EntryVoided", "2026-03-02 09:30", entry=1.5, reason="r"), "entry"),
        (said("EntryVoided", "2026-03-02 09:30", entry=True, reason="r"), "entry"),
        (session("2026-03-02 09:00", "2026-03-02 10:00") | {"consultants": "luis"}, "consultants"),
        (session("2026-03-02 09:00", "2026-03-02 10:00") | {"consultants": ["luis"]}, "consultants[0]"),
        (registered(prices={"currency": "MXN", "per_event": ["1.00"]}), "prices.per_event"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_naming_its_field(entry: Entry, field: str) -> None:
    assert fault(entry) == ("shape", field)


@pytest.mark.parametrize("field", ["at", "ticket", "by", "key", "consultant", "message_id"])
def test_null_is_never_a_value_not_even_of_an_optional_field(field: str) -> None:
    assert fault(ANSWER | {field: None}) == ("shape", field)


def test_a_session_needs_a_consultant() -> None:
    assert fault(session("2026-03-02 09:00", "2026-03-02 10:00") | {"consultants": []}) == ("shape", "consultants")


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T09:00:00", "2026-03-02 09:00:00", "2026-03-02", "2026-03-02T09:00Z", "2026-03-02T23:59:60Z",
        "2026-06-30T17:59:60-06:00", "2026-03-02T09:00:00.1234567Z", "2026-02-30T09:00:00Z", "2026-03-02T24:00:00Z",
        "2026-03-02T09:00:00+24:00", "2026-03-02T09:00:00+0600", "2026-03-02T09:00:00-06", "2026-03-02T09:00:00.Z",
        "20260302T090000Z", "2026-W10-1T09:00:00Z", "2026-03-02T09:00:00,5Z", "", "yesterday",
        "２026-03-02T09:00:00Z", " 2026-03-02T09:00:00Z", "2026-03-02T09:00:00 Z",
    ],
)  # fmt: skip
def test_a_time_that_is_not_rfc_3339_with_an_offset_is_refused(text: str) -> None:
    assert fault(ANSWER | {"at": text}) == ("shape", "at")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T09:00:00-06:00", "2026-03-02T15:00:00+00:00"),
        ("2026-03-02T15:00:00Z", "2026-03-02T15:00:00+00:00"),
        ("2026-03-02t15:00:00z", "2026-03-02T15:00:00+00:00"),
        ("2026-03-02 15:00:00Z", "2026-03-02T15:00:00+00:00"),
        ("2026-03-02T15:00:00-00:00", "2026-03-02T15:00:00+00:00"),
        ("2026-03-02T20:45:00+05:45", "2026-03-02T15:00:00+00:00"),
        ("2026-03-03T14:59:00+23:59", "2026-03-02T15:00:00+00:00"),
        ("2026-03-02T15:00:00.1Z", "2026-03-02T15:00:00.100000+00:00"),
        ("2026-03-02T15:00:00.123456Z", "2026-03-02T15:00:00.123456+00:00"),
        ("2024-02-29T15:00:00Z", "2024-02-29T15:00:00+00:00"),
    ],
)
def test_whatever_else_rfc_3339_allows_is_a_time_kept_in_utc(text: str, moment: str) -> None:
    event = taken(ANSWER | {"at": text})
    assert isinstance(event, Responded)
    assert event.at.isoformat() == moment


def test_every_time_of_an_entry_needs_its_offset() -> None:
    for entry, field in [
        (did("OfficialRequestReceived", "2026-03-02 09:30", message_id="m") | {"sent_at": "2026-03-02T09:00:00"}, "sent_at"),
        (session("2026-03-02 09:00", "2026-03-02 10:00") | {"started": "2026-03-02T09:00:00"}, "started"),
        (window("2026-03-02 09:00", "2026-03-02 19:00", "2026-03-02 20:00") | {"to": "2026-03-02T20:00:00"}, "to"),
        (session("2026-03-02 09:00", "2026-03-02 10:00", {"consultant": "a", "left": "T09:30"}), "consultants[0].left"),
    ]:
        assert fault(entry) == ("shape", field)


def test_times_inside_a_session_come_in_utc_too() -> None:
    event = taken(session("2026-03-02 09:00", "2026-03-02 10:00", {"consultant": "a", "joined": "2026-03-02 09:30"}))
    assert isinstance(event, SessionHeld)
    assert str(event.consultants[0].joined) == "2026-03-02 15:30:00+00:00"


@pytest.mark.parametrize(("text", "fits"), [("x" * LIMIT, True), ("x" * (LIMIT + 1), False), ("é" * (LIMIT // 2), True),
                                            ("é" * (LIMIT // 2) + "x", False)])  # fmt: skip
def test_a_text_has_at_most_64_kib_of_utf_8(text: str, fits: bool) -> None:
    entry = did("FollowedUp", "2026-03-02 09:30", kind="other", note=text)
    assert taken(entry) if fits else fault(entry) == ("shape", "note")


def test_the_64_kib_are_counted_in_text_not_in_escapes() -> None:
    line = json.dumps(did("FollowedUp", "2026-03-02 09:30", kind="other", note="é" * (LIMIT // 2)), ensure_ascii=True)
    assert len(line) > 2 * LIMIT
    assert read_entry(line.encode())


@pytest.mark.parametrize("field", ["note", "by", "ticket"])
def test_u_0000_is_refused(field: str) -> None:
    assert fault(did("FollowedUp", "2026-03-02 09:30", kind="other") | {field: "a\0b"}) == ("shape", field)


def test_a_backslash_before_u0000_is_only_a_backslash() -> None:
    assert taken(did("FollowedUp", "2026-03-02 09:30", kind="other", note="\\u0000"))


@pytest.mark.parametrize(("length", "fits"), [(1024 * 1024, True), (1024 * 1024 + 1, False)])
def test_a_line_has_at_most_1_mib(length: int, fits: bool) -> None:
    line = json.dumps(ANSWER).encode().ljust(length)
    assert read_entry(line) if fits else fault(line) == ("shape", None)


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (opened(channel="fax"), "channel"),
        (opened(kind="bug"), "kind"),
        (did("FollowedUp", "2026-03-02 09:30", kind="weekly_email"), "kind"),
        (did("ContactAttempted", "2026-03-02 09:30", outcome="maybe", channel="phone"), "outcome"),
        (did("ContactAttempted", "2026-03-02 09:30", outcome="answered", channel="fax"), "channel"),
        (session("2026-03-02 09:00", "2026-03-02 10:00", delivery="hybrid"), "delivery"),
        (did("Escalated", "2026-03-02 09:30", level=0, reason="r"), "level"),
        (did("Escalated", "2026-03-02 09:30", level=5, reason="r"), "level"),
        (did("Closed", "2026-03-02 09:30", reason="solved"), "reason"),
    ],
)
def test_a_value_that_is_not_in_its_list_is_refused(entry: Entry, field: str) -> None:
    assert fault(entry) == ("shape", field)


def test_the_refusal_of_a_line_keeps_its_key_where_there_is_one() -> None:
    assert refused(ANSWER | {"key": "k", "colour": "blue"}).key == "k"
    assert refused(ANSWER | {"key": 17}).key is None
    assert refused(b"{").key is None


def test_reasons_to_refuse_are_a_closed_list() -> None:
    assert CODES == ("shape", "time", "reference", "order", "clauses", "sums", "key")


def test_an_attempt_is_read_as_it_was_written() -> None:
    assert taken(attempts("2026-03-02 09:30")[0])
