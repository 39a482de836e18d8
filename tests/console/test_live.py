"""Tests the live screen in a browser: cuts, marks, the end of a session, keys and settings."""

import re

from playwright.sync_api import Page, Route, expect

from console.live import LiveTest, address, milliseconds
from console.picture import (
    frame_of,
    pause,
    picture_frame,
    shown_frame,
    timecode_frame,
    wait_for_frame,
    wait_for_picture,
)
from stand_in import eventually


class TestCut(LiveTest):
    def test_the_last_seconds_of_the_picture_play_from_their_preview(self):
        self.wait_until_aired(30)
        page = self.open_live()
        frame = pause(page)
        player = ".player video"
        # The console does not learn that the clip is ready while its preview is tested.
        with self.errors_allowed("ERR_FAILED"):
            page.route("**/changes*", lambda route: route.abort())
            page.keyboard.press("Digit1")
            page.keyboard.press("KeyT")
            page.keyboard.type("Last fifteen")
            page.keyboard.press("Enter")
            clip = eventually(lambda: self.clip_titled("Last fifteen"), "it has no title")
            start, end = (milliseconds(clip["requested"][it]) for it in ("start", "end"))
            self.assertEqual(end - start, 15_000)
            self.assertEqual(frame_of(end - 20), frame)
            page.keyboard.press("KeyV")
            eventually(
                lambda: picture_frame(page, player) == frame_of(start),
                "the preview does not show its first frame",
            )
            page.locator(".player").get_by_role("button", name="Play", exact=True).click()
            self.wait_until_later(page, player, frame_of(start))
            page.unroute("**/changes*")
        # The packaged clip goes on where its preview was.
        reached = picture_frame(page, player)
        expect(page.locator("aside")).to_contain_text("Last fifteen is ready.")
        self.wait_until_later(page, player, reached)
        # On a busy machine, the clip may have ended meanwhile.
        goes_on = "it => !it.paused || it.closest('.player').dataset.stage === 'ended'"
        eventually(lambda: page.locator(player).evaluate(goes_on), "the clip does not go on")
        # A viewer plays the same frames.
        viewer = self.open(f"/c/demo/{clip['clip']}")
        eventually(
            lambda: 0 <= (picture_frame(viewer, "video") or 0) - frame_of(start) < 15 * 25,
            "the viewer's page does not play the clip",
        )

    def wait_until_later(self, page: Page, player: str, frame: int):
        """Waits until a player shows a picture of at least half a second after a frame."""
        eventually(lambda: (picture_frame(page, player) or 0) >= frame + 12, "the picture stands")

    def test_marks_are_undone_and_survive_a_reload(self):
        self.wait_until_aired(20)
        page = self.open_live()
        page.keyboard.press("Alt+ArrowLeft")
        frame = pause(page)
        page.keyboard.press("KeyI")
        mark = page.get_by_test_id("mark-in")
        text = mark.inner_text()
        self.assertEqual(timecode_frame(text), frame)
        page.keyboard.press("Control+KeyZ")
        expect(mark).to_have_text("--:--:--:--")
        page.keyboard.press("Control+Shift+KeyZ")
        expect(mark).to_have_text(text)
        eventually(
            lambda: "at=" in address(page) and "in=" in address(page),
            "the address has no marks",
        )
        page.reload()
        wait_for_picture(page)
        expect(mark).to_have_text(text)
        wait_for_frame(page, frame, "the frame of before the reload")

    def test_a_slider_moves_a_mark_by_frames(self):
        self.wait_until_aired(20)
        page = self.open_live()
        page.keyboard.press("Alt+ArrowLeft")
        frame = pause(page)
        page.keyboard.press("KeyI")
        slider = page.get_by_role("slider", name="In")
        slider.focus()
        page.keyboard.press("ArrowRight")
        wait_for_frame(page, frame + 1, "the mark that was moved is shown")
        self.assertEqual(timecode_frame(page.get_by_test_id("mark-in").inner_text()), frame + 1)
        expect(slider).to_have_attribute(
            "aria-valuetext", re.compile(r"^\d\d:\d\d:\d\d and \d+ fr")
        )

    def test_a_cut_with_an_expired_token_arrives_once(self):
        self.wait_until_aired(20)
        page = self.open_live()
        refused: list[str] = []

        def refuse_once(route: Route):
            if refused:
                route.continue_()
                return
            refused.append(route.request.header_value("authorization"))
            route.fulfill(status=401, json={"message": "Unauthorized"})

        page.route("**/api/clip", refuse_once)
        with self.errors_allowed("401"):
            page.keyboard.press("KeyT")
            page.keyboard.type("Expired token")
            page.keyboard.press("Escape")
            with page.expect_response(lambda it: it.url.endswith("/api/clip") and it.ok) as reply:
                page.keyboard.press("Digit1")
        self.assertNotEqual(reply.value.request.header_value("authorization"), refused[0])
        same = [it for it in self.clips() if it["meta"]["title"] == "Expired token"]
        self.assertEqual(len(same), 1)

    def test_an_ended_session_goes_on_in_a_popup(self):
        self.wait_until_aired(20)
        page = self.open_live()
        page.keyboard.press("KeyI")
        mark = page.get_by_test_id("mark-in").inner_text()
        page.route(
            "**/oauth2/token",
            lambda route: route.fulfill(status=400, json={"error": "invalid_grant"}),
        )
        page.route("**/api/**", lambda route: route.fulfill(status=401, json={}))
        with self.errors_allowed("40[01]"):
            banner = page.locator(".banner", has_text="Your session has ended")
            expect(banner).to_be_visible()
            page.keyboard.press("KeyT")
            page.keyboard.type("After the popup")
            page.keyboard.press("Escape")
            page.keyboard.press("Digit1")
            page.unroute_all()
            with page.context.expect_page() as popup:
                banner.get_by_role("button").click()
            expect(banner).to_be_hidden()
            eventually(lambda: self.clip_titled("After the popup"), "the cut was lost")

        def is_closed() -> bool:
            # Playwright receives events only during its calls, and `is_closed` is not one of them.
            page.evaluate("0")
            return popup.value.is_closed()

        eventually(is_closed, "the popup stays open")
        self.assertEqual(page.get_by_test_id("mark-in").inner_text(), mark)


