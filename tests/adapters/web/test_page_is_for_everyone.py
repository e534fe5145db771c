"""Every page, in both colour schemes, against WCAG 2.2 AA by axe-core; and at 360 px without a scroll bar to the side."""

from collections.abc import Callable

import pytest

from tests.adapters.web.site import BEFORE_LATE, CLIENT, LATE, Reader

Come = Callable[..., Reader]
PAGES = {
    "overview": "/",
    "tickets": "/tickets?resolution=breached",
    "ticket": f"/tickets/{LATE}?known_at={BEFORE_LATE}&hangs=yes&if_reading=gs.4=clock-hours",
    "ticket-with-quota": "/tickets/T-0032",
    "clients": "/clients",
    "client": "/clients/fletes-del-bajio",
    "readings": f"/readings?client={CLIENT}",
    "all-terms": "/terms",
    "terms": "/terms/grupo-staff",
    "record": "/record",
    "record-session": f"/record?type=SessionHeld&ticket={LATE}",
    "overview-then": "/?at=2026-01-16T16:00:00Z&known_at=1500&reading=gs.4=clock-hours",
    "tickets-then": "/tickets?at=2026-01-16T16:00:00Z&known_at=1500&reading=gs.4=clock-hours",
    "not-found": "/tickets/T-9999",
    "nowhere": "/nothing/at/all",
    "cannot-be-asked": f"/tickets/{LATE}?at=yesterday",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_keeps_to_wcag_in_light_and_dark(reader: Come, scheme: str) -> None:
    somebody = reader("admin", color_scheme=scheme, reduced_motion="reduce")
    found = {}
    for name, path in PAGES.items():
        page = somebody.go(path)
        if name == "ticket":
            page.click("#raw summary")
            page.click("#check")
            page.wait_for_selector("#checked .answer")
            page.click("#checked summary >> nth=0")
        somebody.photograph(f"{name}-{scheme}")
        if violations := somebody.violations():
            found[name] = violations
    somebody.complaints.clear()
    assert found == {}


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_page_fits_a_small_telephone(reader: Come, language: str) -> None:
    somebody = reader("admin", viewport={"width": 360, "height": 740}, locale=language)
    for name, path in PAGES.items():
        page = somebody.go(path)
        if language == "es" and name in ("ticket", "overview"):
            somebody.photograph(f"{name}-small")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
    somebody.complaints.clear()


def test_the_form_to_sign_in_keeps_to_wcag_and_says_what_failed(reader: Come) -> None:
    guest = reader(None)
    page = guest.go("/login")
    assert guest.violations() == []
    page.fill("#token", "bitacora_wrong")
    page.click("main button")
    assert "opens nothing here" in page.inner_text("[role=alert]")
    assert guest.violations() == []


def test_what_moves_can_be_seen_without_colour(reader: Come) -> None:
    page = reader().go(f"/tickets/{LATE}?known_at={BEFORE_LATE}")
    assert page.inner_text(".box.breached .sign").strip() == "✕"
    assert page.locator("#response .band rect.overrun").count() > 0
    assert page.locator("#response .band rect[fill*=overrun]").count() > 0
