"""A file of lines, read as bytes without ever holding more of one line than a line may have."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from domain.shape import MAX_LINE_BYTES

_CHUNK_BYTES = 1024 * 1024


class Line(NamedTuple):
    """One line without its newline, counted from 1. `content` of a line that is too long is its beginning, one byte over
    the limit; `ended` is False for a last line without a newline; `upto` is how many bytes of the file lie up to its end."""

    number: int
    content: bytes
    ended: bool
    upto: int


def lines_of(stream: BinaryIO, limit_bytes: int = MAX_LINE_BYTES) -> Iterator[Line]:
    """The lines from here to the end of a binary stream. OSError as reading it raises."""
    number, upto, rest = 0, 0, b""
    # Of a line grown too long only the beginning is kept, and the number of bytes let go.
    dropped = 0
    while chunk := stream.read(_CHUNK_BYTES):
        first, *others = chunk.split(b"\n")
        rest += first
        if len(rest) > limit_bytes + 1:
            dropped += len(rest) - limit_bytes - 1
            rest = rest[: limit_bytes + 1]
        for following in others:
            number, upto = number + 1, upto + len(rest) + dropped + 1
            yield Line(number, rest, True, upto)
            rest, dropped = following, 0
    if rest:
        yield Line(number + 1, rest, False, upto + len(rest) + dropped)
