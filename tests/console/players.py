"""Players that others have written, on a page of their own: hls.js, Shaka Player and dash.js."""

import re
from collections.abc import Callable

from playwright.sync_api import ConsoleMessage, Page, Route

from console.viewer import LocalSite
from stand_in import ROOT, eventually

MODULES = ROOT / "console/node_modules"
SCRIPTS = {
    "hls.js": MODULES / "hls.js/dist/hls.js",
    # Without its debug build, Shaka Player writes no warnings.
    "shaka.js": MODULES / "shaka-player/dist/shaka-player.compiled.debug.js",
    "dash.js": MODULES / "dashjs/dist/modern/umd/dash.all.debug.js",
    "players.js": ROOT / "tests/console/players.js",
}
PATH = "/players/"

# The warnings that say something of the media. Others are about the player itself.
OF_MEDIA = re.compile(
    "manifest|playlist error|EXT-?X?|invalid|missing|gap|encoding|not supported", re.I
)

# The complaints of players about media that is right, each with its reason.
ALLOWED = re.compile(
    "|".join(
        (
            # hls.js no longer needs the sound whose language was changed.
            "^hls.js: aborted",
            # The machine is busy.
            "bufferStalledError|bufferNudgeOnStall",
            # hls.js 1.7.4 miscounts sound that is a stream of its own. It plays to its end, as the
            # tests check.
            "bufferAppendNoProgress",
            # A clip begins with a picture. The first frame of sound begins up to 21 ms beside it.
            r"Adjusting playback time 0\.0([01]|2[01])\d* because of gap",
        )
    )
)


def files() -> dict[str, tuple[str, bytes]]:
    """The files of the page, by path."""
    tags = "".join(f"<script src='{PATH}{name}'></script>" for name in SCRIPTS)
    page = f"<!doctype html><meta charset='utf-8'><title>Players</title><body>{tags}</body>"
    found = {PATH: ("text/html", page.encode())}
    for name, file in SCRIPTS.items():
        if not file.exists():
            raise AssertionError(f"{file} is missing. Run `make console`.")
        found[f"{PATH}{name}"] = ("text/javascript", file.read_bytes())
    return found


def players_site() -> LocalSite:
    """A site of its own with the page, as the media is embedded in the pages of others."""
    return LocalSite(files())


def serve_players(page: Page):
    """Serves the page of the players on the site of the clips, whose cookies play private clips."""
    found = files()

    def fulfill(route: Route):
        content_type, body = found[f"{PATH}{route.request.url.rpartition('/')[2]}"]
        route.fulfill(content_type=content_type, body=body)

    page.route(f"**{PATH}*", fulfill)


class Player:
    """A player on the page that plays a manifest."""

    def __init__(self, page: Page, name: str, manifest: str):
        self.page, self.name = page, name
        page.evaluate("([name, url]) => play(name, url)", [name, manifest])

    def state(self) -> dict:
        return self.page.evaluate("name => state(name)", self.name)

    def complaints(self) -> list[str]:
        return self.page.evaluate("name => complaints[name]", self.name)

    def do(self, action: str, *arguments: object) -> object:
        """Calls a function of the player."""
        code = "([name, action, rest]) => open[name][action](...rest)"
        return self.page.evaluate(code, [self.name, action, arguments])

    def repeat(self, is_repeated: bool):
        """Begins again at the end, as long as it is wanted: words are shown at their times."""
        code = "([name, loop]) => { open[name].video.loop = loop; }"
        self.page.evaluate(code, [self.name, is_repeated])

    def play_the_end(self):
        # A video that has ended is paused.
        code = """name => {
          const { video } = open[name];
          video.currentTime = video.duration - 0.5;
          video.play();
        }"""
        self.page.evaluate(code, self.name)

    def wait(self, condition: Callable[[dict], object], message: str) -> dict:
        """Waits until a player's state is as it should be. Returns the state."""

        def read() -> dict | None:
            state = self.state()
            return state if condition(state) else None

        try:
            return eventually(read, f"{self.name}: {message}")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.state()}, {self.complaints()}") from None


class Players:
    """A page with players side by side, and their complaints and those of the browser."""

    def __init__(self, page: Page, address: str):
        self.page = page
        self.warnings: list[str] = []
        page.on("console", self.keep)
        page.goto(f"{address}{PATH}")

    def keep(self, message: ConsoleMessage):
        is_warning = message.type == "warning" and OF_MEDIA.search(message.text)
        if is_warning or message.type == "error":
            self.warnings.append(message.text)

    def open(self, manifests: dict[str, str]) -> list[Player]:
        """Opens the players of both formats."""
        names = {"hls": ("hls.js", "shaka hls"), "dash": ("shaka dash", "dash.js")}
        return [
            Player(self.page, name, manifest)
            for kind, manifest in manifests.items()
            for name in names[kind]
        ]

    def complaints(self, players: list[Player]) -> list[str]:
        """The errors, and the warnings of the media, for which the media must be wrong."""
        found = [f"{it.name}: {text}" for it in players for text in it.complaints()]
        return [it for it in (*found, *self.warnings) if not ALLOWED.search(it)]
