"""Tests that viewers choose the language of the sound and the captions of a clip."""

import tempfile
from pathlib import Path

from playwright.sync_api import Page, Request, expect

from captioned_clip import captioned_source
from captioned_video import WORDS
from console.viewer import ViewerTest, clip_path
from stand_in import eventually

SHOWN_WORDS = (
    "video => [...video.textTracks].filter(it => it.mode === 'showing')"
    ".flatMap(it => [...it.cues ?? []]).map(it => it.text)"
)


class TestLanguages(ViewerTest):
    COMPETITION = "languages"

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.OPTIONS = captioned_source(Path(folder.name))
        super().setUpClass()
        cls.clip = cls.cut(lastSeconds=7)

    def test_a_viewer_chooses_sound_and_captions_with_the_keyboard(self):
        page = self.new_context().new_page()
        requested: list[str] = []

        def keep(request: Request):
            requested.append(request.url.rpartition("/")[2])

        page.on("request", keep)
        page.goto(clip_path(self.clip))
        self.wait_until_playing(page)
        sound = page.get_by_role("combobox", name="Audio")
        expect(sound.locator("option")).to_have_text(["English", "Français"])
        expect(sound).to_have_value("0")
        self.assertIn("index_4_0_0.ts", requested)
        self.assertNotIn("index_5_0_0.ts", requested)
        sound.focus()
        with page.expect_request("**/index_5_0_*.ts"):
            page.keyboard.press("ArrowDown")
        expect(sound).to_have_value("1")

        captions = page.get_by_role("combobox", name="Captions")
        expect(captions.locator("option")).to_have_text(["Off", "English", "Français"])
        video = page.locator("video")
        captions.focus()
        for language, key in (("fra", "End"), ("eng", "ArrowUp")):
            page.keyboard.press(key)
            words = eventually(lambda: video.evaluate(SHOWN_WORDS), "no captions were shown")
            self.assertLessEqual(set(words), set(WORDS[language].values()))
        page.keyboard.press("Home")
        expect(captions).to_have_value("-1")
        self.assertEqual(video.evaluate(SHOWN_WORDS), [])

    def test_the_embedded_player_offers_them_below_the_video(self):
        page = self.open(clip_path(self.clip).replace("/c/", "/embed/"))
        page.get_by_role("button", name="Play").click()
        self.wait_until_playing(page)
        sound = page.get_by_role("combobox", name="Audio")
        with page.expect_request("**/index_5_0_*.ts"):
            sound.select_option(label="Français")
        self.show_french(page)
        self.assert_accessible(page)

    def test_the_live_picture_of_the_console_offers_them(self):
        page = self.open_console(path=f"/console#competition={self.COMPETITION}")
        page.get_by_role("combobox", name="Audio").select_option(label="Français")
        self.show_french(page)
        expect(page.get_by_role("combobox", name="Audio")).to_have_value("1")
        self.assert_accessible(page)

    def test_an_export_has_the_captions_that_the_operator_chooses(self):
        page = self.open_console(
            path=f"/console#competition={self.COMPETITION}&clip={self.clip['clip']}"
        )
        expect(page.locator(".player").get_by_label("Captions")).to_be_visible()
        page.get_by_role("button", name="Export…").click()
        dialog = page.get_by_role("dialog", name="Export an MP4")
        dialog.get_by_role("radio", name="In the picture").check()
        dialog.get_by_label("Language of the captions in the picture").select_option("Français")
        self.assert_accessible(page)
        dialog.get_by_role("button", name="Start the export").click()
        expect(page.get_by_text("captions: French")).to_be_visible()
        page.get_by_role("button", name="Export…").click()
        dialog.get_by_role("radio", name="Files beside it").check()
        dialog.get_by_role("button", name="Start the export").click()
        expect(
            page.get_by_role("link", name="Download the captions English as .srt")
        ).to_be_visible()

    def show_french(self, page: Page):
        """Chooses the French captions, and checks that their words are shown."""
        page.get_by_role("combobox", name="Captions").select_option(label="Français")
        video = page.locator("video").first
        words = eventually(lambda: video.evaluate(SHOWN_WORDS), "no captions were shown")
        self.assertLessEqual(set(words), set(WORDS["fra"].values()))
