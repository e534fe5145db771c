"""What people do on the page, in a real Chromium against the program's own server."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from tests.adapters.web.site import BEFORE_LATE, CLIENT, LATE, LATE_ENTRY, OTHER_CLIENT, ROOT, Reader, Site

Come = Callable[..., Reader]


def drag_knowledge_back(page: Page, entries: int) -> None:
    """As a hand on the arrow keys does it."""
    page.focus("#known-slider")
    for _ in range(entries):
        page.keyboard.press("ArrowLeft")


def verdict(page: Page, clock: str) -> str:
    """As the box says it: its sign, then its word."""
    return page.inner_text(f".box[aria-label={clock}] .verdict").lstrip("✓✕▸‖–").strip()


def test_an_auditor_follows_a_dispute_from_the_verdict_to_the_proof(reader: Come, site: Site, tmp_path: Path) -> None:
    auditor = reader()
    page = auditor.go(f"/tickets/{LATE}")
    assert verdict(page, "Response") == "met"

    # Knowledge goes back to before the late entry: the verdict changes, and it is told why.
    drag_knowledge_back(page, 2)
    page.wait_for_selector("#then-and-now")
    assert "Response: breached" in auditor.told()
    assert verdict(page, "Response") == "breached"
    assert page.url.endswith(f"?known_at={BEFORE_LATE}")
    why = page.inner_text("#then-and-now")
    assert f"Response: verdict breached met {LATE_ENTRY}" in " ".join(why.split())
    assert "recorded late, 2026-07-24" in why
    auditor.photograph("dispute-before-the-late-entry")

    # The same address shows the same to whoever opens it.
    again = reader("reader")
    assert verdict(again.go(page.url), "Response") == "breached"

    # Another reading is tried.
    page.goto(f"/tickets/{LATE}")
    page.select_option("[id='if-gs.4']", "gs.4=clock-hours")
    page.wait_for_selector(".outcome table")
    outcome = " ".join(page.inner_text(".outcome").split())
    assert "Response: ✓met → ✕breached" in outcome
    assert "gs.4=clock-hours" in page.url

    # The browser checks the proof by itself.
    page.click("#check")
    page.wait_for_selector(".answer")
    assert page.inner_text(".answer").startswith("VALID: all 7 entries")

    # The dossier goes home, with a program that needs nobody's word.
    with page.expect_download() as started:
        page.click("text=Dossier with proof and verifier")
    started.value.save_as(tmp_path / "dossier.zip")
    with zipfile.ZipFile(tmp_path / "dossier.zip") as archive:
        assert archive.namelist() == ["dossier.pdf", "dossier.html", "bundle.zip", "bitacora_verify.py"]
        archive.extractall(tmp_path)
    assert verified(tmp_path / "bitacora_verify.py", tmp_path / "bundle.zip", site) == "VALID-UNANCHORED"
    with page.expect_download() as started:
        page.click("text=Bundle (ZIP)")
    started.value.save_as(tmp_path / "alone.zip")
    assert verified(tmp_path / "bitacora_verify.py", tmp_path / "alone.zip", site) == "VALID-UNANCHORED"


def verified(verifier: Path, bundle: Path, site: Site) -> str:
    """What the standalone verifier says, away from this program."""
    command = [sys.executable, "-I", str(verifier), str(bundle), "--key", str(site.public_key)]
    return subprocess.run(command, capture_output=True, text=True, cwd=bundle.parent).stdout.split("\n")[0]


def test_a_changed_letter_of_an_entry_is_found_out_in_the_browser(reader: Come) -> None:
    page = reader().go(f"/tickets/{LATE}")
    page.click("#check")
    page.wait_for_selector(".answer:has-text('VALID')")
    page.click("#checked summary >> nth=0")
    leaf = page.locator("#checked textarea").first
    written = leaf.input_value()
    leaf.fill(written.replace('"high"', '"hugh"'))
    page.wait_for_selector(".answer.invalid:has-text('INVALID')")
    assert "✕ That is not the root of the checkpoint." in page.inner_text("#checked details >> nth=0")
    leaf.fill(written)
    page.wait_for_selector(".answer:not(.invalid):has-text('VALID')")


@pytest.mark.parametrize("what", ["a leaf", "a path", "the signed size", "the signature", "an entry left out"])
def test_what_the_server_tampers_with_is_shown_as_invalid(reader: Come, what: str) -> None:
    auditor = reader()

    def tamper(route: Route) -> None:
        answer = route.fetch().json()
        first = answer["entries"][0]
        lines = first["proof"].split("\n")
        match what:
            case "a leaf":
                first["leaf"] = first["leaf"].replace("YXQi", "YXMi", 1)[:-8] + "YXMifX0K"
            case "a path":
                first["proof"] = "\n".join([*lines[:2], lines[3], lines[2], *lines[4:]])
            case "the signed size":
                for it in answer["entries"]:
                    it["proof"] = it["proof"].replace("\n2971\n", "\n2972\n")
            case "the signature":
                for it in answer["entries"]:
                    it["proof"] = it["proof"][:-12] + "AAAAAAAAAA=\n"
            case _:
                del answer["entries"][2]
        route.fulfill(json=answer)

    auditor.page.route("**/proof.json", tamper)
    page = auditor.go(f"/tickets/{LATE}")
    page.click("#check")
    page.wait_for_selector(".answer")
    assert page.inner_text(".answer").startswith("INVALID")


def test_a_page_that_shows_something_else_than_was_signed_is_invalid(reader: Come) -> None:
    auditor = reader()

    def tamper(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("2026-07-22T14:31:54Z", "2026-07-22T14:21:54Z"))

    auditor.page.route(f"**/tickets/{LATE}", tamper)
    page = auditor.go(f"/tickets/{LATE}")
    page.click("#check")
    page.wait_for_selector(".answer")
    assert page.inner_text(".answer").startswith("INVALID")
    assert "✕ What this page shows of it is not what was signed." in page.text_content("#checked")


def test_another_key_than_the_desks_is_not_taken(reader: Come) -> None:
    page = reader().go(f"/tickets/{LATE}")
    page.fill("#vkey", "example.com/desk+8f0f8f0f+AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g")
    page.click("#check")
    page.wait_for_selector(".answer")
    assert page.inner_text(".answer").startswith("INVALID")
    page.fill("#vkey", "")
    page.click("#check")
    page.wait_for_selector(".answer:has-text('NOT CHECKED')")


def test_a_client_sees_its_own_tickets_and_of_others_not_even_that_they_are_there(reader: Come, site: Site) -> None:
    client = reader("client")
    page = client.go("/tickets")
    assert page.locator("tbody tr").count() == 50 and OTHER_CLIENT not in page.content()
    assert client.go(f"/tickets/{LATE}") and client.status == 200
    told = []
    for ticket in ("T-0399", "T-9999"):
        for path in ("", "/dossier.pdf", "/proof.json", "/other"):
            page = client.go(f"/tickets/{ticket}{path}")
            told.append((client.status, page.inner_text("main").replace(ticket, "T")))
    assert set(told) == {(404, told[0][1])}
    assert client.go(f"/clients/{OTHER_CLIENT}") and client.status == 404
    assert CLIENT in client.go(f"/readings?client={OTHER_CLIENT}").inner_text("h1")
    assert client.go("/readings?ticket=T-0399") and client.status == 404
    assert client.go("/record") and client.status == 403
    client.complaints.clear()


def test_the_keyboard_alone_signs_in_replays_supposes_and_checks(reader: Come, site: Site) -> None:
    guest = reader(None)
    page = guest.go(f"/tickets/{LATE}")
    tab_to(page, "#token")
    page.keyboard.type(site.tokens["auditor"])
    page.keyboard.press("Enter")
    page.wait_for_selector("#known-slider")
    page.keyboard.press("Tab")
    assert focused(page) == "a.skip"
    page.keyboard.press("Enter")
    tab_to(page, "#known-slider")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert "Response: breached" in guest.told()
    assert focused(page) == "#known-slider"
    page.keyboard.press("End")
    page.wait_for_selector(".box[aria-label=Response].met")
    tab_to(page, "[id='if-gs.4']")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(".outcome table")
    tab_to(page, "#check")
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer:has-text('VALID')")


def focused(page: Page) -> str:
    """What has the focus, by its id or else its class."""
    return str(page.evaluate("(e => e.id ? '#' + e.id : e.tagName.toLowerCase() + '.' + e.className)(document.activeElement)"))


def tab_to(page: Page, wanted: str) -> None:
    """Goes on with the Tab key until that has the focus; the focus is always to be seen on the way."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.locator(wanted).evaluate("e => e === document.activeElement"):
            style = page.locator(wanted).evaluate("e => getComputedStyle(e).outlineStyle")
            assert style != "none"
            return
    raise AssertionError(f"the Tab key never comes to {wanted}")


