"""Tests the marks of a channel on the live screen: set, seen by others, and turned into a cut."""

from playwright.sync_api import Page, Route, expect

from console.api import call
from console.live import LiveTest, milliseconds
from console.picture import frame_of, pause, timecode_frame, wait_for_frame
from stand_in import eventually


class TestMarks(LiveTest):
    def marks(self) -> list[dict]:
        """The marks of the channel by time."""
        status, page = call(self.stand_in, "GET", "/channels/main/marks")
        self.assertEqual(status, 200, page)
        return page["marks"]

    def expect_flags(self, page: Page, labels: list[str]):
        expect(page.locator(".track [data-mark] b")).to_have_text(labels)

    def test_a_mark_is_set_by_key_seen_by_others_and_cut(self):
        self.wait_until_aired(20)
        anna, ben = self.open_live(), self.open_live(username="ben")
        frame = pause(anna)
        label = anna.get_by_label("Label of the mark")
        label.fill("goal")
        label.press("Escape")
        anna.keyboard.press("KeyM")
        self.expect_flags(anna, ["goal"])
        self.expect_flags(ben, ["goal"])
        (mark,) = self.marks()
        self.assertEqual(frame_of(milliseconds(mark["at"])), frame)
        self.assert_accessible(anna)

        # The other operator goes to the mark, and cuts around it.
        ben.keyboard.press("Shift+ArrowUp")
        wait_for_frame(ben, frame, "the frame of the mark")
        ben.keyboard.press("Shift+KeyM")
        start = timecode_frame(ben.get_by_test_id("mark-in").inner_text())
        self.assertEqual(start, frame - 10 * 25)
        ben.get_by_role("button", name="1 mark").click()
        self.assert_accessible(ben)
        ben.keyboard.press("Escape")

        anna.keyboard.press("Control+KeyZ")
        self.expect_flags(anna, [])
        self.expect_flags(ben, [])
        eventually(lambda: not self.marks(), "the mark was not deleted")

    def test_a_mark_whose_reply_is_lost_is_set_once(self):
        self.wait_until_aired(20)
        page = self.open_live()
        before = len(self.marks())
        lost: list[int] = []

        def lose(route: Route):
            if route.request.method != "POST" or lost:
                route.continue_()
                return
            lost.append(route.fetch().status)
            route.abort()

        page.route("**/api/channels/main/marks*", lose)
        with self.errors_allowed("net::ERR_"):
            page.keyboard.press("KeyM")
            expect(page.locator(".track [data-mark].sending")).to_have_count(1)
            expect(page.locator(".track [data-mark].sending")).to_have_count(0)
        self.assertEqual(lost, [201])
        self.assertEqual(len(self.marks()), before + 1)
