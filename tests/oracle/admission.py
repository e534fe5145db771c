"""What the book takes and what it refuses (rules 5), by walking the whole ledger for every newcomer.

Left out: what only raw text can show (a JSON key twice, UTF-8, the length of a line), and publishing terms.
"""

import uuid
from datetime import datetime

from .clauses import check_ticket, check_values
from .history import Entry, History, Policy, Ticket, not_void, void_target
from .order import legal_contingency, legal_ticket
from .shapes import Refused, check_shape, check_sums, check_times, refuse_if
from .terms import CS, GS, PRIORITIES, TIERS
from .times import instant

OPENERS = ("TicketOpened", "ClientRegistered", "PolicyContracted", "TermsPublished")
CONTINGENCY = ("ContingencyDeclared", "ContingencyNotified", "ContingencyEnded")
TIMES = ("at", "sent_at", "started", "ended", "from", "to", "joined", "left")


def same_content(one: object, other: object, name: str | None = None) -> bool:
    """Two parsed JSON values, times compared as instants."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_content(one[k], other[k], k) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_content, one, other))
    if name in TIMES and isinstance(one, str) and isinstance(other, str):
        try:
            return instant(one) == instant(other)
        except ValueError:
            return one == other
    return isinstance(one, bool) == isinstance(other, bool) and one == other


class Book:
    """A ledger in memory. `entries` holds what was written, as exported."""

    def __init__(self) -> None:
        self.entries: list[dict] = []
        self.keys: dict[str, tuple[dict, tuple]] = {}
        began = instant("1970-01-01T00:00:00Z")
        for terms in (GS, CS):
            published = {"type": "TermsPublished", "at": "1970-01-01T00:00:00Z", "terms": terms}
            self._write(published | {"document": {"id": terms}}, f"terms:{terms}", began)

    def offer(self, entry: object, now: datetime) -> tuple:
        """("taken", written), ("refused", code, field, clause) or ("same", position)."""
        try:
            key = entry.get("key") if isinstance(entry, dict) else None
            if isinstance(key, str) and key in self.keys:
                content, answer = self.keys[key]
                refuse_if(not same_content(content, entry), "key", "key")
                return answer
            check_shape(entry)
            check_sums(entry)
            check_times(entry, now)
            return self._judge(entry, now)
        except Refused as refusal:
            return ("refused", *refusal.answer)

    def _judge(self, entry: dict, now: datetime) -> tuple:
        newcomer = Entry(entry | {"position": len(self.entries) + 1})
        self.recorded = [Entry(raw) for raw in self.entries]
        self.standing = not_void(self.recorded)
        self._check_references(newcomer)
        self._check_order(newcomer)
        self._check_clauses(newcomer)
        if entry["type"] == "TicketOpened" and self._is_turned_away(newcomer):
            return self._turn_away(entry, now)
        written = []
        if "continues" in entry:
            old = entry["continues"]
            reopened = {"type": "ReopenedAsNew", "at": entry["at"], "ticket": old}
            written.append(self._write(reopened | {"new_ticket": entry["ticket"]}, f"ticket:{old}", now))
        written.append(self._write(entry, self._stream(newcomer), now))
        if "key" in entry:
            self.keys[entry["key"]] = (entry, ("same", written[-1]["position"]))
        return ("taken", written)

    def _turn_away(self, entry: dict, now: datetime) -> tuple:
        answer = ("refused", "clauses", None, "gs.1.1")
        refusal = {
            "type": "RequestRefused",
            "at": entry["at"],
            "client": entry["client"],
            "requester": entry["requester"],
            "clause": "gs.1.1",
            "reason": "not authorised",
            "request": entry,
        }
        self._write(refusal, f"client:{entry['client']}", now)
        if "key" in entry:
            self.keys[entry["key"]] = (entry, answer)
        return answer

    def _write(self, entry: dict, stream: str, now: datetime) -> dict:
        position = len(self.entries) + 1
        written = entry | {
            "position": position,
            "stream": stream,
            "version": 1 + sum(e["stream"] == stream for e in self.entries),
            "recorded_at": now.isoformat(),
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"entry-{position}")),
        }
        self.entries.append(written)
        return written

    def _stream(self, entry: Entry) -> str:
        if entry.type == "EntryVoided":
            target = void_target(entry["entry"], self.recorded)
            return target["stream"]
        for kind in ("ticket", "policy", "client"):
            if kind in entry.raw:
                return f"{kind}:{entry[kind]}"
        return "desk"

    # reference

    def _named(self, kind: str, name: str) -> Entry | None:
        opener = {"ticket": "TicketOpened", "policy": "PolicyContracted", "client": "ClientRegistered"}[kind]
        return next((e for e in self.recorded if e.type == opener and e[kind] == name), None)

    def _check_references(self, e: Entry) -> None:
        begins = {"TicketOpened": "ticket", "PolicyContracted": "policy", "ClientRegistered": "client"}
        for kind in ("client", "policy", "ticket"):
            if kind in e.raw:
                exists = self._named(kind, e[kind]) is not None
                refuse_if(exists == (begins.get(e.type) == kind), "reference", kind)
        refuse_if(e.get("terms", GS) not in (GS, CS), "reference", "terms")
        if e.type == "RequesterRevoked":
            refuse_if(not self._authorised(e["client"], e["person"], e), "reference", "person")
        elif e.type == "PolicyContracted":
            self._check_contract(e)
        elif e.type == "PolicyCancelled":
            policy = self._policy(e["policy"])
            outside = e["effective"] < policy.contract["starts"]
            outside = outside or ("ends" in policy.contract.raw and e["effective"] > policy.contract["ends"])
            refuse_if(outside, "reference", "effective")
            refuse_if(policy.effective is not None, "reference", "policy")
        elif e.type == "ContingencyDeclared":
            declared = [d for d in self.standing if d.type == e.type]
            refuse_if(any(d["contingency"] == e["contingency"] for d in declared), "reference", "contingency")
        elif e.type == "TicketOpened" and "continues" in e.raw:
            self._check_continued(e)
        elif e.type == "EntryVoided":
            target = void_target(e["entry"], self.recorded)
            refuse_if(target is None or target.type in ("EntryVoided", *OPENERS), "reference", "entry")
            refuse_if(self._would_overlap(target), "reference", "entry")

    def _everything(self, without: Entry | None = None) -> History:
        """All that is recorded and not void, whatever its `at` (an entry may be left out)."""
        left = [e.raw for e in self.standing if without is None or e.position != without.position]
        left = [raw for raw in left if raw["type"] != "EntryVoided"]
        return History(left, instant("9999-01-01T00:00:00Z"), None, None)

    def _policy(self, name: str) -> Policy:
        return next(p for p in self._everything().policies if p.id == name)

    def _check_contract(self, e: Entry) -> None:
        if e["terms"] == CS:
            refuse_if(e.get("tier") not in TIERS, "reference", "tier")
        else:
            refuse_if("tier" in e.raw, "reference", "tier")
        new = Policy(e, self._everything())
        for old in self._everything().policies:
            refuse_if(old.client == new.client and overlap(old, new), "reference", "starts")

    def _would_overlap(self, target: Entry) -> bool:
        if target.type != "PolicyCancelled":
            return False
        policies = self._everything(without=target).policies
        freed = next(p for p in policies if p.id == target["policy"])
        return any(p is not freed and p.client == freed.client and overlap(p, freed) for p in policies)

    def _check_continued(self, e: Entry) -> None:
        old = self._named("ticket", e["continues"])
        refuse_if(old is None or old["client"] != e["client"], "reference", "continues")
        its = [o for o in self.standing if o.get("ticket") == e["continues"]]
        closed = any(o.type == "Closed" and o.order < e.order for o in its)
        continued = any(o.type == "ReopenedAsNew" for o in its)
        refuse_if(not closed or continued, "reference", "continues")

    def _authorised(self, client: str, person: str, by: Entry) -> bool:
        said = [
            o
            for o in sorted(self.standing, key=lambda o: o.order)
            if o.type in ("RequesterAuthorized", "RequesterRevoked")
            and (o["client"], o["person"]) == (client, person)
            and o.order < by.order
        ]
        return bool(said) and said[-1].type == "RequesterAuthorized"

    # order

    def _check_order(self, e: Entry) -> None:
        left, ticket, contingency = [*self.standing, e], e.get("ticket"), e.get("contingency")
        if e.type == "EntryVoided":
            target = void_target(e["entry"], self.recorded)
            left = [o for o in left if o.position != target.position]
            ticket, contingency = target.get("ticket"), target.get("contingency")
            opening = self._named("ticket", ticket) if ticket else None
            refuse_if(opening is not None and e.order < opening.order, "order", "type")
        left.sort(key=lambda o: o.order)
        if ticket is not None:
            legal = legal_ticket([o for o in left if o.get("ticket") == ticket])
            refuse_if(not legal, "order", "type")
        if contingency is not None:
            legal = legal_contingency([o for o in left if o.get("contingency") == contingency])
            refuse_if(not legal, "order", "type")

    # clauses

    def _check_clauses(self, e: Entry) -> None:
        history = History(self.entries, e.at, None, None)
        if e.type == "BenefitDelivered":
            contract = self._named("policy", e["policy"])
            refuse_if(contract["terms"] == GS, "clauses", "benefit")
            if contract["tier"] == "basic":
                raise Refused("clauses", None, "cs.4.5")
        elif e.type == "PolicyContracted":
            for priority in e.get("prices", {}).get("per_event", {}):
                refuse_if(priority not in PRIORITIES[e["terms"]], "clauses", "prices")
        elif e.type == "TicketOpened":
            check_values(e, Ticket(e, history))
        elif "ticket" in e.raw:
            ticket = next((t for t in history.tickets if t.id == e["ticket"]), None)
            check_ticket(e, ticket)

    def _is_turned_away(self, e: Entry) -> bool:
        ticket = Ticket(e, History(self.entries, e.at, None, None))
        return ticket.terms == GS and not self._authorised(e["client"], e["requester"], e)


def overlap(one: Policy, other: Policy) -> bool:
    """Whether two policies have a day in force in common."""
    end_of = [p.last_day.isoformat() if p.last_day else "9999-12-31" for p in (one, other)]
    first = max(one.starts, other.starts).isoformat()
    return first <= min(end_of) and one.starts.isoformat() <= end_of[0] and other.starts.isoformat() <= end_of[1]
