"""Every kind of entry as a sentence that a person can read, with what it carries.

One template for each type of exchange.md, filled from the entry's own fields; optional fields follow it by name. A type without
a template is shown with its fields as they stand: nothing is left out.
"""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from adapters.language import _, worded
from adapters.wording.values import local, moment_of, named, plain, short, word
from domain.clauses import turned_away
from domain.refusal import said

_FRAME = frozenset({"type", "at", "by", "key", "ticket", "position", "stream", "version", "recorded_at", "id"})
_TIMES = frozenset({"from", "to", "sent_at", "started", "ended"})
_DURATIONS = frozenset({"extra_seconds", "budget_seconds"})
_WORDS = frozenset({"channel", "kind", "outcome", "delivery"})
_NAMES = frozenset({"priority", "incident_type", "benefit", "tier"})

SENTENCES: dict[str, str] = {
    "TermsPublished": said("Terms {terms} published"),
    "ClientRegistered": said("Client {client} registered: {name}"),
    "RequesterAuthorized": said("{person} may open tickets for {client}"),
    "RequesterRevoked": said("{person} may no longer open tickets for {client}"),
    "RequestRefused": said("{requester} asked on behalf of {client} and was turned away: {reason}"),
    "PersonForgotten": said("What was told of {subject} is forgotten: its key is destroyed"),
    "PolicyContracted": said("Policy {policy} contracted by {client} under {terms}, from {starts}"),
    "PolicyCancelled": said("Policy {policy} cancelled as of {effective}"),
    "BenefitDelivered": said("Benefit of policy {policy} delivered: {benefit}"),
    "TicketOpened": said("Ticket opened for {client} by {requester} ({channel}): {kind}, priority {priority}. “{subject}”"),
    "OfficialRequestReceived": said("The official request arrived, message {message_id}"),
    "OperationStopDeclared": said("The client declared that its operation is stopped"),
    "IncidentClassified": said("Incident classified as {incident_type}"),
    "PriorityChanged": said("Priority changed to {priority}: {reason}"),
    "Responded": said("Answered"),
    "FollowedUp": said("Follow-up ({kind})"),
    "InformationRequested": said("The client was asked for information"),
    "InformationReceived": said("The client gave the information"),
    "ContactAttempted": said("Attempt to reach the client ({channel}): {outcome}"),
    "SessionHeld": said("Session ({delivery}) from {started} to {ended}, with {consultants}"),
    "Escalated": said("Escalated to level {level}: {reason}"),
    "ExtensionRequested": said("More time requested, {extra_seconds}: {reason}"),
    "ExtensionAuthorized": said("The client authorized more time"),
    "ExtensionDeclined": said("The client declined to give more time"),
    "AfterHoursRequested": said("After-hours attention requested from {from} to {to}, message {message_id}"),
    "TravelExpenseRecorded": said("Travel expense of {amount} {currency}"),
    "ContingencyDeclared": said("Contingency {contingency} declared"),
    "ContingencyNotified": said("The client was told of contingency {contingency}"),
    "ContingencyEnded": said("Contingency {contingency} ended"),
    "ConsultantUnavailable": said("No consultant available"),
    "ConsultantAvailable": said("A consultant is available again"),
    "Resolved": said("Solved"),
    "ResolutionValidated": said("The client confirmed the solution"),
    "ResolutionRejected": said("The client rejected the solution"),
    "Closed": said("Closed: {reason}"),
    "ReopenedAsNew": said("Help asked for again: continues as ticket {new_ticket}"),
    "EntryVoided": said("Entry {entry} voided: {reason}"),
}
_LABELS: dict[str, str] = {
    "incident_type": said("incident type"),
    "stops_operation": said("stops the operation"),
    "continues": said("continues ticket"),
    "message_id": said("message"),
    "sent_at": said("sent"),
    "budget_seconds": said("budget"),
    "consultant": said("consultant"),
    "note": said("note"),
    "tool": said("tool"),
    "reference": said("reference"),
    "cause": said("cause"),
    "client_informed": said("client informed"),
    "tier": said("tier"),
    "ends": said("until"),
    "prices": said("prices"),
    "local": said("local"),
    "terms": said("terms"),
    "detail": said("detail"),
    "clause": said("clause"),
}
_LONG = frozenset({"document", "digest", "request", "holidays"})
"""Fields too long for a sentence; `entries --format json` has them whole."""


def sentence(entry: Mapping[str, Any], zone: tzinfo) -> str:
    """What an entry (as `entry_as_json` gives it) says, with times in a zone."""
    shown = {name: _value(entry, name, zone) for name in entry if name not in _FRAME}
    template = _(SENTENCES.get(entry["type"], "{type}"))
    told = template.format_map({"type": entry["type"], **shown})
    rest = [name for name in shown if f"{{{name}}}" not in SENTENCES.get(entry["type"], "") and name not in _LONG]
    return "; ".join([told, *(f"{_(_LABELS.get(name, name))}: {shown[name]}" for name in rest)])


def _value(entry: Mapping[str, Any], name: str, zone: tzinfo) -> str:
    value = entry[name]
    if name in _TIMES:
        return local(value, zone)
    if name in _DURATIONS:
        return short(value)
    if name in _WORDS or (name == "reason" and entry["type"] == "Closed"):
        return word(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "consultants":
        return ", ".join(_attendance(it, zone) for it in value)
    if name in _NAMES:
        return named(value)
    if name == "reason" and entry["type"] == "RequestRefused":
        return _turned_away(entry)
    if isinstance(value, Mapping):
        return ", ".join(f"{word(key)}={_flat(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return " ".join(map(plain, value))
    return plain(value)


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{named(key)}:{plain(inner)}" for key, inner in value.items())
    return plain(value)


def _turned_away(entry: Mapping[str, Any]) -> str:
    """Why a request was refused: recorded in English, and told again in the language spoken."""
    refused = turned_away(entry["client"], entry["requester"], entry["clause"])
    return plain(worded(refused) if entry["reason"] == str(refused) else entry["reason"])


def _attendance(one: Mapping[str, Any], zone: tzinfo) -> str:
    """A consultant of a session, and when they came and went if that was not with the session."""
    told = plain(one["consultant"])
    parts = []
    if "joined" in one:
        parts.append(_("from {time}").format(time=_clock_time(one["joined"], zone)))
    if "left" in one:
        parts.append(_("until {time}").format(time=_clock_time(one["left"], zone)))
    return f"{told} ({' '.join(parts)})" if parts else told


def _clock_time(text: str, zone: tzinfo) -> str:
    return moment_of(text).astimezone(zone).strftime("%H:%M:%S")


def voided(entries: list[dict[str, Any]]) -> dict[int, int]:
    """Which of these entries are void, and by which: positions to positions. A voiding names a position, a key or an id."""
    by_name: dict[int | str, int] = {}
    for entry in entries:
        by_name[entry["id"]] = entry["position"]
    for entry in entries:
        by_name[entry["position"]] = entry["position"]
        if "key" in entry:
            by_name[entry["key"]] = entry["position"]
    voidings = [it for it in entries if it["type"] == "EntryVoided"]
    return {by_name[it["entry"]]: it["position"] for it in voidings if it["entry"] in by_name}
