"""What went wrong with a webhook, in words, for people; programs get the short names that are kept."""

from adapters.language import _
from domain.refusal import said

_PROBLEMS = {
    "timeout": said("no answer in time"),
    "connection": said("no connection"),
    "tls": said("its certificate does not hold"),
    "name": said("its name leads nowhere"),
    "address": said("its name leads to a machine that nothing may be posted to"),
    "entry": said("the entry cannot be read"),
}
_STATUS = "http-"


def problem_words(problem: str | None) -> str:
    """The problem of an outcome, in the language spoken; `-` for none."""
    if problem is None:
        return "-"
    if problem.startswith(_STATUS):
        return _("answered {status}").format(status=problem.removeprefix(_STATUS))
    return _(_PROBLEMS[problem])
