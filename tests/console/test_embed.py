"""Tests the embedded player on pages of other origins."""

import json
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from console.viewer import LocalSite, ViewerTest, clip_path
from frames import numbered_video
from stand_in import eventually

NEWS = """<!doctype html>
<html lang="en">
<title>News</title>
<iframe title="A clip" src="SOURCE" width="640" height="360" allow="autoplay; fullscreen"></iframe>
<script>
  window.states = [];
  addEventListener('message', ({ data }) => states.push(data));
  window.send = message => frames[0].postMessage(message, '*');
</script>
"""


class TestEmbed(ViewerTest):
    @classmethod
    def setUpClass(cls):
        # Pages of localhost may embed clips, pages of 127.0.0.1 may not.
        cls.files: dict[str, tuple[str, bytes]] = {}
        site = LocalSite(cls.files)
        cls.addClassCleanup(site.stop)
        cls.port = site.port
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        branding = Path(folder.name, "branding.json")
        branding.write_text(json.dumps({"embed": [f"http://localhost:{cls.port}"]}))
        source = ("--source", numbered_video(), "--startover", "300")
        cls.OPTIONS = (*source, "--branding", branding)
        super().setUpClass()
        cls.clip = cls.cut(title="Embedded <b>", lastSeconds=6)
        cls.path = clip_path(cls.clip).replace("/c/", "/embed/")

    def open_news(self, query: str = "", host: str = "localhost") -> Page:
        """Opens a page of another origin that embeds the clip."""
        html = NEWS.replace("SOURCE", self.origin + self.path + query)
        self.files["/"] = ("text/html; charset=utf-8", html.encode())
        return self.open(f"http://{host}:{self.port}/")

    def wait_for_state(self, page: Page, state: str):
        seen = "states.filter(it => it.state === '%s').length"
        eventually(lambda: page.evaluate(seen % state), f"the player was not {state}")

    def test_a_page_that_is_allowed_plays_the_clip(self):
        page = self.open_news()
        frame = page.frame_locator("iframe")
        cover = frame.get_by_role("button", name="Play: Embedded <b>")
        expect(cover).to_be_visible()
        link = frame.get_by_role("link", name="Embedded <b>")
        expect(link).to_have_attribute("href", clip_path(self.clip))
        expect(link).to_have_attribute("target", "_blank")
        cover.click()
        self.wait_until_playing(frame)
        expect(frame.locator("video")).to_be_focused()

    def test_a_page_that_is_not_allowed_gets_nothing(self):
        with self.errors_allowed("frame-ancestors"):
            page = self.open_news(host="127.0.0.1")
            expect(page.frame_locator("iframe").get_by_role("button")).to_have_count(0)
            eventually(lambda: self.complaints or page.frames[1].url, "no frame")
        self.assertEqual(page.evaluate("states"), [])

    def test_the_page_around_the_player_controls_it(self):
        page = self.open_news("?muted=1&t=2")
        self.wait_for_state(page, "ready")
        self.assertEqual(page.evaluate("states[0].duration"), 6)
        page.evaluate("send({ matchcut: 'play' })")
        self.wait_for_state(page, "playing")
        video = page.frame_locator("iframe").locator("video")
        expect(video).to_have_js_property("muted", True)
        self.assertGreaterEqual(page.evaluate("states.at(-1).time"), 2)
        page.evaluate("send({ matchcut: 'pause' })")
        self.wait_for_state(page, "paused")
        page.evaluate("send({ matchcut: 'seek', time: 1 })")
        near = "Math.abs(states.at(-1).time - 1) < 0.05"
        eventually(lambda: page.evaluate(near), "the player did not seek")
        page.evaluate("send({ matchcut: 'play' })")
        self.wait_for_state(page, "ended")
        expect(video).to_have_js_property("paused", True)

    def test_a_muted_clip_plays_by_itself(self):
        page = self.open_news("?autoplay=1&muted=1&lang=de")
        frame = page.frame_locator("iframe")
        self.wait_until_playing(frame)
        self.assertEqual(frame.locator("html").get_attribute("lang"), "de")
        expect(frame.get_by_role("link")).to_have_attribute(
            "title", "Embedded <b> (öffnet die Seite des Clips in einem neuen Tab)"
        )

    def test_the_player_loads_little_before_it_plays(self):
        page = self.new_context().new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(self.path)
        expect(page.get_by_role("button")).to_be_visible()
        self.assertFalse([url for url in asked if "hls" in url or "/vod/" in url], asked)
        self.assert_accessible(page)
        page.get_by_role("button").click()
        self.wait_until_playing(page)
        self.assert_accessible(page)

    def test_a_clip_that_does_not_exist_says_so(self):
        with self.errors_allowed("404"):
            page = self.open(f"/embed/{self.COMPETITION}/20200203133058_20200203133258_k7Qx2f")
            expect(page.get_by_text("This clip is not available.")).to_be_visible()
        self.assert_accessible(page)
