"""Which sequences of entries are legal in order (rules 5, "order")."""

from .clauses import HEARD
from .history import Entry


def legal_ticket(entries: list[Entry]) -> bool:
    """Whether a ticket's entries are legal in this order."""
    opened = waiting = resolved = closed = unavailable = False
    asked, level = 0, 1
    for e in entries:
        wrong = {
            "TicketOpened": opened,
            "InformationReceived": not waiting,
            "ResolutionValidated": not resolved,
            "ResolutionRejected": not resolved,
            "Resolved": resolved,
            "ExtensionAuthorized": asked == 0,
            "ExtensionDeclined": asked == 0,
            "ConsultantAvailable": not unavailable,
            "Escalated": e.get("level") == level,
            "Closed": closed,
        }
        opened = opened or e.type == "TicketOpened"
        if not opened or wrong.get(e.type, False):
            return False
        waiting = (waiting or e.type == "InformationRequested") and e.type not in HEARD
        resolved = (resolved or e.type == "Resolved") and e.type != "ResolutionRejected"
        asked += {"ExtensionRequested": 1, "ExtensionAuthorized": -1, "ExtensionDeclined": -1}.get(e.type, 0)
        unavailable = (unavailable or e.type == "ConsultantUnavailable") and e.type != "ConsultantAvailable"
        level = e["level"] if e.type == "Escalated" else level
        closed = closed or e.type == "Closed"
    return True


def legal_contingency(entries: list[Entry]) -> bool:
    """Whether the entries of one contingency are legal in this order."""
    declared = ended = False
    for e in entries:
        if e.type == "ContingencyDeclared":
            if declared:
                return False
            declared = True
        elif not declared or ended or e.get("ticket") != entries[0].get("ticket"):
            return False
        ended = e.type == "ContingencyEnded"
    return True
