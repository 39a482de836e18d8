"""Tests the list of clips on a busy evening and on an empty one, in every theme and language.

Each test takes pictures into `target/browser`, to be looked at by a person.
"""

import json
import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from browser import BrowserTest
from console.api import cut, wait_for_status
from frames import FOLDER

TITLES = (
    "100 m final",
    "Heat 3",
    "False start",
    "Podium",
    "Long jump, second attempt of the champion, and the reaction of the whole stadium",
    "",
    "Lap of honor",
    "<b>Interview</b> with the winner",
)
OPERATORS = ("operator", "anna", "ben", "maximiliane-von-der-tribuene")
TAGS = ([], ["final"], ["final", "record"], ["interview"], ["heats"])
FAILURES = (
    ("window-unavailable", "The stream was not on air during the whole window."),
    ("harvest-failed", "MediaPackage could not harvest the clip: internal error"),
    ("ingest-failed", "MediaPackage could not make the clip playable in hls."),
)
# The files of a clip whose job has failed four times. No other one is started.
FAILED_FILES = {
    "kinds": "all",
    "number": 4,
    "failedTries": 4,
    "failure": "MediaConvert refused the job: the role may not read the bucket",
}
FILE = {"key": "demo/none/original.mov", "filename": "stands.mov", "thumbnails": 0}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# What looks different, by the name of its picture: saved settings, and options of the context.
LOOKS = {
    "dark": ({}, {}),
    "light": ({"theme": "light"}, {}),
    "german": ({"language": "de"}, {}),
    "longer": ({"language": "xx"}, {}),
    "right-to-left": ({"language": "xr"}, {}),
    "phone": ({}, PHONE),
    "forced-colors": ({}, {"forced_colors": "active"}),
}


