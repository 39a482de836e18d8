"""Tests the live screen while the stream goes off air and comes back."""

import re

from playwright.sync_api import Page, expect

from browser import BrowserTest
from console.picture import pause, picture_frame, wait_for_frame, wait_for_picture
from stand_in import eventually


class TestOffAir(BrowserTest):
    OPTIONS = ("--channel-delay", "1")

    def control(self, page: Page, button: str):
        """Starts or stops the channel in its dialog."""
        page.get_by_role("button", name="main: state, start and stop").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("an hour")
        self.assert_accessible(page)
        dialog.get_by_role("button", name=re.compile(f"^{button}")).click()
        expect(dialog).to_be_hidden()

    def test_the_stream_stops_and_starts_inside_of_the_window(self):
        page = self.open_console()
        wait_for_picture(page)
        self.control(page, "Stop the channel")
        picture = page.locator(".picture")
        expect(picture).to_have_attribute("data-air", "off")
        expect(picture).to_contain_text("Off air")
        last = pause(page)
        page.keyboard.press("Shift+ArrowLeft")
        wait_for_frame(page, last - 25, "one second back while off air")
        self.assert_accessible(page)

        self.control(page, "Start for")
        expect(picture).to_have_attribute("data-air", "live")
        expect(page.locator(".timeline .gap").first).to_be_visible()
        page.keyboard.press("End")
        eventually(lambda: (picture_frame(page) or 0) > last + 25, "no picture of after the gap")
        pause(page)

        def is_across() -> bool:
            page.keyboard.press("Shift+ArrowLeft")
            return pause(page) <= last

        eventually(is_across, "the picture of before the gap is not reached")


class TestStalled(BrowserTest):
    OPTIONS = ("--faults", "stall=20")

    def test_a_stalled_stream_is_shown_on_the_channel_and_beside_the_picture(self):
        page = self.open_console()
        wait_for_picture(page)
        channel = page.locator("[data-channel=main]")
        expect(channel).to_have_attribute("data-condition", "stalled", timeout=90_000)
        expect(channel).to_contain_text("Stalled")
        picture = page.locator(".picture")
        expect(picture).to_contain_text("The stream is stalled.")
        self.assert_accessible(page)
