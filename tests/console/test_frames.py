"""Tests that the live screen is exact: every frame, and the bounds before the cut."""

import json
import re
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from authorization import ask
from console.live import LiveTest, address, milliseconds
from console.picture import (
    frame_of,
    pause,
    picture_frame,
    shown_frame,
    timecode_frame,
    wait_for_frame,
)
from stand_in import eventually


class TestFrames(LiveTest):
    def test_each_of_200_steps_shows_the_next_frame(self):
        self.wait_until_aired(20)
        page = self.open_live()
        frame = pause(page)
        for step in range(200):
            forward = step >= 120
            page.keyboard.press("ArrowRight" if forward else "ArrowLeft")
            frame += 1 if forward else -1
            wait_for_frame(page, frame, f"step {step}")

    def test_marked_frames_are_the_first_and_the_last_of_the_clip(self):
        self.wait_until_aired(30)
        page = self.open_live()
        page.keyboard.press("Alt+ArrowLeft")
        start = pause(page)
        page.keyboard.press("KeyI")
        for _ in range(5):
            page.keyboard.press("Shift+ArrowRight")
        wait_for_frame(page, start + 125, "five seconds later")
        page.keyboard.press("ArrowRight")
        wait_for_frame(page, start + 126, "one frame later")
        page.keyboard.press("KeyO")
        end = start + 126
        self.assertEqual(timecode_frame(page.get_by_test_id("mark-in").inner_text()), start)
        self.assertEqual(timecode_frame(page.get_by_test_id("mark-out").inner_text()), end)

        page.keyboard.press("Shift+KeyI")
        wait_for_frame(page, start, "go to in")
        page.keyboard.press("Period")
        wait_for_frame(page, end, "play the last two seconds to out")

        page.keyboard.press("KeyT")
        page.keyboard.type("Marked <b>frames</b>")
        page.keyboard.press("Enter")
        clip = eventually(lambda: self.clip_titled("Marked <b>frames</b>"), "the clip was not cut")
        self.assertEqual(frame_of(milliseconds(clip["requested"]["start"])), start)
        self.assertEqual(frame_of(milliseconds(clip["requested"]["end"]) - 20), end)
        row = page.locator(f"aside [data-clip='{clip['clip']}']")
        expect(row.get_by_label("Title")).to_have_value("Marked <b>frames</b>")

        page.keyboard.press("KeyV")
        player = ".player video"
        expect(page.locator(player)).to_be_visible()
        eventually(lambda: picture_frame(page, player) == start, "the clip's first frame")
        page.locator(".player").get_by_role("button", name="Play", exact=True).click()
        expect(page.locator(".player")).to_have_attribute("data-stage", "ended")
        eventually(lambda: picture_frame(page, player) == end, "the clip's last frame")

    def test_a_clip_of_exact_frames_has_no_others(self):
        self.wait_until_aired(20)
        page = self.open_live()
        page.keyboard.press("Alt+ArrowLeft")
        start = pause(page)
        page.keyboard.press("KeyI")
        for _ in range(5):
            page.keyboard.press("Shift+ArrowRight")
        wait_for_frame(page, start + 125, "five seconds later")
        page.keyboard.press("KeyO")
        page.keyboard.press("Shift+KeyP")
        choice = "Precision of the next clips: exact frames"
        expect(page.get_by_role("button", name=choice)).to_be_visible()
        expect_said(page, choice)
        page.keyboard.press("KeyE")
        cut = page.locator("li.row.selected")
        expect(cut).to_have_attribute("data-clip", re.compile("."))
        page.keyboard.press("KeyV")

        note = page.locator("[data-remake]")
        expect(note).to_contain_text("Exact frames are being")
        # There is no old cut to keep.
        expect(note.get_by_role("button")).to_have_count(0)
        self.assert_accessible(page)
        precision = page.locator("[data-precision]")
        expect(precision).to_have_text("Not exact yet: exact frames follow")
        expect(precision).to_have_text("Exact frames")
        expect(note).to_have_count(0)
        expect_said(page, "has exact frames")
        opened = page.locator("[data-opened]").get_attribute("data-opened")
        clip = next(it for it in self.clips() if it["clip"] == opened)
        for edge in ("start", "end"):
            actual = milliseconds(clip["actual"][edge])
            self.assertEqual(actual, milliseconds(clip["requested"][edge]))
        eventually(lambda: picture_frame(page, ".player video") == start, "the clip's first frame")

    def test_foretold_bounds_are_those_of_the_clip(self):
        self.wait_until_aired(50)
        page = self.open_live()
        pause(page)
        now = milliseconds_of(page)
        token = self.stand_in.printed("token")[0]
        for number in range(20):
            start = now - 40_000 + number * 440
            end = start + 5_000 + number * 320
            for kind, date in (("in", start), ("out", end - 20)):
                page.get_by_test_id(f"mark-{kind}").click()
                page.get_by_role("textbox", name=kind.capitalize(), exact=True).fill(clock(date))
                page.keyboard.press("Enter")
            bounds = page.get_by_test_id("bounds")
            body = json.dumps({"start": iso(start), "end": iso(end), "title": f"window {number}"})
            status, _, reply = ask(
                "POST",
                f"{self.origin}/api/clip",
                token,
                body,
                {"Content-Type": "application/json"},
            )
            self.assertEqual(status, 202, reply)
            actual = json.loads(reply)["actual"]
            expect(bounds).to_have_attribute("data-start", number_of(actual["start"]))
            expect(bounds).to_have_attribute("data-end", number_of(actual["end"]))


