"""What is wrong with Kafka, in words of ours, and the library's own text after them in brackets. It mends nothing.

The library often says no more than that nobody answered; why not is then asked of the brokers once more.
"""

import re
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from adapters.kafka.brokers import Brokers, client_settings
from domain.refusal import Sayable, said

_ASKED_SECONDS, _LOOK_SECONDS = 3.0, 1.0
NOT_LET_IN = (KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED)
"""The user name or the password is not right: no waiting mends that."""
NOT_TRUSTED = (KafkaError._SSL,)
"""No encrypted connection comes about: nothing mends that either, but brokers that stop may cause it, too."""
_NOBODY = (KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._RESOLVE)
_LATE = (KafkaError._TIMED_OUT, KafkaError._TIMED_OUT_QUEUE, KafkaError._MSG_TIMED_OUT, KafkaError.REQUEST_TIMED_OUT)
_UNDELIVERED = (KafkaError._INCONSISTENT,)
_MAY_NOT = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED,
            KafkaError.CLUSTER_AUTHORIZATION_FAILED, KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)  # fmt: skip
_NO_TOPIC = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION)
_OUTDONE = (KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH)
_NOT_READY = (KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.NOT_COORDINATOR,
              KafkaError.LEADER_NOT_AVAILABLE, KafkaError.NOT_LEADER_FOR_PARTITION)  # fmt: skip
_WORDS: Mapping[Sequence[int], str] = {
    NOT_LET_IN: said("it does not accept the user name or the password ({text})"),
    (KafkaError.UNSUPPORTED_SASL_MECHANISM,): said("it does not know that sasl.mechanism ({text})"),
    NOT_TRUSTED: said("no encrypted connection comes about: do ssl.ca.location, the certificate and the port belong to it?"
                      " ({text})"),
    _NOBODY: said("no broker answers ({text})"),
    _LATE: said("it did not answer in time ({text})"),
    _MAY_NOT: said("the user may not do that: an access control list forbids it ({text})"),
    _NO_TOPIC: said("a topic or a partition is missing ({text})"),
    _OUTDONE: said("another one by the same name has taken over ({text})"),
    _NOT_READY: said("it is not ready yet ({text})"),
    _UNDELIVERED: said("messages could not be delivered ({text})"),
    (KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT, KafkaError._FATAL): said("nothing more can be sent ({text})"),
}  # fmt: skip
_TELLING = (*NOT_LET_IN, KafkaError.UNSUPPORTED_SASL_MECHANISM, *NOT_TRUSTED)
"""What says more than that nobody answers, the most telling first."""


_PASSING = re.compile(r" \(after \d+ms in state .*\)$")
"""What differs each time that the same is said."""


class Problem(Sayable):
    """What is wrong with Kafka. `code` is one of KafkaError's."""

    def __init__(self, error: KafkaError) -> None:
        template = next((words for codes, words in _WORDS.items() if error.code() in codes), said("{text}"))
        super().__init__(template, text=" ".join(_PASSING.sub("", str(error.str())).split()))
        self.code = error.code()


class Explained(KafkaException):
    """It says why, as far as the brokers do."""


def problem_of(error: KafkaException, brokers: Brokers | None = None) -> Sayable:
    """What is wrong; if the error says only that nobody answered, as `brokers` say it when they are asked again, which takes a
    few seconds."""
    found = error.args[0]
    if not isinstance(found, KafkaError):
        return Sayable("{text}", text=str(found))
    says_little = found.code() in (*_NOBODY, *_LATE, *_UNDELIVERED) and not isinstance(error, Explained)
    if brokers is not None and says_little:
        try:
            topics_at(brokers, _ASKED_SECONDS)
        except Explained as why:
            found = why.args[0]
    return Problem(found)


def topics_at(brokers: Brokers, seconds: float) -> dict[str, int]:
    """The topics that there are, and how many partitions each has. Explained if brokers do not answer for so long, or at
    once if they say that they never will: with the reason, as far as they say one."""
    heard: list[KafkaError] = []
    settings: dict[str, Any] = {**client_settings(brokers), "error_cb": heard.append}
    admin, until, patience = AdminClient(settings), monotonic() + seconds, _LOOK_SECONDS
    while True:
        try:
            found = admin.list_topics(timeout=max(0.01, min(patience, until - monotonic())))
            return {name: len(it.partitions) for name, it in found.topics.items()}
        except KafkaException as error:
            admin.poll(0)
            if telling := [it for code in _TELLING for it in heard if it.code() == code]:
                raise Explained(telling[0]) from None
            if monotonic() > until:
                # That all brokers are down says less than why the first of them was.
                why = next((it for it in heard if it.code() != KafkaError._ALL_BROKERS_DOWN), error.args[0])
                raise Explained(why) from None
        patience *= 2
