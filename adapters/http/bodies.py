"""The body of a request that is one JSON object, read as strictly as an entry: no key twice, nothing that is not known.

What is wrong is said in the words of `domain.shape`; it is a mistake in the request here, and no refusal of an entry.
"""

import re
from typing import TypeVar

import msgspec
from msgspec import Struct

from adapters.http.problems import Misused
from domain.refusal import Refused, said
from domain.shape import explained, parsed

T = TypeVar("T", bound=Struct)
_BOUND = re.compile(r"Expected `[^`]+`(?: of length)? (<=|>=) (\d+) - at `\$\.?([^`]*)`")


def body_as(sent: bytes, kind: type[T]) -> T:
    """What is sent, as such a struct. Misused, naming the field, if it is none."""
    try:
        parsed(sent)
        return msgspec.json.decode(sent, type=kind)
    except msgspec.ValidationError as error:
        wrong = _beyond(str(error)) or explained(str(error), kind.__name__)
    except Refused as refused:
        wrong = refused
    misused = Misused(wrong.template, field=wrong.field)
    # The field is one of them.
    misused.values = wrong.values
    raise misused


def _beyond(problem: str) -> Refused | None:
    """The converter's complaint about a number, or a length, beyond its bounds."""
    found = _BOUND.fullmatch(problem)
    if found is None:
        return None
    sign, limit, field = found.groups()
    least, most = (
        said("{field} is too small, or too short: at least {limit} is expected"),
        said("{field} is too large, or too long: at most {limit} is expected"),
    )
    return Refused("shape", least if sign == ">=" else most, field=field, limit=limit)
