"""How the server is: what whoever operates it asks."""

from litestar import get

from adapters.http.callers import EVERYBODY


@get("/health", opt=EVERYBODY, operation_id="health", tags=["operation"], sync_to_thread=False)
def health() -> dict[str, str]:
    """Whether the server answers at all."""
    return {"status": "alive"}
