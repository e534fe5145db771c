"""The headers that every answer carries: what a browser may load, embed, remember and tell others."""

from typing import Any

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Scripts, styles, pictures and connections of this server only, and none inline; no frames."""
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_OVER_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}


async def protect(message: Message, scope: Scope) -> None:
    """Adds them to an answer that begins. Nothing is kept by a browser or a proxy unless the answer says that it may be."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    wanted: dict[str, Any] = _HEADERS | (_OVER_HTTPS if scope["scheme"] == "https" else {}) | {"Cache-Control": "no-store"}
    for name, value in wanted.items():
        headers.setdefault(name, value)
