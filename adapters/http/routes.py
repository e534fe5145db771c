"""All routes of the server, in one list. A route says which roles it admits, in its `opt` (see `callers.admits`); one that does
not is refused when the application is made. Routes of the page are added at `WEB`."""

from litestar.types import ControllerRouterHandler

from adapters.http.operating import health
from adapters.web.routes import PAGES

WEB: tuple[ControllerRouterHandler, ...] = (PAGES,)
"""What people see in a browser."""

ROUTES: tuple[ControllerRouterHandler, ...] = (health, *WEB)
