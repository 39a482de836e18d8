"""Tests the clips beside the picture: cut, undo, retry, edit, hold back, and what others do."""

import json
import re
from base64 import urlsafe_b64decode
from time import time
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from browser import BrowserTest
from console.api import call, changed_clips, clip_path, cut, wait_for_status, wait_until_on_air
from stand_in import eventually

# What the service answers while the stand-in is down, and to edits that meet another one.
NO_REPLY = r"net::ERR_"
CONFLICT = "status of 412"


def row(page: Page, clip: dict) -> Locator:
    """The row of a clip in the list."""
    return page.locator(f"li.row[data-clip='{clip['clip']}']")


def expect_state(page: Page, clip: dict, state: str):
    """Waits until the row of a clip shows a state, or one of several."""
    states = re.compile(f"^({state})$")
    expect(row(page, clip)).to_have_attribute("data-state", states)


def wait_for_picture(page: Page):
    """Waits until the console knows when the live picture was on air: only that can be cut."""
    clock = page.get_by_role("button", name=re.compile(r"^Time of the picture \d\d:\d\d:\d\d"))
    expect(clock).to_be_visible()


class ClipsTest(BrowserTest):
    """Tests with the clips of one stand-in."""

    def api(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Asks the API as the operator."""
        return call(self.stand_in, method, path, body, **headers)

    def cut(self, **options: object) -> dict:
        return cut(self.stand_in, **options)

    def ready_clip(self, **options: object) -> dict:
        return wait_for_status(self.stand_in, self.cut(**options), "ready")

    def wait_until_hidden(self, clip: dict):
        """Waits until requests do not find a deleted clip."""
        path = clip_path(clip)
        eventually(lambda: self.api("GET", path)[0] == 404, "the clip was not deleted")

    def read(self, clip: dict) -> dict:
        """A clip as everybody sees it."""
        status, shown = self.api("GET", clip_path(clip))
        self.assertEqual(status, 200, shown)
        return shown

    def open_clip(self, page: Page, clip: dict):
        """Opens a clip of the list beside the picture."""
        row(page, clip).locator(".open").click()
        expect(page.locator("[data-opened]")).to_have_attribute("data-opened", clip["clip"])

    def cut_by_key(self, page: Page, aired: int = 30) -> Locator:
        """Cuts the last 15 s of the picture by its key, or what has aired. Returns the new row."""
        wait_until_on_air(self.stand_in, aired)
        expect(page.locator("li.row.selected")).to_have_count(0)
        wait_for_picture(page)
        page.keyboard.press("1")
        new = page.locator("li.row.selected")
        expect(new).to_be_visible()
        return new


class TestClips(ClipsTest):
    def test_a_cut_is_undone_and_done_again(self):
        page = self.open_console()
        new = self.cut_by_key(page)
        expect(new).to_have_attribute("data-clip", re.compile("."))
        clip = {"competition": "demo", "clip": new.get_attribute("data-clip")}
        banner = page.locator(".undo p")
        expect(banner).to_have_text(re.compile(r"^Cut 15.* at \d\d:\d\d:\d\d$"))
        page.keyboard.press("Control+z")
        expect_state(page, clip, "deleting")
        self.wait_until_hidden(clip)
        expect(banner).to_have_text(re.compile("^Undone: Cut 15"))
        page.get_by_role("button", name=re.compile("^Redo")).click()
        expect_state(page, clip, "queued|harvesting|packaging|ready")
        self.assertEqual(self.api("GET", clip_path(clip))[0], 200)

    def test_a_deletion_is_undone(self):
        clip = self.ready_clip(title="Undone deletion")
        page = self.open_console()
        row(page, clip).hover()
        row(page, clip).get_by_role("button", name="Delete").click()
        expect_state(page, clip, "deleting")
        self.wait_until_hidden(clip)
        expect(page.get_by_text("Deleted “Undone deletion”")).to_be_visible()
        page.get_by_role("button", name=re.compile("^Undo")).click()
        expect_state(page, clip, "ready")
        _, restored = self.api("GET", clip_path(clip))
        self.assertEqual(restored["status"], "ready")

    def test_two_operators_see_each_other(self):
        anna, ben = self.open_console("anna"), self.open_console("ben")
        clip = {"competition": "demo", "clip": None}
        new = self.cut_by_key(anna)
        expect(new).to_have_attribute("data-clip", re.compile("."))
        clip["clip"] = new.get_attribute("data-clip")
        expect(row(ben, clip).locator(".who")).to_have_text("anna")
        expect(row(anna, clip).locator(".who")).to_have_text("you")
        expect(ben.get_by_role("status").filter(has_text="anna cut")).to_have_count(1)
        row(ben, clip).hover()
        row(ben, clip).get_by_role("button", name="Delete").click()
        expect_state(anna, clip, "deleting")
        row(anna, clip).get_by_role("button", name="Restore").click()
        expect_state(ben, clip, "queued|harvesting|packaging|ready")

    def test_two_edits_of_one_title_are_both_shown(self):
        clip = self.ready_clip(title="Heat")
        anna, ben = self.open_console("anna"), self.open_console("ben")
        self.open_clip(anna, clip)
        self.open_clip(ben, clip)
        title = ben.get_by_role("textbox", name="Title", exact=True).last
        title.fill("Heat of Ben")
        anna.get_by_role("textbox", name="Title", exact=True).last.fill("Heat of Anna")
        anna.keyboard.press("Enter")
        expect(ben.locator("[data-opened] > h2")).to_have_text("Heat of Anna")
        expect(title).to_have_value("Heat of Ben")
        with self.errors_allowed(CONFLICT):
            title.press("Enter")
            conflict = ben.locator("[data-conflict]")
            expect(conflict.get_by_text("Heat of Anna")).to_be_visible()
            expect(conflict.get_by_text("Heat of Ben")).to_be_visible()
        self.assertEqual(self.api("GET", clip_path(clip))[1]["meta"]["title"], "Heat of Anna")
        self.assert_accessible(ben)
        conflict.get_by_role("button", name="Keep yours").click()
        expect(anna.locator("[data-opened] > h2")).to_have_text("Heat of Ben")
        expect(conflict).to_have_count(0)

    def test_edits_of_different_fields_are_both_kept(self):
        clip = self.ready_clip(title="Long jump")
        page = self.open_console()
        self.open_clip(page, clip)
        description = page.get_by_role("textbox", name="Description")
        description.fill("Second attempt")
        etag = next(it for it in changed_clips(self.stand_in) if it["clip"] == clip["clip"])["etag"]
        status, _ = self.api("PATCH", clip_path(clip), {"tags": ["record"]}, **{"If-Match": etag})
        self.assertEqual(status, 200)
        with self.errors_allowed(CONFLICT):
            description.blur()
            eventually(
                lambda: self.read(clip)["meta"]["description"] == "Second attempt",
                "the description was not stored",
            )
        self.assertEqual(self.api("GET", clip_path(clip))[1]["meta"]["tags"], ["record"])

    def test_a_clip_is_held_back_and_published(self):
        clip = self.ready_clip(title="Held back")
        page = self.open_console()
        self.open_clip(page, clip)
        page.get_by_role("radio", name="Held back").check()
        expect(page.locator(".state.held").first).to_be_visible()
        self.assertFalse(self.is_listed(clip))
        page.get_by_role("button", name="Publish now").click()
        expect(page.locator(".state.ready").first).to_be_visible()
        self.assertTrue(self.is_listed(clip))

        page.get_by_role("radio", name="In the lists from a set time").check()
        time_field = page.get_by_label("In the lists from a set time").last
        expect(time_field).to_be_visible()
        expect(page.locator(".state.held").first).to_be_visible()
        self.assertFalse(self.is_listed(clip))
        time_field.fill("2020-01-01T00:00:00")
        # A time that has passed publishes at once.
        expect(
            page.get_by_role("radio", name=re.compile("^In the viewers.+ lists$"))
        ).to_be_checked()
        self.assertTrue(self.is_listed(clip))

    def is_listed(self, clip: dict) -> bool:
        _, page = self.api("GET", f"/competitions/{clip['competition']}/clips")
        return clip["clip"] in [it["clip"] for it in page["clips"]]

    def test_a_scheduled_clip_is_extended_and_ended(self):
        clip = self.cut(ahead=120, title="Still rolling")
        page = self.open_console()
        expect_state(page, clip, "scheduled")
        self.open_clip(page, clip)
        page.get_by_role("button", name="+30 s").click()
        eventually(
            lambda: self.read(clip)["requested"]["end"] > clip["requested"]["end"],
            "the end did not move",
        )
        page.get_by_role("button", name="End it now").click()
        wait_for_status(self.stand_in, clip, "ready")

    def test_a_ready_clip_is_trimmed_within_its_media_and_beyond(self):
        wait_until_on_air(self.stand_in, 20)
        clip = self.ready_clip(seconds=6, title="Trimmed")
        before = clip["requested"]
        page = self.open_console()
        self.open_clip(page, clip)
        page.get_by_role("button", name="Trim", exact=True).click()
        panel = page.get_by_role("region", name="Trim the clip")
        start = panel.get_by_role("slider", name="In", exact=True)
        expect(start).to_be_focused()
        expect(page.locator(".player")).to_have_attribute("data-stage", "playable")
        page.keyboard.press("Shift+ArrowRight")
        expect(panel.get_by_role("status")).to_contain_text("viewers see the new cut at once")
        expect(panel.get_by_test_id("trim-length")).to_have_text(re.compile(r"^5\..* before 6"))
        self.assert_accessible(page)
        panel.get_by_role("button", name="Save").click()
        expect(page.get_by_role("button", name="Trim", exact=True)).to_be_focused()
        expect(page.locator(".undo p")).to_have_text(re.compile("^Trimmed “Trimmed” to 5"))
        moved = eventually(
            lambda: self.window_unless(clip, before), "the trim of the start was not stored"
        )
        self.assertEqual(moved["end"], before["end"])
        page.keyboard.press("Control+z")
        eventually(lambda: self.window_unless(clip, moved) == before, "the trim was not undone")

        page.get_by_role("button", name="Trim", exact=True).click()
        page.keyboard.press("PageDown")
        expect(panel.get_by_role("status")).to_contain_text("is harvested again")
        panel.get_by_role("button", name="Save").click()
        expect(page.locator("[data-remake]")).to_contain_text("The old one plays until then")
        self.assertEqual(self.read(clip)["requested"], before)
        remade = eventually(lambda: self.window_unless(clip, before), "no new media was made")
        self.assertLess(remade["start"], before["start"])
        expect(page.locator("[data-remake]")).to_have_count(0)

    def window_unless(self, clip: dict, window: dict) -> dict | None:
        """The requested window of a clip, if it is another one."""
        requested = self.read(clip)["requested"]
        return requested if requested != window else None

    def test_title_and_tags_are_typed_while_the_clip_is_on_its_way(self):
        page = self.open_console()
        new = self.cut_by_key(page)
        key = "li.row.selected input"
        page.keyboard.press("Shift+T")
        expect(page.locator(key).first).to_be_focused()
        page.keyboard.type("<b>Final</b> 1 2 3")
        page.keyboard.press("Alt+2")
        page.keyboard.press("Enter")
        expect(new).to_have_attribute("data-clip", re.compile("."))
        clip = {"competition": "demo", "clip": new.get_attribute("data-clip")}

        def read_meta() -> dict | None:
            meta = self.read(clip)["meta"]
            return meta if meta["title"] and meta["tags"] else None

        meta = eventually(read_meta, "title and tags were not stored")
        self.assertEqual((meta["title"], meta["tags"]), ("<b>Final</b> 1 2 3", ["heats"]))
        expect(page.locator("li.row.selected input").first).to_have_value("<b>Final</b> 1 2 3")

    def test_the_list_is_operated_by_keys(self):
        older, newer = self.cut(title="Older"), self.cut(title="Newer")
        page = self.open_console()
        expect(row(page, newer)).to_be_visible()
        page.keyboard.press("ArrowDown")
        expect(row(page, newer)).to_have_class(re.compile("selected"))
        page.keyboard.press("ArrowDown")
        expect(row(page, older)).to_have_class(re.compile("selected"))
        expect(page.get_by_role("status").filter(has_text="Older, ")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(page.locator("[data-opened]")).to_have_attribute("data-opened", older["clip"])
        page.keyboard.press("Escape")
        expect(row(page, older).locator(".open")).to_be_focused()
        page.keyboard.press("Delete")
        expect_state(page, older, "deleting")
        page.keyboard.press("Control+z")
        expect_state(page, older, "queued|harvesting|packaging|ready")
        page.keyboard.press("q")
        page.keyboard.type("newer")
        expect(row(page, older)).to_have_count(0)
        expect(row(page, newer)).to_be_visible()

    def test_a_cut_whose_reply_is_lost_arrives_once(self):
        page = self.open_console()
        before = {it["clip"] for it in changed_clips(self.stand_in)}
        lost = []

        def lose(route: Route):
            if lost:
                route.continue_()
                return
            lost.append(route.fetch())
            route.abort()

        page.route("**/api/clip", lose)
        with self.errors_allowed(NO_REPLY):
            new = self.cut_by_key(page)
            expect(new).to_have_attribute("data-clip", re.compile("."))
        made = {it["clip"] for it in changed_clips(self.stand_in)} - before
        self.assertEqual(made, {new.get_attribute("data-clip")})
        self.assertEqual([reply.status for reply in lost], [202])

    def test_a_refused_cut_stays_until_it_is_discarded(self):
        page = self.open_console()
        problem = {
            "type": "urn:matchcut:problem:window-unavailable",
            "title": "Window unavailable",
            "status": 422,
            "detail": "The stream was not on air during the whole window.",
        }
        page.route(
            "**/api/clip",
            lambda route: route.fulfill(
                status=422, content_type="application/problem+json", body=json.dumps(problem)
            ),
        )
        with self.errors_allowed("status of 422"):
            self.cut_by_key(page)
            refused = page.locator("li.row[data-state=refused]")
            expect(refused).to_contain_text("not on air")
            expect(page.get_by_role("alert").filter(has_text="A cut was refused")).to_have_count(1)
            self.assert_accessible(page)
        refused.get_by_role("button", name="Discard").click()
        expect(refused).to_have_count(0)


class TestFailures(ClipsTest):
    """With this seed, the first harvest job fails and the next two succeed."""

    OPTIONS = ("--faults", "fail=0.2,seed=6")

    def test_a_failed_clip_is_retried_by_its_key(self):
        page = self.open_console()
        clip = self.cut(title="Fails first")
        expect_state(page, clip, "failed")
        expect(page.get_by_role("alert").filter(has_text="Fails first failed: ")).to_have_count(1)
        self.assert_accessible(page)
        expect(row(page, clip).get_by_role("button", name="Retry 2/5")).to_be_visible()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("r")
        expect_state(page, clip, "ready")


class TestExpiry(ClipsTest):
    """Access tokens live for a few seconds."""

    OPTIONS = ("--token-lifetime", "4")

    def test_a_token_that_ends_in_the_middle_of_a_cut_is_replaced(self):
        page = self.open_console()
        before = {it["clip"] for it in changed_clips(self.stand_in)}
        statuses = []

        def hold(route: Route):
            token = route.request.headers["authorization"].split()[1].split(".")[1]
            ends = json.loads(urlsafe_b64decode(token + "=="))["exp"]
            if not statuses:
                eventually(lambda: time() > ends + 1, "the token did not expire")
            reply = route.fetch()
            statuses.append(reply.status)
            route.fulfill(response=reply)

        page.route("**/api/clip", hold)
        with self.errors_allowed("status of 401"):
            new = self.cut_by_key(page, aired=20)
            expect(new).to_have_attribute("data-clip", re.compile("."))
        self.assertEqual(statuses, [401, 202])
        made = {it["clip"] for it in changed_clips(self.stand_in)} - before
        self.assertEqual(made, {new.get_attribute("data-clip")})


class TestAway(ClipsTest):
    """The stand-in is killed and started again. It keeps its clips and its port."""

    def test_a_cut_while_the_service_is_down_arrives_once(self):
        page = self.open_console()
        clip = self.cut(title="Before")
        expect(row(page, clip)).to_be_visible()
        wait_until_on_air(self.stand_in, 30)
        wait_for_picture(page)
        with self.errors_allowed(f"{NO_REPLY}|status of 50|Failed to fetch"):
            before = {it["clip"] for it in changed_clips(self.stand_in)}
            self.stand_in.kill()
            page.keyboard.press("1")
            unsent = page.locator("li.row[data-state=sending]")
            expect(unsent).to_be_visible()
            expect(page.locator("[data-banner=away]")).to_contain_text("is sent once")
            self.assert_accessible(page)
            self.stand_in.start()
            expect(unsent).to_have_count(0)
            expect(page.locator("[data-banner=away]")).to_have_count(0)
        made = {it["clip"] for it in changed_clips(self.stand_in)} - before
        self.assertEqual(len(made), 1)
        expect(row(page, {"clip": made.pop()})).to_be_visible()