class TestSettings(LiveTest):
    def test_a_key_can_be_given_to_another_action(self):
        self.wait_until_aired(20)
        page = self.open_live()
        page.get_by_role("button", name="Settings").click()
        page.get_by_placeholder("Find an action").fill("last 15")
        page.get_by_role("button", name=re.compile("^Change the key: Cut the last 15")).click()
        page.keyboard.press("KeyI")
        expect(page.get_by_role("dialog")).to_contain_text("Taken from: Set in at this frame")
        self.assert_accessible(page)
        page.keyboard.press("Escape")

        before = len(self.clips())
        page.keyboard.press("KeyT")
        page.keyboard.type("i")
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("mark-in")).to_have_text("--:--:--:--")
        self.assertEqual(len(self.clips()), before, "a key works while somebody types")
        page.keyboard.press("KeyI")
        eventually(lambda: len(self.clips()) == before + 1, "the new key does not cut")
        expect(page.get_by_test_id("mark-in")).to_have_text("--:--:--:--")

        page.keyboard.press("Shift+Slash")
        row = page.locator("dialog[open] [data-action='cut-last-15']")
        expect(row.locator("kbd")).to_have_text(["I"])
        self.assert_accessible(page)

    def test_language_theme_and_times_change_at_once(self):
        page = self.open_live(timezone_id="Europe/Vienna")
        page.get_by_role("button", name="Settings").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Language").select_option("de")
        expect(dialog).to_contain_text("Einstellungen")
        dialog.get_by_label("Hell").check()
        expect(page.locator("html")).to_have_attribute("data-theme", "light")
        expect(page.locator("html")).to_have_attribute("lang", "de")
        frame = shown_frame(page)
        dialog.get_by_label("Dieses Rechners").check()
        page.keyboard.press("Escape")
        hour = 3600 * 25
        self.assertGreater((shown_frame(page) - frame) % (1 << 24), hour - 25 * 60)
        page.reload()
        expect(page.locator("html")).to_have_attribute("lang", "de")
