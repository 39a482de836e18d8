"""A white label: name, logo, colors that are hard to read, titles with markup, and broken files."""

import json
import tempfile
import unittest
from pathlib import Path

from playwright.sync_api import Page, expect

from browser import BrowserTest

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 1"><path d="M0 0h4v1H0z"/></svg>'
BRANDING = {
    "name": "Games <b>2026</b> & more",
    "logo": {"light": "logo.svg"},
    "icon": "logo.svg",
    # Yellow on white, and black on black: neither can be read as it is.
    "colors": {"accent": "#ffe600", "live": "#000000", "ready": "#ffffff", "failed": "#111111"},
    "competitions": [
        {"id": "demo", "title": "The <i>demo</i>"},
        {"id": "other", "title": "Another"},
    ],
    "tags": ["<u>final"],
    "languages": ["de", "en"],
    "times": "local",
}

folder = tempfile.TemporaryDirectory()


def setUpModule():
    unittest.addModuleCleanup(folder.cleanup)


def branding_file() -> Path:
    """Writes the branding and its logo into a folder."""
    (Path(folder.name) / "logo.svg").write_text(LOGO)
    file = Path(folder.name) / "branding.json"
    file.write_text(json.dumps(BRANDING))
    return file


class TestBranding(BrowserTest):
    OPTIONS = ("--branding", branding_file())

    def style(self, page: Page, selector: str, name: str) -> str:
        return page.locator(selector).first.evaluate(
            "(element, name) => getComputedStyle(element)[name]", name
        )

    def serve(self, page: Page, body: str):
        """Gives a page another branding file."""
        page.route("**/branding.json", lambda route: route.fulfill(body=body))

    def test_the_console_has_the_name_the_logo_and_the_colors(self):
        page = self.open_console()
        self.assertEqual(page.title(), "Games <b>2026</b> & more")
        logo = page.get_by_role("img", name="Games <b>2026</b> & more")
        expect(logo).to_be_visible()
        self.assertGreater(logo.evaluate("image => image.naturalWidth"), 0)
        self.assertIn("/branding/logo.svg", page.locator("link[rel=icon]").get_attribute("href"))
        expect(page.locator("html")).to_have_attribute("lang", "en")
        competitions = page.locator("header select option")
        expect(competitions.filter(has_text="The <i>demo</i>")).to_have_count(1)
        expect(page.locator("header i, header b")).to_have_count(0)

        page.locator("[data-choose=files]").set_input_files(
            {"name": "a.mp4", "mimeType": "video/mp4", "buffer": b"a"}
        )
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("button", name="<u>final")).to_be_visible()
        self.assertEqual(self.style(page, "dialog .primary", "backgroundColor"), "rgb(255, 230, 0)")
        self.assertEqual(self.style(page, "dialog .primary", "color"), "rgb(0, 0, 0)")

    def test_every_color_is_readable_in_both_themes(self):
        for theme in ("dark", "light"):
            with self.subTest(theme):
                page = self.open_console()
                saved = json.dumps({"theme": theme})
                page.evaluate("saved => localStorage.setItem('matchcut.settings', saved)", saved)
                page.reload()
                expect(page.locator("header .who")).to_be_visible()
                expect(page.locator("html")).to_have_attribute("data-theme", theme)
                self.assert_accessible(page)
                page.get_by_role("button", name="Library").click()
                self.assert_accessible(page)
                # The four colors as text on the page.
                page.evaluate(
                    """() => {
                      const words = ['accent', 'live', 'ready', 'failed'].map(name => {
                        const word = document.createElement('p');
                        word.textContent = name;
                        word.style.color = `var(--${name})`;
                        return word;
                      });
                      document.querySelector('main').replaceChildren(...words);
                    }"""
                )
                self.assert_accessible(page)

    def test_the_first_language_is_used_if_the_browser_prefers_none(self):
        page = self.open("/console", locale="fr-FR")
        expect(page.locator("html")).to_have_attribute("lang", "de")

    def test_a_broken_file_shows_a_banner_to_operators(self):
        for body, text in (
            ("{", "branding.json is not valid JSON"),
            ('{"colors": {"accent": "red"}, "name": "Games"}', "colors.accent is invalid"),
        ):
            with self.subTest(body):
                page = self.new_context().new_page()
                self.serve(page, body)
                page.goto("/console")
                self.sign_in(page)
                banner = page.get_by_role("status").filter(has_text=text)
                expect(banner).to_be_visible()
                banner.get_by_role("button", name="Close").click()
                expect(banner).to_be_hidden()

    def test_unknown_fields_are_named_in_the_log(self):
        page = self.new_context().new_page()
        warnings = []
        page.on("console", lambda message: warnings.append(message.text))
        self.serve(page, '{"colorz": {}}')
        page.goto("/console")
        expect(page.locator("main button.primary")).to_be_visible()
        self.assertIn("branding.json: unknown-field colorz", warnings)
