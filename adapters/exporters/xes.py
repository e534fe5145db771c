"""XES (IEEE 1849), for process mining: a trace for each ticket, an event for each of its entries that count.

Written as it comes, one ticket held at a time. What is told of an entry is decided in `cases`.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO
from xml.sax.saxutils import quoteattr

from adapters.exporters.cases import Case, Exported, Named, Value, facts_of, resource, told
from domain.events import Entry
from domain.exchange import time_text

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<global scope="trace"><string key="concept:name" value=""/></global>
<global scope="event"><string key="concept:name" value=""/><date key="time:timestamp" value="1970-01-01T00:00:00Z"/>\
<string key="lifecycle:transition" value="complete"/></global>
<classifier name="Activity" keys="concept:name"/>
"""


def write_xes(exported: Exported, out: BinaryIO) -> tuple[int, int]:
    """Writes the log; answers how many tickets and entries it holds."""
    cases = events = 0
    for case in exported.cases():
        if not cases:
            # Not before the first ticket is there: an early failure then writes nothing.
            out.write(_HEAD.encode())
        out.write("".join(_trace(case, exported.named)).encode())
        cases, events = cases + 1, events + len(case.entries)
    out.write(b"</log>\n" if cases else f"{_HEAD}</log>\n".encode())
    return cases, events


def _trace(case: Case, named: Named) -> Iterator[str]:
    yield "<trace>" + _attribute("concept:name", case.row["ticket"])
    yield from (_attribute(name, value) for name, value in facts_of(case.row).items())
    yield "\n"
    for entry in case.entries:
        yield from _event(entry, named)
    yield "</trace>\n"


def _event(entry: Entry, named: Named) -> Iterator[str]:
    event = entry.event
    yield "<event>" + _attribute("concept:name", type(event).__name__) + _attribute("time:timestamp", event.at)
    yield _attribute("lifecycle:transition", "complete")
    who = resource(event, named)
    if who is not None:
        yield _attribute("org:resource", who)
    yield _attribute("position", entry.position) + _attribute("recorded_at", entry.recorded_at)
    yield from (_attribute(name, value) for name, value in told(event, named).items())
    yield "</event>\n"


def _attribute(key: str, value: Value) -> str:
    match value:
        case bool():
            kind, text = "boolean", "true" if value else "false"
        case int():
            kind, text = "int", str(value)
        case datetime():
            kind, text = "date", time_text(value)
        case _:
            kind, text = "string", _writable(value)
    return f"<{kind} key={quoteattr(key)} value={quoteattr(text)}/>"


def _writable(text: str) -> str:
    """Text without the characters that XML cannot hold at all."""
    return (
        text
        if text.isprintable()
        else "".join(it if it in "\t\n\r" or (it >= " " and it not in "\ufffe\uffff") else "�" for it in text)
    )
