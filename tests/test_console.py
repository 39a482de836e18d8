"""Tests the console's first page, its login, and the harness of all browser tests."""

import re

from playwright.sync_api import expect

from browser import BrowserTest
from frames import frame_number, numbered_video


class TestConsole(BrowserTest):
    def test_one_click_signs_in_and_out(self):
        page = self.open("/")
        expect(page).to_have_url(f"{self.origin}/console")
        self.assert_accessible(page)
        self.sign_in(page)
        expect(page.locator("header .who")).to_have_text("operator")
        self.assertNotIn("code=", page.url)
        storage = page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
        self.assertNotIn("eyJ", storage, "a token is kept where a script of a page could read it")

        page.reload()
        expect(page.locator("header .who")).to_have_text("operator")
        page.get_by_role("button", name="Log out").click()
        expect(page.locator("main button.primary")).to_be_visible()
        page.keyboard.press("Shift+R")
        expect(page.get_by_role("dialog")).to_have_count(0)

    def test_somebody_else_signs_in_at_the_login_page(self):
        page = self.open("/console")
        page.locator("main button.quiet").click()
        page.get_by_label("An operator named").fill("anna <b>")
        self.assert_accessible(page)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.locator("header .who")).to_have_text("anna <b>")

    def test_a_page_that_breaks_its_policy_is_noticed(self):
        page = self.open("/console")
        page.evaluate("document.body.setAttribute('style', 'color: red')")
        page.evaluate("fetch('https://elsewhere.example/').catch(() => {})")
        page.evaluate("setTimeout(() => { throw new Error('a broken script') })")
        page.wait_for_function("document.readyState === 'complete'")
        seen = "\n".join(self.complaints)
        for expected in (
            "style-src-attr",
            "connect-src https://elsewhere.example",
            "broken script",
        ):
            self.assertRegex(seen, re.escape(expected))
        self.complaints.clear()

    def test_the_number_of_a_frame_is_read_from_its_picture(self):
        video = numbered_video(seconds=4)
        page = self.open("/console")
        expect(page.locator("main button.primary")).to_be_visible()
        page.route("**/numbered.mp4", lambda route: route.fulfill(path=video))
        page.evaluate(
            """async () => {
              // Only a local file can be searched without range requests.
              const file = await (await fetch('/numbered.mp4')).blob();
              const video = document.createElement('video');
              video.src = URL.createObjectURL(file);
              document.body.replaceChildren(video);
            }"""
        )
        for number in (0, 1, 37, 99):
            page.evaluate(
                """time => new Promise(done => {
                  const video = document.querySelector('video');
                  video.onseeked = done;
                  video.currentTime = time;
                })""",
                (number + 0.5) / 25,
            )
            self.assertEqual(frame_number(page), number)
