"""Answers compressed with zstd or gzip for whoever takes that, in the place that Litestar's own middleware has for it. Which
answers are compressed is not decided here, and what a caller takes is read in `negotiating`.
"""

from dataclasses import replace
from io import BytesIO

from litestar.config.compression import CompressionConfig
from litestar.datastructures import Headers
from litestar.middleware.compression import CompressionMiddleware
from litestar.middleware.compression.facade import CompressionFacade
from litestar.types import ASGIApp, Receive, Scope, Send
from zstandard import COMPRESSOBJ_FLUSH_BLOCK, COMPRESSOBJ_FLUSH_FINISH, ZstdCompressor

from adapters.http.negotiating import coding

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


class Negotiated(CompressionMiddleware):
    """Litestar's own, but for the choice of a coding: it looks for a name anywhere in the header, `zstd;q=0` or not."""

    def __init__(self, app: ASGIApp, config: CompressionConfig) -> None:
        super().__init__(app, config)
        self._whole = CompressionMiddleware(app, replace(config, minimum_size=1))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See `CompressionMiddleware`."""
        wanted, is_plain_refused = coding(Headers.from_scope(scope).getall("accept-encoding", []))
        if wanted != "identity":
            compressing = self._whole if is_plain_refused else self
            send = compressing.create_compression_send_wrapper(send, wanted, scope)
        await self.app(scope, receive, send)
