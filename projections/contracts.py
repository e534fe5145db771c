"""Clients, policies, terms and the desk as they stood at a moment, with what was known then: what applies to any ticket.

Built once for a question (`at`, `known`, readings) from the entries of the client, policy, terms and desk streams; ticket
streams are read one by one against it.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import datetime

from domain import client as clients
from domain import policy as policies
from domain.agreement import Agreement, Agreements, rules_of
from domain.client import Client
from domain.events import ClientRegistered, Entry, TermsPublished
from domain.policy import Policy
from domain.terms import Rules, Terms, UnknownReading, terms_from
from domain.time_base import epoch_seconds
from projections.history import Facts, counted
from projections.spans import Span, contingencies


class Question:
    """What is asked: judged at `at` (aware; the uncut time decides what counts, the whole second what is measured), with
    what was recorded by position `known` (None: all), under `readings` (defaults elsewhere)."""

    def __init__(self, at: datetime, known: int | None = None, readings: Mapping[str, str] | None = None) -> None:
        self.at = at
        self.at_seconds = epoch_seconds(at)
        self.known = known
        self.readings = dict(readings or {})

    def counted(self, recorded: Sequence[Entry]) -> list[Entry]:
        """The entries of one stream that count for this question, in order."""
        return counted(recorded, self.at, self.known)


class Contracts:
    """What applied to tickets, for one question. `streams` are pairs of a stream's name and its entries by version."""

    def __init__(self, question: Question, streams: Iterable[tuple[str, Sequence[Entry]]]) -> None:
        self.question = question
        self.clients: dict[str, Client] = {}
        self.policies: dict[str, list[Policy]] = {}
        self.everyone: list[Span] = []
        self._terms: dict[str, list[tuple[int, Terms]]] = {}
        self._agreements: dict[str, Agreements] = {}
        self._take(streams)
        self._refuse_unknown_readings()

    def joined_by(self, streams: Iterable[tuple[str, Sequence[Entry]]]) -> "Contracts":
        """The same with more streams: what applies to everyone need not be read again for every client."""
        one = copy(self)
        one.clients, one.policies, one._agreements = dict(self.clients), dict(self.policies), {}
        one._take(streams)
        return one

    def asked(self, question: Question) -> "Contracts":
        """The same asked about another moment, under the same readings, between which no entry of theirs begins to count: what
        applies then need not be worked out again."""
        one = copy(self)
        one.question = question
        return one

    def _take(self, streams: Iterable[tuple[str, Sequence[Entry]]]) -> None:
        question = self.question
        for name, recorded in streams:
            kind, _, ident = name.partition(":")
            match kind:
                case "terms":
                    self._publish(ident, recorded)
                case "client":
                    self._register(ident, question.counted(recorded))
                case "policy":
                    self._contract(question.counted(recorded))
                case "desk":
                    self.everyone = contingencies(question.counted(recorded))
                case _:
                    pass
        for held in self.policies.values():
            held.sort(key=lambda it: it.order)

    def bound(self, terms: str, position: int) -> Terms | None:
        """The newest version of these terms recorded before a position, or None; their `at` does not matter (1.2)."""
        return next((it for at, it in reversed(self._terms.get(terms, [])) if at < position), None)

    def rules(self, policy: Policy) -> Rules:
        """The rules of a policy under the readings asked for."""
        return rules_of(policy, self, self.question.readings)

    def agreement(self, facts: Facts) -> Agreement:
        """What applies to a ticket."""
        return self.agreement_at(facts.opening.client, facts.opened, facts.entry.position)

    def agreement_at(self, client: str, opened_seconds: int, position: int) -> Agreement:
        """What applies to a client's ticket opened at that instant (whole UTC seconds) and recorded at that position."""
        known = self._agreements.get(client)
        if known is None:
            held = self.policies.get(client, ())
            known = Agreements(self.clients.get(client) or Client(), held, self, self.question.readings)
            self._agreements[client] = known
        return known.at(opened_seconds, position)

    def local(self, client: str) -> bool:
        """Whether a client is within reach of an on-site visit."""
        return self.clients.get(client, Client()).local

    def all_policies(self) -> list[Policy]:
        """Every policy that counts, in the order contracted."""
        return sorted((it for held in self.policies.values() for it in held), key=lambda it: it.order)

    def registered(self, client: str) -> tuple[datetime, int] | None:
        """Where a client's registration stands in the order of (`at`, position); None while it does not count."""
        return self.clients.get(client, Client()).registered_order

    def clients_in_order(self) -> list[str]:
        """The ids of the clients registered, in the order registered."""
        known = [(it.registered_order, ident) for ident, it in self.clients.items() if it.registered_order is not None]
        return [ident for _, ident in sorted(known)]

    def _publish(self, ident: str, recorded: Sequence[Entry]) -> None:
        known = self.question.known
        for entry in recorded:
            if isinstance(entry.event, TermsPublished) and (known is None or entry.position <= known):
                self._terms.setdefault(ident, []).append((entry.position, terms_from(entry.event.document)))

    def _register(self, ident: str, entries: Sequence[Entry]) -> None:
        """Who the client is. Whom it lets ask for help is for admission: no account needs it, and it is most of a client."""
        client = Client()
        for entry in entries:
            if isinstance(entry.event, ClientRegistered):
                client = clients.evolve(client, entry)
        self.clients[ident] = client

    def _contract(self, entries: Sequence[Entry]) -> None:
        policy = policies.fold(entries)
        if policy is not None:
            self.policies.setdefault(policy.contracted.client, []).append(policy)

    def _refuse_unknown_readings(self) -> None:
        """A reading that no terms have, or an option that a reading lacks, is the asker's error."""
        published = [it for versions in self._terms.values() for _, it in versions]
        for key, name in self.question.readings.items():
            options = [it.about.readings[key].options for it in published if key in it.about.readings]
            if not any(name in it for it in options):
                raise UnknownReading(key, name, tuple(options[-1]) if options else ())
