"""Tests the suggestions beside the picture, and the rules that make them."""

import re
from datetime import timedelta

from playwright.sync_api import Locator, Page, expect

from console.api import call, changed_clips, wait_until_on_air
from console.live import LiveTest
from console.picture import picture_frame
from stand_in import eventually

GOALS = {"name": "Goals", "labels": ["goal"], "beforeSeconds": 8, "afterSeconds": 4}


class SuggestionsTest(LiveTest):
    def send_mark(self, label: str, ago: float, **fields: object) -> dict:
        """Marks a moment some seconds before the live edge, as a scoring system does."""
        edge = wait_until_on_air(self.stand_in, ago + 10)
        at = (edge - timedelta(seconds=ago)).isoformat()
        body = {"label": label, "at": at, "source": "scoring"} | fields
        status, mark = call(self.stand_in, "POST", "/channels/main/marks", body)
        self.assertEqual(status, 201, mark)
        return mark

    def clip_of(self, title: str) -> dict | None:
        clips = changed_clips(self.stand_in)
        return next((it for it in clips if it["meta"]["title"] == title), None)


def suggestion(page: Page, title: str) -> Locator:
    return (
        page.get_by_role("region", name="Suggestions")
        .get_by_role("listitem")
        .filter(has_text=title)
    )


class TestSuggestions(SuggestionsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rule = GOALS | {"title": "{label} {tags.player}"}
        status, made = call(cls.stand_in, "POST", "/rules", rule)
        assert status == 201, made

    def test_who_has_never_seen_the_console_confirms_a_suggestion_and_watches_it(self):
        page = self.open_live()
        self.send_mark("goal", 12, tags={"player": "Kerr"})
        suggested = suggestion(page, "goal Kerr")
        expect(suggested).to_be_visible()
        expect(page.get_by_role("status").filter(has_text="Suggestion: goal Kerr")).to_have_count(1)
        self.assert_accessible(page)
        suggested.get_by_role("button", name="Confirm").click()
        row = (
            page.get_by_role("list", name="Clips")
            .get_by_role("listitem")
            .filter(has=page.get_by_role("button", name="Open goal Kerr"))
        )
        expect(row).to_be_visible()
        expect(suggested).to_have_count(0)
        row.get_by_role("button", name="Open goal Kerr").click()
        page.locator(".player").get_by_role("button", name="Play", exact=True).click()
        first = eventually(lambda: picture_frame(page, ".player video"), "no picture")
        eventually(
            lambda: (picture_frame(page, ".player video") or 0) > first, "the clip does not play"
        )

    def test_a_suggestion_is_dismissed_and_comes_back_by_keys(self):
        self.send_mark("goal", 12, tags={"player": "Morgan"})
        page = self.open_live()
        suggested = suggestion(page, "goal Morgan")
        expect(suggested).to_be_visible()
        suggested.get_by_role("button", name="Watch").focus()
        page.keyboard.press("ArrowDown")
        expect(suggested).to_have_attribute("aria-current", "true")
        page.keyboard.press("d")
        expect(suggested).to_have_count(0)
        expect(page.locator(".undo p")).to_have_text("Dismissed “goal Morgan”")
        page.keyboard.press("Control+z")
        expect(suggested).to_be_visible()
        eventually(lambda: self.clip_of("goal Morgan"), "it was not restored")

    def test_the_window_of_a_suggestion_is_adjusted(self):
        self.send_mark("goal", 12, tags={"player": "Rapinoe"})
        page = self.open_live()
        suggested = suggestion(page, "goal Rapinoe")
        expect(suggested).to_be_visible()
        before = self.clip_of("goal Rapinoe")["requested"]
        suggested.get_by_role("button", name="Adjust").click()
        bar = page.get_by_role("region", name="Adjust")
        expect(bar).to_contain_text("goal Rapinoe")
        self.assert_accessible(page)
        page.get_by_role("slider", name="In", exact=True).press("PageDown")
        bar.get_by_role("button", name="Save and confirm").click()
        expect(suggested).to_have_count(0)

        def read_window() -> dict | None:
            clip = self.clip_of("goal Rapinoe")
            return clip["requested"] if clip["status"] != "suggested" else None

        window = eventually(read_window, "the suggestion was not confirmed")
        self.assertLess(window["start"], before["start"])
        self.assertEqual(window["end"], before["end"])


class TestRules(SuggestionsTest):
    def test_a_rule_is_tried_saved_and_changed_by_two(self):
        self.send_mark("corner", 12)
        page = self.open_live()
        page.keyboard.press("Shift+R")
        dialog = page.get_by_role("dialog", name="Rules")
        dialog.get_by_role("button", name="New rule").click()
        dialog.get_by_label("Name of the rule").fill("Corners")
        dialog.get_by_role("button", name="Add the label corner").click()
        self.assert_accessible(page)
        dialog.get_by_role("button", name=re.compile("^Try it")).click()
        expect(dialog).to_contain_text("It would have made this clip:")
        dialog.get_by_title("Show it in the live picture").click()
        expect(dialog).to_be_hidden()
        page.keyboard.press("Shift+R")
        seconds = dialog.get_by_label("Seconds before the mark")
        with self.errors_allowed("status of 400"):
            seconds.fill("900")
            dialog.get_by_role("button", name="Create the rule").click()
            expect(seconds).to_be_focused()
            expect(dialog.locator("#rule-beforeSeconds-problem")).to_be_visible()
        seconds.fill("9")
        dialog.get_by_role("button", name="Create the rule").click()
        expect(dialog.get_by_role("status").filter(has_text="is saved")).to_have_count(1)
        _, reply = call(self.stand_in, "GET", "/rules")
        rule = next(it for it in reply["rules"] if it["name"] == "Corners")
        self.assertEqual((rule["beforeSeconds"], rule["labels"]), (9, ["corner"]))

        body = GOALS | {"name": "Corners", "labels": ["corner"]}
        body |= {"beforeSeconds": 20, "afterSeconds": 30}
        etag = {"If-Match": rule["etag"]}
        status, _ = call(self.stand_in, "PUT", f"/rules/{rule['id']}", body, **etag)
        self.assertEqual(status, 200)
        with self.errors_allowed("status of 412"):
            seconds.fill("7")
            dialog.get_by_role("button", name="Save").click()
            conflict = dialog.locator("[data-conflict]")
            expect(conflict).to_contain_text("You both changed: Seconds before the mark.")
            self.assert_accessible(page)
        conflict.get_by_role("button", name="Keep yours").click()
        expect(dialog.get_by_label("Seconds after it")).to_have_value("30")
        expect(seconds).to_have_value("7")
        expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
        _, reply = call(self.stand_in, "GET", "/rules")
        rule = next(it for it in reply["rules"] if it["name"] == "Corners")
        self.assertEqual((rule["beforeSeconds"], rule["afterSeconds"]), (7, 30))
        dialog.get_by_role("button", name="Delete the rule").click()
        dialog.get_by_role("button", name="Undo").click()
        expect(dialog.get_by_label("Name of the rule")).to_have_value("Corners")
