"""Takes the pictures of docs/pictures in a real browser, on a stand-in of its own.

The busy evening is made of copies of one real clip, because hundreds of harvests would take hours.
"""

import sys
import unittest
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser import BrowserTest  # noqa: E402
from console.api import cut, wait_for_status, wait_until_on_air  # noqa: E402
from console.picture import picture_frame  # noqa: E402
from console.viewer import parse_time  # noqa: E402
from stand_in import eventually  # noqa: E402

FOLDER = ROOT / "docs/pictures"
TITLES = [
    ("100 m final", ["final", "record"]),
    ("100 m heats, heat 3", ["heats"]),
    ("False start in heat 2", ["heats"]),
    ("The winner speaks", ["interview"]),
    ("Long jump: 8.41 m", ["final", "highlight"]),
    ("Relay, third exchange", ["highlight"]),
]
FAILURE = {
    "code": "window-unavailable",
    "message": "The stream was not on air during the whole window.",
}


class Pictures(BrowserTest):
    PICTURE = ()
    OPTIONS = ("--print-env", "--startover", "3600")

    def take(self):
        """Takes every picture."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        wait_until_on_air(self.stand_in, 45)
        clips = [
            cut(self.stand_in, seconds=6 + 2 * number, title=title, tags=tags)
            for number, (title, tags) in enumerate(TITLES)
        ]
        for clip in clips:
            wait_for_status(self.stand_in, clip, "ready")
        cut(self.stand_in, seconds=10, ahead=600, title="High jump, still rolling")

        console = self.open_live()
        self.mark(console)
        self.save(console, "console")
        console.keyboard.press("Shift+Slash")
        self.save(console, "keys")
        console.keyboard.press("Escape")
        library = self.open_console(path="/console#screen=library")
        expect(library.get_by_text("These are all clips.")).to_be_visible()
        self.save(library, "library")
        watch = self.open("/w/demo")
        expect(watch.locator("main a[href*='/c/']").nth(5)).to_be_visible()
        watch.wait_for_timeout(5_000)
        self.save(watch, "watch")

        self.fill(clips[0])
        busy = self.open_live("anna")
        expect(busy.locator("[data-state='failed']").first).to_be_visible()
        self.mark(busy)
        self.save(busy, "console-busy")

    def open_live(self, username: str = "operator") -> Page:
        """Opens the console, and waits until the timeline has its pictures."""
        page = self.open_console(username, color_scheme="dark")
        eventually(lambda: picture_frame(page), "no live picture")
        page.wait_for_timeout(8_000)
        return page

    def mark(self, page: Page):
        """Sets in and out points around the last seconds of the picture."""
        page.keyboard.press("Space")
        page.keyboard.press("KeyO")
        for _ in range(8):
            page.keyboard.press("Shift+ArrowLeft")
        page.wait_for_timeout(500)
        page.keyboard.press("KeyI")
        page.keyboard.press("Shift+KeyO")
        page.wait_for_timeout(2_000)

    def fill(self, clip: dict):
        """Copies the row of a clip: 180 are ready, 12 on their way, and 3 have failed."""
        table = self.stand_in.open_table()
        row = table.get_item(Key={name: clip[name] for name in ("competition", "clip")})["Item"]
        # The texts that lists show are those of the clip. Lists read rows without them.
        del row["listedAs"]
        start = parse_time(clip["requested"]["start"])
        for number in range(195):
            moment = f"{start - timedelta(seconds=20 * number):%Y%m%d%H%M%S}"
            title, tags = TITLES[number % len(TITLES)]
            copy = row | {
                "clip": f"{moment}_{moment}_copy{number % 100:02}",
                "title": title,
                "tags": tags,
                "createdBy": ("anna", "ben", "chidi")[number % 3],
                "changedAt": row["changedAt"] - 1000 * number,
            }
            if number < 15:
                copy["status"] = ("harvesting", "packaging")[number % 2]
            if number % 5 == 4 and number < 15:
                copy |= {"status": "failed", "failure": FAILURE}
            if copy["status"] != "ready":
                copy.pop("activeCompetition", None)
                copy.pop("readyAt", None)
            table.put_item(Item=copy)

    def save(self, page: Page, name: str):
        page.screenshot(path=FOLDER / f"{name}.png")
        print(FOLDER / f"{name}.png", flush=True)


def main():
    Pictures.setUpClass()
    try:
        pictures = Pictures("take")
        with pictures.contexts_kept():
            pictures.take()
    finally:
        unittest.case.doModuleCleanups()


if __name__ == "__main__":
    main()
