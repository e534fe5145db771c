"""The body of a request that is one JSON object, read as strictly as an entry: no key twice, nothing that is not known.

What is wrong is said in the words of `domain.shape`; it is a mistake in the request here, and no refusal of an entry.
"""

from typing import TypeVar

import msgspec
from msgspec import Struct

from adapters.http.problems import Misused
from domain.refusal import Refused
from domain.shape import explained, parsed

T = TypeVar("T", bound=Struct)


def body_as(sent: bytes, kind: type[T]) -> T:
    """What is sent, as such a struct. Misused, naming the field, if it is none."""
    try:
        parsed(sent)
        return msgspec.json.decode(sent, type=kind)
    except msgspec.ValidationError as error:
        wrong = explained(str(error), kind.__name__)
    except Refused as refused:
        wrong = refused
    misused = Misused(wrong.template, field=wrong.field)
    # The field is one of them.
    misused.values = wrong.values
    raise misused