class TestOldPictures(LiveTest):
    """The newest half of this startover window is loaded first; the rest is a page of its own."""

    OPTIONS = ("--startover", "60")

    def test_the_start_of_the_startover_window_is_shown_to_the_frame(self):
        self.wait_until_aired(45)
        page = self.open_live()
        newest = shown_frame(page)
        page.keyboard.press("Home")
        eventually(lambda: (picture_frame(page) or newest) < newest - 500, "it is not the oldest")
        frame = pause(page)
        for step in range(30):
            page.keyboard.press("ArrowRight")
            wait_for_frame(page, frame + step + 1, f"step {step} of an old page")
        page.keyboard.press("KeyI")
        page.keyboard.press("End")
        eventually(lambda: (picture_frame(page) or 0) > newest, "it is not live again")
        page.keyboard.press("Shift+KeyI")
        wait_for_frame(page, frame + 30, "the old page again")

    def test_a_page_without_pictures_is_passed(self):
        self.wait_until_aired(45)
        page = self.open_live()
        page.route("**/index.m3u8?*end=*", lambda route: route.fulfill(status=404))
        with self.errors_allowed("status of 404"):
            newest = shown_frame(page)
            page.keyboard.press("Home")
            eventually(
                lambda: 0 < (picture_frame(page) or 0) < newest - 200, "the page is not passed"
            )
            frame = pause(page)
            page.keyboard.press("ArrowRight")
            wait_for_frame(page, frame + 1, "a step after the page")


def expect_said(page: Page, text: str):
    """Waits until a screen reader reads a text."""
    expect(page.get_by_role("status").filter(has_text=text)).to_have_count(1)


def milliseconds_of(page: Page) -> int:
    """The time of the live picture, from the address."""
    found = eventually(lambda: re.search(r"\bat=(\d+)", address(page)), "the address has no time")
    return int(found[1])


def clock(date: float) -> str:
    """A time in ms as an operator types it: `13:30:58:03`."""
    frame = int(date % 1000 * 25 // 1000)
    return f"{iso(date)[11:19]}:{frame:02}"


def iso(date: float) -> str:
    """A time in ms since 1970 as the API reads it."""
    return datetime.fromtimestamp(date / 1000, UTC).isoformat(timespec="milliseconds")


def number_of(time: str) -> re.Pattern:
    """Matches a time of the API as the console has it: ms since 1970, perhaps with a fraction."""
    return re.compile(rf"^{milliseconds(time):.0f}(\.0\d*)?$")
