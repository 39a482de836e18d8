"""The library screen: filters, order, links, tags of many clips, deletion and restoration."""

import json
import re
from datetime import datetime, timedelta
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from playwright.sync_api import Locator, Page, Route, expect

from browser import BrowserTest
from stand_in import eventually

MARKUP = "<img src=x onerror=alert(1)>"


class TestLibrary(BrowserTest):
    def setUp(self):
        (self.token,) = self.stand_in.printed("token")

    def request(self, path: str, body: dict | None = None, method: str | None = None) -> dict:
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.origin}{path}", data, headers, method=method)) as reply:
            return json.loads(reply.read() or b"{}")

    def cut(self, competition: str, title: str, tags: list[str], **fields: object) -> dict:
        """Cuts the last seconds, as soon as the stream has been on air long enough."""
        body = {"competition": competition, "lastSeconds": 4, "title": title, "tags": tags}

        def send() -> dict | None:
            try:
                return self.request("/api/clip", body | fields)
            except HTTPError as error:
                with error:
                    return None

        return eventually(send, f"the clip {title} was not cut")

    def wait_until_ready(self, *clips: dict):
        def are_ready() -> bool:
            paths = [f"/api/competitions/{it['competition']}/clips/{it['clip']}" for it in clips]
            return all(self.request(path)["status"] == "ready" for path in paths)

        eventually(are_ready, "the clips were not ready")

    def open_library(self, competition: str, **options: object) -> Page:
        path = f"/console#screen=library&competition={competition}"
        page = self.open_console(path=path, **options)
        expect(page.get_by_role("heading", name=f"Library: {competition}")).to_be_visible()
        return page

    def row(self, page: Page, title: str) -> Locator:
        return page.locator("[data-row]").filter(has_text=title)

    def expect_titles(self, page: Page, *titles: str):
        expect(page.locator("[data-row] .name")).to_have_text(list(titles))

    def test_filters_and_order(self):
        final = self.cut("filters", f"100 m final {MARKUP}", ["final"])
        heat = self.cut("filters", "Heat 3", ["heats"])
        held = self.cut("filters", "Interview", ["final"], listed=False)
        self.wait_until_ready(final, heat, held)
        page = self.open_library("filters")
        expect(page.locator("[data-row]")).to_have_count(3)
        self.assert_accessible(page)
        expect(page.locator("[data-row] img[src=x]")).to_have_count(0)

        state = page.get_by_label("State", exact=True)
        state.select_option("Held back")
        self.expect_titles(page, "Interview")
        state.select_option("Ready and listed")
        expect(page.locator("[data-row]")).to_have_count(2)
        page.get_by_role("button", name="Clear filters").click()

        page.get_by_label("Order").select_option("By title")
        self.expect_titles(page, f"100 m final {MARKUP}", "Heat 3", "Interview")
        page.get_by_label("Tag", exact=True).select_option("final")
        self.expect_titles(page, f"100 m final {MARKUP}", "Interview")
        page.get_by_role("searchbox", name="Find a clip").fill("INTERV")
        self.expect_titles(page, "Interview")
        page.get_by_role("button", name="Clear filters").click()

        page.get_by_label("Source").select_option("Files")
        expect(page.get_by_text("No clip matches these filters.")).to_be_visible()
        page.get_by_role("button", name="Clear filters").click()

        start = datetime.fromisoformat(final["requested"]["start"])
        page.get_by_label("To", exact=True).fill(f"{start - timedelta(hours=1):%Y-%m-%dT%H:%M}")
        expect(page.locator("[data-row]")).to_have_count(0)
        page.get_by_label("To", exact=True).fill(f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M}")
        expect(page.locator("[data-row]")).to_have_count(3)

    def test_a_clip_is_deleted_restored_and_opened(self):
        clip = self.cut("actions", "Podium", [])
        self.wait_until_ready(clip)
        page = self.open_library("actions", permissions=["clipboard-read", "clipboard-write"])
        row = self.row(page, "Podium")
        row.get_by_role("button", name="Copy the link to Podium").click()
        expect(page.get_by_text("Link copied")).to_be_visible()
        link = page.evaluate("navigator.clipboard.readText()")
        self.assertEqual(link, f"{self.origin}/c/actions/{clip['clip']}")

        row.get_by_role("button", name="Delete Podium").click()
        expect(row).to_have_attribute("data-state", "deleting")
        row.get_by_role("button", name=re.compile("^Restore")).click()
        expect(row).to_have_attribute("data-state", "ready")

        row.get_by_role("button", name="Open Podium").click()
        expect(page.locator("[data-opened]")).to_have_attribute("data-opened", clip["clip"])
        page.locator("[data-opened]").get_by_label("Title").fill("The podium")
        page.keyboard.press("Tab")
        expect(self.row(page, "The podium")).to_be_visible()
        page.get_by_role("button", name="All clips").click()
        expect(page.locator("[data-opened]")).to_have_count(0)

    def test_a_clip_of_the_trash_is_restored_days_later(self):
        clip = self.cut("trash", "Relay", [])
        self.wait_until_ready(clip)
        page = self.open_library("trash")
        self.row(page, "Relay").get_by_role("button", name="Delete Relay").click()
        # The other lists show a deleted clip for ten seconds only.
        expect(page.locator("[data-row]")).to_have_count(0)
        page.get_by_label("State", exact=True).select_option("Trash")
        row = self.row(page, "Relay")
        restore = row.get_by_role("button", name="Restore (7 days left)")
        expect(restore).to_be_visible()
        self.assert_accessible(page)
        restore.click()
        expect(page.get_by_text("The trash is empty.")).to_be_visible()
        page.get_by_role("button", name="Clear filters").click()
        expect(row).to_have_attribute("data-state", "ready")

    def test_many_clips_are_tagged_held_back_and_deleted_at_once(self):
        clips = [self.cut("bulk", f"Heat {number}", []) for number in (1, 2, 3)]
        self.wait_until_ready(*clips)
        page = self.open_library("bulk")
        for title in ("Heat 2", "Heat 1"):
            self.row(page, title).get_by_role("checkbox").check()
        bar = page.get_by_role("group", name="2 chosen")
        self.assert_accessible(page)
        bar.get_by_role("button", name="Add record").click()
        expect(page.locator("[data-row]").filter(has_text="#record")).to_have_count(2)
        bar.get_by_label("Another tag").fill("my tag")
        page.keyboard.press("Enter")
        expect(page.locator("[data-row]").filter(has_text="#record #my tag")).to_have_count(2)
        bar.get_by_role("button", name="Hold back").click()
        expect(page.locator("[data-row][data-state=held]")).to_have_count(2)
        bar.get_by_role("button", name="Delete").click()
        bar.get_by_role("button", name="Delete them").click()
        expect(page.locator("[data-row][data-state=deleting]")).to_have_count(2)
        expect(self.row(page, "Heat 3")).to_have_attribute("data-state", "ready")

    def test_clips_are_dragged_into_the_order_of_a_reel(self):
        clips = [self.cut("reels", f"Heat {number}", []) for number in (1, 2, 3, 4)]
        self.wait_until_ready(*clips)
        page = self.open_library("reels")
        page.get_by_label("Choose all that are shown").check()
        page.get_by_role("button", name="Make a reel").click()
        dialog = page.get_by_role("dialog", name="Make a reel")
        names = dialog.locator("li strong")
        expect(names).to_have_text(["Heat 1", "Heat 2", "Heat 3", "Heat 4"])
        expect(dialog.get_by_text("4 clips, 0:16 in total")).to_be_visible()
        self.assert_accessible(page)
        names.nth(2).drag_to(names.nth(0), target_position={"x": 5, "y": 1})
        expect(names).to_have_text(["Heat 3", "Heat 1", "Heat 2", "Heat 4"])
        down = dialog.get_by_role("button", name="Move Heat 3 down")
        down.press("Enter")
        down.press("Alt+End")
        expect(names).to_have_text(["Heat 1", "Heat 2", "Heat 4", "Heat 3"])
        expect(dialog.get_by_role("status").last).to_have_text("Heat 3: place 4 of 4")
        expect(down).to_be_focused()
        dialog.get_by_role("button", name="Take Heat 2 out").click()
        dialog.get_by_label("Title of the reel").fill("Two heats")

        page.route("**/reels", self.refuse_reel, times=1)
        with self.errors_allowed("status of 409"):
            dialog.get_by_role("button", name="Make the reel").click()
            expect(dialog.get_by_role("alert")).to_contain_text("because of Heat 4")
        expect(dialog.locator("li").filter(has_text="Heat 4")).to_contain_text("not ready")
        path = f"/api/competitions/reels/clips/{clips[3]['clip']}"
        self.request(path, method="DELETE")
        expect(dialog.get_by_text("Not every clip is ready.")).to_be_visible()
        expect(dialog.get_by_role("button", name="Make the reel")).to_be_disabled()
        dialog.get_by_role("button", name="Take Heat 4 out").click()
        dialog.get_by_role("button", name="Make the reel").click()
        reel = self.row(page, "Two heats")
        expect(reel.get_by_role("button", name="Open Two heats")).to_be_focused()
        made = self.request(f"/api/competitions/reels/clips/{reel.get_attribute('data-row')}")
        self.assertEqual(made["clips"], [clips[0]["clip"], clips[2]["clip"]])

    def refuse_reel(self, route: Route):
        """Refuses a reel for its second clip."""
        problem = {"type": "urn:matchcut:problem:not-ready", "title": "", "status": 409}
        content = json.dumps(problem | {"detail": "It is harvesting.", "field": "clips[1]"})
        route.fulfill(status=409, content_type="application/problem+json", body=content)

    def test_a_phone_shows_every_row(self):
        clip = self.cut("phone", "Long jump", ["final"])
        self.wait_until_ready(clip)
        page = self.open_library("phone", viewport={"width": 390, "height": 844})
        expect(self.row(page, "Long jump")).to_be_in_viewport()
        self.assert_accessible(page)
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        self.assertEqual(page.evaluate(overflow), 0)