def test_spanish_and_english_by_the_browser_by_the_switch_and_from_then_on(reader: Come) -> None:
    spanish = reader(locale="es-MX")
    page = spanish.go(f"/tickets/{LATE}")
    assert page.get_attribute("html", "lang") == "es"
    assert "Reloj de respuesta" in page.inner_text("#response h2")
    drag_knowledge_back(page, 2)
    assert "Respuesta: incumplida" in spanish.told() or "Respuesta: incumplido" in spanish.told()
    page.click("text=English")
    assert "lang=en" in page.url and f"known_at={BEFORE_LATE}" in page.url
    assert "Response clock" in page.inner_text("#response h2")
    page = spanish.go("/terms/grupo-staff")
    assert "Clauses" in page.inner_text("main")
    english = reader()
    page = english.go("/?lang=es")
    assert page.inner_text("h1") == "Resumen"
    page = english.go("/tickets")
    assert page.get_attribute("html", "lang") == "es"


def test_without_javascript_everything_can_be_read_and_asked(reader: Come) -> None:
    plain = reader(java_script_enabled=False)
    page = plain.go(f"/tickets/{LATE}")
    assert page.locator("#known-slider").is_hidden() and page.locator("#check").is_hidden()
    page.select_option("#known_at", str(BEFORE_LATE))
    page.fill("#at", "2026-07-24T12:00:00-06:00")
    page.click("#replay")
    assert verdict(page, "Response") == "breached"
    page.select_option("[id='if-gs.4']", "gs.4=clock-hours")
    page.click("#suppose")
    assert "Before and after" in page.inner_text(".outcome")
    assert verdict(page, "Response") == "breached"
    page.click("text=Try every other reading")
    assert "unclear clauses" in page.inner_text("#hangs")
    for path in ("/", "/tickets?response=breached", f"/clients/{CLIENT}", "/readings", "/terms/customsoft"):
        assert plain.go(path) and plain.status == 200


