"""The months in which visits are counted: of the calendar, or of a policy from its first day on (rules 3.4). Days only."""

from calendar import monthrange
from datetime import date, timedelta


def calendar_month(day: date) -> tuple[date, date]:
    """The first and last day of the calendar month of a day."""
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def policy_month(starts: date, day: date) -> tuple[date, date]:
    """The first and last day of the month of a policy in which a day lies: months count from `starts`, and a start on a day
    that a month does not have falls on that month's last (cs.4.4=policy-month)."""
    months = (day.year - starts.year) * 12 + day.month - starts.month
    if _months_after(starts, months) > day:
        months -= 1
    return _months_after(starts, months), _months_after(starts, months + 1) - timedelta(days=1)


def _months_after(starts: date, months: int) -> date:
    year, month = divmod(starts.year * 12 + starts.month - 1 + months, 12)
    return date(year, month + 1, min(starts.day, monthrange(year, month + 1)[1]))
