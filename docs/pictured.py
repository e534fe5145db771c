"""Takes the picture of docs/page.md: `python -m docs.pictured` serves the demo's year and photographs a ticket in Chromium.

The same ticket twice, before a late entry was known: in English on paper, in Spanish at night.
"""

import tempfile
from base64 import b64encode
from pathlib import Path

from playwright.sync_api import Browser

from tests.adapters.web.site import BEFORE_LATE, LATE, Reader, Site, chromium, served

PICTURE = Path(__file__).resolve().parent / "page.jpg"
_WIDTH, _HEIGHT = 620, 690
_SEEN_WIDTH, _SEEN_HEIGHT = 900, 1_000
_QUALITY = 70
_SEEN = (("en", "light"), ("es", "dark"))


def main() -> None:
    """Writes the picture."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as site, chromium() as browser:
        halves = [_half(site, browser, language, scheme) for language, scheme in _SEEN]
        page = browser.new_page(viewport={"width": 2 * _WIDTH, "height": _HEIGHT})
        pictures = "".join(f'<img src="data:image/png;base64,{b64encode(it).decode()}" width="{_WIDTH}">' for it in halves)
        page.set_content(f'<body style="margin:0;display:flex">{pictures}</body>')
        page.wait_for_load_state()
        page.screenshot(path=PICTURE, type="jpeg", quality=_QUALITY)


def _half(site: Site, browser: Browser, language: str, scheme: str) -> bytes:
    view = {"width": _SEEN_WIDTH, "height": _SEEN_HEIGHT}
    reader = Reader(site, browser, "auditor", locale=language, color_scheme=scheme, viewport=view, reduced_motion="reduce")
    reader.go(f"/tickets/{LATE}?at=2026-07-24T12:00:00-06:00&known_at={BEFORE_LATE}#then-and-now")
    reader.page.evaluate("window.scrollTo(0, 0)")
    return reader.page.screenshot()


if __name__ == "__main__":
    main()
