"""Base of the tests of the live screen."""

import json
from datetime import datetime

from playwright.sync_api import Page

from authorization import ask
from browser import BrowserTest
from console.picture import wait_for_picture
from stand_in import eventually


class LiveTest(BrowserTest):
    def open_live(self, **options: object) -> Page:
        """Opens the console in a new context and waits for the live picture."""
        page = self.open_console(**options)
        wait_for_picture(page)
        return page

    def clips(self) -> list[dict]:
        """The clips of all operators, the newest first."""
        url = f"{self.origin}/api/competitions/demo/changes"
        _, _, body = ask("GET", url, self.stand_in.printed("token")[0])
        return [it for it in json.loads(body)["clips"] if it["status"] != "deleting"]

    def clip_titled(self, title: str) -> dict | None:
        return next((it for it in self.clips() if it["meta"]["title"] == title), None)

    def wait_until_aired(self, seconds: int):
        """Waits until the stream has been on air for some seconds."""
        token = self.stand_in.printed("token")[0]

        def has_aired() -> bool:
            _, _, body = ask("GET", f"{self.origin}/api/channels", token)
            window = json.loads(body)["channels"][0].get("window")
            return (
                bool(window)
                and milliseconds(window["end"]) - milliseconds(window["start"]) >= 1000 * seconds
            )

        eventually(has_aired, f"the stream was not on air for {seconds} s")


def milliseconds(time: str) -> float:
    """A time of the API in ms since 1970."""
    return datetime.fromisoformat(time).timestamp() * 1000


def address(page: Page) -> str:
    """The address of a page. `page.url` would be as old as the last event."""
    return page.evaluate("location.href")
