"""What a worker logs while Kafka is away for an hour is read by somebody: the same thing no more than once a minute."""

import logging

from adapters.live.seldom import Seldom


def heard(*said: tuple[float, str, str]) -> list[str]:
    """What is let through of messages said at so many seconds, by the logger of a name."""
    found: list[str] = []
    now = [0.0]
    seldom = Seldom("{message} (and {count} more)", lambda: now[0])
    for now[0], template, value in said:
        record = logging.LogRecord("aiokafka", logging.WARNING, "", 0, template, (value,), None)
        if seldom.filter(record):
            found.append(record.getMessage())
    return found


def test_the_same_is_said_once_a_minute_with_how_often_it_was_not() -> None:
    assert heard(*((it / 80, "no node %s", "1") for it in range(80 * 130))) == [
        "no node 1",
        "no node 1 (and 4,799 more)",
        "no node 1 (and 4,799 more)",
    ]


def test_what_is_new_is_said_at_once() -> None:
    said = heard((0, "no node %s", "1"), (1, "ended: %s", "100%"), (2, "no node %s", "2"), (70, "ended: %s", "99%"))
    assert said == ["no node 1", "ended: 100%", "ended: 99%"]