def test_an_entry_recorded_by_hand_stands_on_the_page_and_a_refusal_beside_its_field(reader: Come) -> None:
    recorder = reader("admin")
    page = recorder.go("/record?type=FollowedUp&ticket=T-0400")
    page.select_option("#i-kind", "progress")
    page.fill("#i-at", "yesterday")
    recorder.complaints.clear()
    page.click("text=Record it")
    assert page.get_attribute("#i-at", "aria-invalid") == "true"
    assert "is not a time" in page.inner_text("#d-at .problem") or "time" in page.inner_text("#d-at .problem")
    assert page.input_value("#i-kind") == "progress"
    recorder.photograph("refused-beside-its-field")
    assert recorder.violations() == []
    page.fill("#i-at", "2026-11-01T10:00:00-06:00")
    page.fill("#i-note", "Se llamó al cliente")
    page.click("text=Record it")
    page.wait_for_url("**/tickets/T-0400?recorded=*")
    position = page.url.partition("recorded=")[2].partition("#")[0]
    assert "Se llamó al cliente" in page.inner_text(f"#e{position}")
    raw = json.loads(page.text_content(f"pre[data-position='{position}']") or "")
    assert (raw["recorded_by"], raw["note"]) == ("admin", "Se llamó al cliente")
    recorder.complaints.clear()


def test_a_recorder_has_the_form_and_nothing_to_read(reader: Come) -> None:
    recorder = reader("recorder")
    page = recorder.go("/")
    assert page.url.endswith("/record") and page.locator("nav a").all_inner_texts() == ["Record"]
    page.click("text=request for information")
    page.fill("#i-ticket", "T-0400")
    page.click("text=Record it")
    page.wait_for_url("**/record?recorded=*")
    assert "Recorded at position" in page.inner_text("main")
    assert recorder.go("/tickets/T-0400") and recorder.status == 403
    recorder.complaints.clear()


def test_another_site_records_nothing_with_the_session_of_the_page(reader: Come) -> None:
    admin = reader("admin")
    form = {"type": "Resolved", "ticket": "T-0400", "at": "2026-11-02T10:00:00Z", "key": "evil"}
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}):
        answer = admin.context.request.post("/record", form=form, headers=headers, max_redirects=0)
        assert answer.status == 403
    assert "evil" not in admin.go("/tickets/T-0400").content()


def test_the_page_is_printed_as_a_paper(reader: Come) -> None:
    auditor = reader()
    page = auditor.go(f"/tickets/{LATE}")
    page.emulate_media(media="print")
    assert page.locator("#ask").is_hidden() and page.locator("nav").is_hidden()
    assert page.locator("#response .band").is_visible()
    pdf = page.pdf(format="Letter")
    assert pdf.startswith(b"%PDF") and ROOT.exists()
