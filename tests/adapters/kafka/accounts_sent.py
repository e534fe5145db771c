"""What the topics of accounts hold, by each key, against the reports: of the moment and position that each is of, and now."""

from datetime import datetime
from typing import Any

from adapters.contract.topics import BILLING, CONSUMPTION, SLA
from adapters.kafka.topics import Topics
from adapters.ledger import Ledger
from adapters.reports.reports import Reports, Selection
from projections.contracts import Question
from tests.adapters.kafka.subscriber import Received, latest, received


def kept(topics: Topics, topic: str) -> dict[str, Received]:
    """What was said last by each key."""
    return latest(received(topics.brokers.addresses, topics.named(topic)))


def assert_as_of_their_own(ledger: Ledger, topics: Topics) -> None:
    """Every account is that of the moment and the position of its message; and what was recorded since does not change it."""
    for topic in (SLA, BILLING, CONSUMPTION):
        for it in kept(topics, topic).values():
            assert _sealed(it.json()) == _sealed(_reported(ledger, it, it.position)), it
            assert _sealed(it.json()) == _sealed(_reported(ledger, it, None)), it


def assert_current(ledger: Ledger, topics: Topics, now: datetime) -> None:
    """Verdicts, bills and quotas are those of a replay now, for every ticket and policy there is."""
    reports = Reports(ledger, Question(now))
    verdicts = {it["ticket"]: _verdicts(it) for it in reports.sla()}
    assert {it.json()["ticket"]: _verdicts(it.json()) for it in kept(topics, SLA).values()} == verdicts
    bills: dict[str, list[Any]] = {it: [] for it in verdicts}
    for row in reports.billing():
        bills[row["ticket"]].append(row)
    assert {it.json()["ticket"]: it.json()["billing"] for it in kept(topics, BILLING).values()} == bills
    dealt = [_sealed(it) for it in reports.consumption()]
    assert sorted((_sealed(it.json()) for it in kept(topics, CONSUMPTION).values()), key=str) == sorted(dealt, key=str)


def _verdicts(row: Any) -> tuple[str, ...]:
    return row["status"], row["response"]["verdict"], row["resolution"]["verdict"]


def _sealed(row: Any) -> Any:
    """What those with keys are told of benefits, subscribers are not."""
    return {name: value for name, value in row.items() if name != "benefits"}


def _reported(ledger: Ledger, it: Received, known: int | None) -> Any:
    question = Question(datetime.fromisoformat(it.headers["ce_time"]), known)
    kind, _, ident = it.key.partition(":")
    if kind == "ticket":
        reports = Reports(ledger, question, Selection(ticket=ident))
        if it.headers["ce_type"] == "SlaAccount":
            return next(iter(reports.sla()))
        return {"ticket": ident, "billing": list(reports.billing())}
    named = {(row["policy"], None) if row["policy"] else (None, row["client"]): row
             for row in Reports(ledger, question).consumption()}  # fmt: skip
    return named[(ident, None) if kind == "policy" else (None, ident)]
