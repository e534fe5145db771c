"""All routes of the server, in one list. A route says which roles it admits, in its `opt` (see `callers.admits`); one that does
not is refused when the application is made. Routes of the page are added at `WEB`."""

from litestar.types import ControllerRouterHandler

from adapters.http.operating import health
from adapters.http.signing_in import sign_in, sign_out

WEB: tuple[ControllerRouterHandler, ...] = (sign_in, sign_out)
"""What people see in a browser; the page's handlers go here."""

ROUTES: tuple[ControllerRouterHandler, ...] = (health, *WEB)