def utc(time: datetime) -> str:
    """A time as rows have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class TestEvening(BrowserTest):
    # The sweep would find that most of these clips have no media.
    OPTIONS = ("--sweep", "3600", "--print-env")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.table = cls.stand_in.open_table()
        cls.fill(wait_for_status(cls.stand_in, cut(cls.stand_in, seconds=8), "ready"))

    @classmethod
    def fill(cls, clip: dict):
        """Makes an evening of 200 clips out of one: 12 on their way, 3 failed, 2 held back."""
        key = {name: clip[name] for name in ("competition", "clip")}
        ready = cls.table.get_item(Key=key)["Item"]
        # The texts that lists show are those of the clip. Lists read rows without them.
        del ready["listedAs"]
        waiting = {"status": "queued", "waiting": "clip"}
        states = [
            {"status": "scheduled", "requested": cls.window_ahead(90)},
            *[waiting | {"queuedAt": -place} for place in range(6)],
            {"status": "harvesting"},
            {"status": "harvesting"},
            {"status": "packaging"},
            {"status": "transcoding", "source": "upload", "progress": 42} | FILE,
            {"status": "uploading", "source": "upload"} | FILE,
            *[
                {"status": "failed", "failure": {"code": code, "message": message}}
                for code, message in FAILURES
            ],
            {"status": "ready", "listed": False},
            {"status": "ready", "publishAt": utc(datetime.now(UTC) + timedelta(hours=3))},
            {"status": "ready", "files": FAILED_FILES},
        ]
        states += [{"status": "ready"}] * (199 - len(states))
        now = datetime.now(UTC)
        for number, state in enumerate(states):
            cut_at = now - timedelta(seconds=40 * number)
            row = ready | state | cls.description(number, cut_at)
            cls.put(cls.without_media(row) if row["status"] != "ready" else row)

    @classmethod
    def description(cls, number: int, cut_at: datetime) -> dict:
        start = cut_at - timedelta(seconds=8 + number % 50)
        changed_at = int(cut_at.timestamp() * 1000)
        return {
            "clip": f"{start:%Y%m%d%H%M%S}_{cut_at:%Y%m%d%H%M%S}_{number:06}",
            "title": TITLES[number % len(TITLES)],
            "createdBy": OPERATORS[number % len(OPERATORS)],
            "tags": TAGS[number % len(TAGS)],
            "createdAt": utc(cut_at),
            "updatedAt": utc(cut_at),
            "readyAt": utc(cut_at + timedelta(seconds=9)),
            "changedAt": changed_at,
        }

    @staticmethod
    def window_ahead(seconds: int) -> dict:
        now = datetime.now(UTC)
        return {"start": utc(now), "end": utc(now + timedelta(seconds=seconds))}

    @staticmethod
    def without_media(row: dict) -> dict:
        missing = {"readyAt", "manifests", "playable", "activeCompetition"}
        if row["source"] == "upload":
            missing |= {"channel", "requested", "actual"}
            row = row | {"at": row["createdAt"]}
        return {name: value for name, value in row.items() if name not in missing}

    @classmethod
    def put(cls, row: dict):
        item = dict(row)
        if not row.get("listed", True) or "publishAt" in row:
            item.pop("activeCompetition", None)
        cls.table.put_item(Item=item)

    def open_console_in(self, name: str) -> Page:
        """Opens the console with the settings and options of a look."""
        settings, options = LOOKS[name]
        context = self.new_context(**options)
        saved = json.dumps(json.dumps(settings))
        script = f"if (origin !== 'null') localStorage.setItem('matchcut.settings', {saved})"
        context.add_init_script(script)
        self.choose_user(context, "operator")
        page = context.new_page()
        page.goto("/console")
        self.sign_in(page)
        return page

    def look(self, page: Page, name: str):
        """Fails if a page has a barrier, or is wider than its window; takes a picture."""
        # The browser paints forced colors, but axe computes the contrast of the page's own.
        has_own_colors = not page.evaluate("matchMedia('(forced-colors: active)').matches")
        self.assert_accessible(page, rules={"color-contrast": {"enabled": has_own_colors}})
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        self.assertLessEqual(page.evaluate(wide), 0, f"{name}: the page is wider than its window")
        FOLDER.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=FOLDER / f"evening-{name}.png")

    def test_a_busy_evening_and_an_opened_clip(self):
        for name in LOOKS:
            with self.subTest(name):
                page = self.open_console_in(name)
                expect(page.locator("li.row")).to_have_count(100)
                page.locator("li.row[data-state=ready]").first.scroll_into_view_if_needed()
                expect(page.locator("li.row img").first).to_be_visible()
                self.look(page, name)

                # The newest ready clip is the one that all others are made of.
                page.locator("li.row[data-state=ready] .open").nth(1).click()
                player = page.locator(".player")
                expect(player).to_have_attribute("data-stage", re.compile("playable|ended"))
                expect(page.locator("[data-files=failed] q")).to_have_text(FAILED_FILES["failure"])
                page.locator(".fields button:has(.lucide-scissors)").click()
                expect(page.locator("[data-trim] [role=slider]")).to_have_count(2)
                expect(player).to_have_attribute("data-stage", re.compile("playable|ended"))
                self.look(page, f"opened-{name}")
                page.context.close()

    def test_states_are_counted_and_lists_narrowed(self):
        page = self.open_console()
        expect(page.locator("li.row")).to_have_count(100)
        page.locator(".scroller").evaluate("list => list.scrollTo(0, list.scrollHeight)")
        expect(page.locator("li.row")).to_have_count(200)
        for text in ("All 200", "On their way 12", "Failed 3", "Held back 2"):
            expect(page.get_by_role("button", name=re.compile(f"^{text}$"))).to_be_visible()
        expect(page.locator("li.row[data-state=queued] .detail")).to_have_text(
            ["6th", "5th", "4th", "3rd", "2nd", "next"]
        )
        expect(page.locator("li.row[data-state=transcoding]")).to_contain_text("42%")
        page.get_by_role("button", name=re.compile("^On their way")).click()
        expect(page.locator("li.row")).to_have_count(12)
        page.get_by_role("button", name="Mine").click()
        expect(page.locator("li.row .who").first).to_have_text("you")
        expect(page.locator("li.row")).to_have_count(3)
        self.look(page, "narrowed")
        page.get_by_role("searchbox").fill("nothing has this title")
        page.get_by_role("button", name="Show all clips").click()
        expect(page.locator("li.row")).to_have_count(100)
        page.get_by_role("button", name=re.compile("^Failed")).click()
        texts = [message for _, message in FAILURES]
        texts[0] += " Cut a part of it that was on air."
        expect(page.locator("li.row .reason")).to_have_text(texts)
        # A retry of the first one would fail again.
        expect(page.get_by_role("button", name=re.compile("^Retry"))).to_have_count(2)
        self.look(page, "failed")

    def test_the_list_draws_the_newest_clips_only_once_it_is_back_at_its_top(self):
        page = self.open_console()
        rows = page.locator("li.row")
        expect(rows).to_have_count(100)
        scroller = page.locator(".scroller")
        scroller.evaluate("list => list.scrollTo(0, list.scrollHeight)")
        expect(rows).to_have_count(200)
        rows.nth(99).locator(".open").focus()
        scroller.evaluate("list => list.scrollTo(0, 0)")
        expect(rows).to_have_count(100)

        page.keyboard.press("ArrowDown")
        expect(rows).to_have_count(200)
        expect(rows.nth(100)).to_have_class(re.compile("selected"))
        expect(rows.nth(100)).to_be_in_viewport()

    def test_an_evening_without_clips_teaches_the_keys(self):
        page = self.open_console(path="/console#competition=quiet")
        expect(page.get_by_text("No clips yet")).to_be_visible()
        expect(page.get_by_text("cut the last 15 seconds that you see")).to_be_visible()
        self.look(page, "empty")
