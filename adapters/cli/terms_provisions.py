"""What terms provide under chosen readings, as tables: hours, targets, quotas, charges.

It shows the resolved provisions of `domain.rules`, the same values the clocks and the accounts work from.
"""

from collections.abc import Iterator

from adapters.cli.tables import Column, heading, show, show_table
from adapters.language import _, ngettext
from adapters.wording.values import plain, short, word
from domain.rules import Billing, ClockRule, Consumption, Provisions, Quota, Target
from domain.terms import Rules


def show_provisions(rules: Rules) -> None:
    """Prints what the terms provide, part by part."""
    provisions = rules.provisions
    heading(_("What they provide"))
    used = ", ".join(f"{key}={name}" for key, name in rules.readings.items())
    if used:
        show(_("Readings: {readings}").format(readings=used))
    _show_calendar(provisions)
    _show_targets(_("Response"), provisions.response, provisions)
    _show_targets(_("Resolution"), provisions.resolution, provisions)
    if provisions.consumption is not None:
        _show_quotas(provisions.consumption)
    heading(_("Charges and rules"))
    for text in [*_charges(provisions.billing), *_rules(provisions)]:
        show(text, indent=2)


def _show_calendar(provisions: Provisions) -> None:
    calendar = provisions.calendar
    heading(_("Support hours ({clause}), {zone}").format(clause=plain(calendar.clause), zone=plain(calendar.zone)))
    days = {"mon": _("Monday"), "tue": _("Tuesday"), "wed": _("Wednesday"), "thu": _("Thursday"), "fri": _("Friday"),
            "sat": _("Saturday"), "sun": _("Sunday")}  # fmt: skip
    columns = [Column(_("Day")), Column(_("Hours"))]
    rows = [[name, ", ".join(calendar.weekly.get(day, ())) or "-"] for day, name in days.items()]
    show_table(columns, rows, indent=2)
    count = len(calendar.holidays)
    if count:
        first, last = min(calendar.holidays), max(calendar.holidays)
        told = ngettext("{count} holiday, {first}.", "{count} holidays, {first} to {last}.", count)
        show(told.format(count=count, first=first, last=last), indent=2)
    else:
        show(_("No holidays."), indent=2)
    for label, spans in ((_("Closed"), calendar.closures), (_("Open"), calendar.openings)):
        for begins, ends in spans:
            show(f"{label}: {begins} - {ends}", indent=2)


def _show_targets(title: str, clock: ClockRule, provisions: Provisions) -> None:
    heading(f"{title} ({plain(clock.clause)})")
    columns = [
        Column(_("For"), folds=True),
        Column(_("Within"), right=True),
        Column(_("In")),
        Column(_("Stopped while"), folds=True),
        Column(_("Clause")),
    ]
    show_table(columns, (_target_cells(it, provisions) for it in clock.targets), indent=2)
    stops = ", ".join(map(word, clock.stops))
    show(_("Stops at the first of: {events}.").format(events=stops), indent=2)


def _target_cells(target: Target, provisions: Provisions) -> list[str]:
    suspensions = [it for it in target.suspended_by if it not in provisions.suspensions or provisions.suspensions[it].stops]
    within = short(target.within)
    if target.earliest is not None:
        within = f"{short(target.earliest)} - {within}"
    if target.least is not None and target.most is not None:
        within += " " + _("(budget {least} - {most})").format(least=short(target.least), most=short(target.most))
    stopped = ", ".join(word(it) for it in suspensions) or "-"
    return [_matching(target), within, word(target.base), stopped, plain(target.clause)]


def _matching(target: Target) -> str:
    """Which tickets a target is for."""
    parts = [word(target.kind) if target.kind else "", target.priority or "", target.incident_type or ""]
    if target.policy is not None:
        parts.append(_("with a policy in force") if target.policy else _("without a policy in force"))
    return ", ".join(plain(it) for it in parts if it) or _("every ticket")


def _show_quotas(consumption: Consumption) -> None:
    heading(_("Quotas"))
    columns = [
        Column(_("Tier")),
        Column(_("Tickets"), right=True),
        Column(_("By priority"), folds=True),
        Column(_("Visits a month"), right=True),
        Column(_("Discount"), right=True),
        Column(_("Benefits"), folds=True),
        Column(_("Clause")),
    ]
    quotas = dict(consumption.tiers)
    if consumption.quota is not None:
        quotas[_("every policy")] = consumption.quota
    show_table(columns, (_quota_cells(tier, it) for tier, it in quotas.items()), indent=2)
    shared = _("The priorities included share the total.") if consumption.transfer else _("Each priority has its own quota.")
    show(shared, indent=2)


def _quota_cells(tier: str, quota: Quota) -> list[str]:
    by_priority = ", ".join(f"{name} {count}" for name, count in quota.by_priority.items())
    return [plain(tier), str(quota.tickets), plain(by_priority), str(quota.onsite_a_month), f"{quota.discount_percent} %",
            plain(", ".join(quota.benefits)) or "-", plain(quota.clause)]  # fmt: skip


def _charges(billing: Billing) -> Iterator[str]:
    if billing.follow_ups is not None:
        events = ", ".join(map(word, billing.follow_ups.events))
        template = _("Each of {events} is charged {minutes} minutes ({clause}).")
        yield template.format(events=events, minutes=billing.follow_ups.minutes, clause=billing.follow_ups.clause)
        if billing.follow_ups.one_daily_email:
            yield _("Of the daily e-mails of a day only the first is charged.")
    if billing.sessions is not None:
        whole = billing.sessions.minutes == "full"
        template = (
            _("Sessions are charged whole, for each consultant ({clause}).")
            if whole
            else _("Sessions are charged for each consultant's own minutes ({clause}).")
        )
        yield template.format(clause=billing.sessions.clause)
    if billing.after_hours_clause is not None:
        yield _("Minutes out of hours that were asked for have the agreed factor ({clause}).").format(
            clause=billing.after_hours_clause
        )
    if billing.per_event:
        yield _("Tickets that no quota covers are paid per event.")


def _rules(provisions: Provisions) -> Iterator[str]:
    requests = provisions.requests
    if requests.official_channels is not None:
        channels = ", ".join(word(it) for it in requests.official_channels)
        yield _("A request is official by: {channels} ({clause}).").format(channels=channels, clause=requests.clause)
    if requests.authorized_clause is not None:
        yield _("Only people the client authorized may ask ({clause}).").format(clause=requests.authorized_clause)
    if provisions.extensions is not None:
        yield _("The client may authorize more time ({clause}).").format(clause=provisions.extensions.clause)
    if provisions.after_hours is not None:
        yield _("After-hours attention may be asked for beforehand ({clause}).").format(clause=provisions.after_hours.clause)
    if provisions.escalation is not None:
        template = _("From level {level} on an escalation needs a reference ({clause}).")
        yield template.format(level=provisions.escalation.reference_from_level, clause=provisions.escalation.clause)
    unresponsive = provisions.closing.unresponsive
    if unresponsive is not None:
        template = _(
            "Closing as unresponsive needs {attempts} unanswered attempts and a notice of {days} open days ({clause})."
        )
        yield template.format(attempts=unresponsive.attempts, days=unresponsive.notice_days, clause=unresponsive.clause)
    if provisions.unattended is not None:
        template = _("A ticket that nobody attends for an ordinary support day is listed as unattended ({clause}).")
        yield template.format(clause=provisions.unattended.clause)
