"""Runs the pages of docs/app.md in a browser."""

from playwright.sync_api import expect

from console.viewer import LocalSite, ViewerTest, clip_path
from stand_in import eventually
from test_app_docs import ROOT, WRITTEN_ADDRESS, programs

LIBRARY = ROOT / "console/node_modules/hls.js/dist/hls.mjs"


class TestPagesOfTheDocs(ViewerTest):
    def serve(self, program: str) -> str:
        """Serves a page of the docs beside a copy of hls.js. Returns its address."""
        program = program.replace(WRITTEN_ADDRESS, self.origin)
        scripts = ("text/javascript", LIBRARY.read_bytes())
        site = LocalSite({"/": ("text/html", program.encode()), "/hls.mjs": scripts})
        self.addCleanup(site.stop)
        return f"http://127.0.0.1:{site.port}/"

    def test_the_viewer_without_a_build_lists_plays_and_finds_new_clips(self):
        first = self.cut(title="First")
        (program,) = (it for it in programs("html") if "hls.mjs" in it)
        page = self.new_context().new_page()
        page.clock.install()
        page.goto(self.serve(program))
        page.get_by_role("button", name="First").click()
        self.wait_until_playing(page)
        second = self.cut(title="Second")
        buttons = page.get_by_role("button")
        # Clips of one second are listed by the rest of their ids.
        newest_first = sorted([first["clip"], second["clip"]], reverse=True)

        def found() -> bool:
            page.clock.fast_forward(10_000)
            listed = buttons.evaluate_all("all => all.map(it => it.id)")
            return [it for it in listed if it in newest_first] == newest_first

        # A browser may answer one poll from its cache.
        eventually(found, "the new clip was not found")
        expect(page.locator("video")).to_have_js_property("paused", True)

    def test_a_page_controls_the_embedded_player(self):
        clip = self.cut(title="Embedded")
        (program,) = (it for it in programs("html") if "iframe" in it)
        embedded = clip_path(clip).replace("/c/", "/embed/")
        self.assertIn("/embed/demo/CLIP", program)
        page = self.new_context().new_page()
        page.goto(self.serve(program.replace("/embed/demo/CLIP", embedded)))
        output = page.locator("output")
        expect(output).to_have_text("ready 0.0")
        page.get_by_role("button", name="Play").click()
        expect(output).to_contain_text("playing")
        self.wait_until_playing(page.frame_locator("#clip"))
        expect(output).to_contain_text("ended")
