"""Answers compressed with zstd for whoever takes it, in the place that Litestar's own middleware has for that; it falls back to
gzip by itself. Which answers are compressed is not decided here.
"""

from io import BytesIO

from litestar.config.compression import CompressionConfig
from litestar.middleware.compression.facade import CompressionFacade
from zstandard import COMPRESSOBJ_FLUSH_BLOCK, COMPRESSOBJ_FLUSH_FINISH, ZstdCompressor

_LEVEL = 6


class Zstd(CompressionFacade):
    """One answer, compressed into a buffer as it comes."""

    encoding = "zstd"

    def __init__(self, buffer: BytesIO, compression_encoding: str, config: CompressionConfig) -> None:
        self._buffer, self._frame = buffer, ZstdCompressor(level=_LEVEL).compressobj()

    def write(self, body: bytes) -> None:
        """Compresses a part, and leaves nothing waiting."""
        self._buffer.write(self._frame.compress(body) + self._frame.flush(COMPRESSOBJ_FLUSH_BLOCK))

    def close(self) -> None:
        """Ends the frame."""
        self._buffer.write(self._frame.flush(COMPRESSOBJ_FLUSH_FINISH))
