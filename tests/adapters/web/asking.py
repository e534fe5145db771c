"""Who asks the pages without a browser, when, and for what."""

from datetime import UTC, datetime

from adapters.web.setting import Page, Viewer
from tests.adapters.web.site import CLIENT

NOW = datetime(2026, 11, 1, tzinfo=UTC)
BUSY = datetime(2026, 1, 16, 16, tzinfo=UTC)
AUDITOR, OWN = Viewer("auditor", None, "eva"), Viewer("client", CLIENT, "kiosk")


def asked(path: str, *query: tuple[str, str], viewer: Viewer = AUDITOR) -> Page:
    return Page(viewer, path, query)
