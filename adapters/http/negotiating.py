"""What of several forms of an answer a caller prefers: its coding, its language, lines or one document. Weighed as RFC 9110
says, q=0 meaning "not this one"; headers that make no sense ask for nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from litestar import Request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from adapters.language import LANGUAGES, Language

Coding = Literal["zstd", "gzip", "identity"]
CODINGS: tuple[Coding, ...] = ("zstd", "gzip")
"""Those that answers are compressed with, the better first."""
_MOST_LENGTH = 1_000
"""Of a header: no browser or client comes near, and what is longer is not taken apart."""


def coding(headers: Sequence[str]) -> tuple[Coding, bool]:
    """The coding to answer with, and whether an answer without one is refused (`identity;q=0`), from the values of
    Accept-Encoding. What cannot be satisfied is answered plain (RFC 9110, 12.5.3)."""
    accepted = parse_accept_header(_joined(headers))
    best: Coding = max(CODINGS, key=accepted.quality)
    weight, plain = accepted.quality(best), accepted.quality("identity")
    if weight and weight >= plain:
        # Who does not speak of it takes an answer without a coding too.
        return best, plain == 0 and accepted.find("identity") >= 0
    return "identity", False


def language_of(request: Request[Any, Any, Any]) -> Language:
    """The language asked for by `lang`, else the one that `Accept-Language` prefers, by its first subtag, else English."""
    asked = request.query_params.get("lang", "")
    accepted = sorted(parse_accept_header(_joined(request.headers.getall("accept-language", []))), key=lambda it: -it[1])
    names = (asked, *(name.lower().partition("-")[0] for name, weight in accepted if weight))
    return next((it for name in names for it in LANGUAGES if it == name), "en")


def prefers(media_type: str, other: str, headers: Sequence[str]) -> bool:
    """Whether a media type is asked for by its name, and no less than the other, which is what everybody else gets; from the
    values of Accept."""
    accepted = parse_accept_header(_joined(headers), MIMEAccept)
    weight = _weight(media_type, accepted)
    return weight > 0 and weight >= _weight(other, accepted)


def _weight(media_type: str, accepted: Iterable[tuple[str, float]]) -> float:
    """What a media type weighs that is named, with parameters or without."""
    return max((weight for name, weight in accepted if name.lower().partition(";")[0] == media_type), default=0.0)


def _joined(headers: Sequence[str]) -> str:
    found = ", ".join(headers)
    return found if len(found) <= _MOST_LENGTH else ""
