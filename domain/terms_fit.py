"""What does not fit together in terms under chosen readings: unknown values, ranges upside down.

It takes provisions whose shape is right and says what an account could not make sense of. It does not look
for what is merely unwise: a quota that no ticket can use is the desk's own affair.
"""

from collections.abc import Iterator

from domain.refusal import said
from domain.rules import ClockRule, Provisions, Quota, Requests, Target, Values
from domain.terms_document import Path, TermsError


def misfits(provisions: Provisions) -> Iterator[TermsError]:
    """Every misfit, with its path in the provisions."""
    yield from _clock(("response",), provisions.response, provisions.values)
    yield from _clock(("resolution",), provisions.resolution, provisions.values)
    if provisions.response.starts == "response":
        yield TermsError(("response", "starts"), said("the response clock cannot start at its own stop"))
    yield from _requests(provisions.requests, provisions.values)
    yield from _closing(provisions)
    yield from _consumption(provisions)
    yield from _billing(provisions)


def _clock(path: Path, clock: ClockRule, values: Values) -> Iterator[TermsError]:
    if not clock.stops:
        yield TermsError((*path, "stops"), said("needs at least one event: the clock would never stop"))
    if clock.starts != "official" and clock.starts_clause is None:
        yield TermsError(
            (*path, "starts_clause"),
            said("is missing: what makes the clock start at {starts}"),
            starts=clock.starts,
        )
    for number, target in enumerate(clock.targets):
        yield from _target((*path, "targets", number), target, values)


def _target(path: Path, target: Target, values: Values) -> Iterator[TermsError]:
    yield from _listed((*path, "priority"), target.priority, values.priorities)
    yield from _listed((*path, "kind"), target.kind, values.kinds)
    yield from _listed((*path, "incident_type"), target.incident_type, values.incident_types)
    if target.within <= 0:
        yield TermsError((*path, "within"), said("must be more than nothing"))
    if target.earliest is not None and target.earliest > target.within:
        yield TermsError((*path, "earliest"), said("must not be later than within"))
    if target.least is None and target.most is None:
        return
    if target.least is None or target.most is None:
        yield TermsError(
            (*path, "most" if target.most is None else "least"),
            said("is missing: least and most go together"),
        )
    elif not target.least <= target.within <= target.most:
        yield TermsError((*path, "within"), said("must lie between least and most"))


def _listed(path: Path, value: str | None, known: tuple[str, ...]) -> Iterator[TermsError]:
    if value is not None and value not in known:
        listed = ", ".join(known) or "-"
        yield TermsError(path, said("{value} is not among the values of these terms: {known}"), value=value, known=listed)


def _requests(requests: Requests, values: Values) -> Iterator[TermsError]:
    if requests.official_channels is not None and requests.clause is None:
        yield TermsError(("requests", "clause"), said("is missing: what makes other channels unofficial"))
    if requests.by_call is None:
        return
    yield from _listed(("requests", "by_call", "priority"), requests.by_call.priority, values.priorities)
    if requests.official_channels is None:
        yield TermsError(("requests", "by_call"), said("means nothing without official_channels"))
    elif requests.by_call.channel in requests.official_channels:
        yield TermsError(("requests", "by_call", "channel"), said("is official already"))


def _closing(provisions: Provisions) -> Iterator[TermsError]:
    unresponsive = provisions.closing.unresponsive
    if unresponsive is not None and unresponsive.notice_days > 0 and unresponsive.notice_clause is None:
        yield TermsError(
            ("closing", "unresponsive", "notice_clause"),
            said("is missing: what makes a closing wait for notice_days"),
        )


def _consumption(provisions: Provisions) -> Iterator[TermsError]:
    consumption = provisions.consumption
    if consumption is None:
        return
    if bool(consumption.tiers) == (consumption.quota is not None):
        yield TermsError(("consumption",), said("needs either tiers or one quota for every policy"))
    for tier, quota in consumption.tiers.items():
        yield from _quota(("consumption", "tiers", tier), quota, provisions.values)
    if consumption.quota is not None:
        yield from _quota(("consumption", "quota"), consumption.quota, provisions.values)


def _quota(path: Path, quota: Quota, values: Values) -> Iterator[TermsError]:
    for priority in quota.by_priority:
        yield from _listed((*path, "by_priority", priority), priority, values.priorities)
    for number, benefit in enumerate(quota.benefits):
        yield from _listed((*path, "benefits", number), benefit, values.benefits)


def _billing(provisions: Provisions) -> Iterator[TermsError]:
    billing = provisions.billing
    if billing.after_hours_clause is not None and provisions.after_hours is None:
        yield TermsError(("billing", "after_hours_clause"), said("means nothing without a table after_hours"))
    if billing.per_event and provisions.consumption is None:
        yield TermsError(("billing", "per_event"), said("means nothing without a table consumption"))
