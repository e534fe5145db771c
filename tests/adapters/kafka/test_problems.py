"""What is wrong with Kafka is said in words of ours, with the library's own in brackets."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from adapters.kafka.brokers import Brokers
from adapters.kafka.problems import Explained, problem_of, topics_at
from adapters.language import speak, worded

SAID = [
    (KafkaError._ALL_BROKERS_DOWN, "no broker answers", "ningún broker responde"),
    (KafkaError._TIMED_OUT, "it did not answer in time", "no respondió a tiempo"),
    (KafkaError._AUTHENTICATION, "it does not accept the user name or the password", "no acepta el usuario o la contraseña"),
    (KafkaError.UNKNOWN_TOPIC_OR_PART, "a topic or a partition is missing", "falta un tema o una partición"),
    (KafkaError._FENCED, "another one by the same name has taken over", "otro con el mismo nombre ha tomado el relevo"),
    (KafkaError.TOPIC_AUTHORIZATION_FAILED, "an access control list forbids it", "una lista de control de acceso lo prohíbe"),
    (KafkaError._INCONSISTENT, "messages could not be delivered", "no se pudieron entregar mensajes"),
]


@pytest.mark.parametrize(("code", "english", "spanish"), SAID)
def test_a_common_problem_is_said_in_either_language(code: int, english: str, spanish: str) -> None:
    problem = problem_of(KafkaException(KafkaError(code, "the library's words")))
    assert english in str(problem) and str(problem).endswith("(the library's words)")
    try:
        speak("es")
        assert spanish in worded(problem) and worded(problem).endswith("(the library's words)")
    finally:
        speak("en")


def test_another_is_said_in_the_words_of_the_library() -> None:
    assert str(problem_of(KafkaException(KafkaError(KafkaError.INVALID_CONFIG, "{so} it is")))) == "{so} it is"


def test_what_differs_each_time_is_left_out() -> None:
    text = "Connect to ipv4#127.0.0.1:1 failed: Connection refused (after {}ms in state CONNECT{})"
    several = ", 4 identical error(s) suppressed"
    errors = [KafkaError(KafkaError._TRANSPORT, text.format(*it)) for it in ((0, ""), (12, several))]
    assert len({str(problem_of(KafkaException(it))) for it in errors}) == 1


def test_why_nobody_answers_is_asked_again() -> None:
    late = KafkaException(KafkaError(KafkaError._TIMED_OUT, "Local: Timed out"))
    assert "Connection refused" in str(problem_of(late, Brokers("127.0.0.1:1")))
    with pytest.raises(Explained, match="Connection refused"):
        topics_at(Brokers("127.0.0.1:1"), 0.2)


def test_brokers_that_answer_meanwhile_change_nothing(brokers: str) -> None:
    late = KafkaException(KafkaError(KafkaError._TIMED_OUT, "Local: Timed out"))
    assert str(problem_of(late, Brokers(brokers))) == "it did not answer in time (Local: Timed out)"
