"""What the tests of the viewer's pages share: clips, their frames, and what a page shows."""

import json
import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urljoin
from urllib.request import Request

from playwright.sync_api import FrameLocator, Locator, Page, expect

from browser import BrowserTest
from frames import BITS, numbered_video
from stand_in import Segment, eventually, get, segments, uris

# Frames a second of the stream.
RATE = 25
# The context of a phone.
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}

# Keeps each layout shift of a page, with what moved.
OBSERVE_SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const { value, sources } of list.getEntries())
    window.shifts.push([value, sources.map(({ node }) => node?.outerHTML?.slice(0, 120))]);
}).observe({ type: 'layout-shift', buffered: true });
"""

# The controls of a page whose text is cut off, and how much wider than its window the page is.
FIND_OVERFLOW = """
() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  const controls = [...document.querySelectorAll('button, .button, select, h1, h2, label, dt')];
  const cut = controls.filter(it => it.checkVisibility() && it.clientWidth > 1
    && it.scrollWidth > it.clientWidth + 1);
  return [scrollWidth - clientWidth, cut.map(it => it.outerHTML.slice(0, 200))];
}
"""


def first_number(manifest: str) -> int:
    """The number of the first frame of some media, as `frames.numbered_video` draws it."""
    command = ["ffmpeg", "-v", "error", "-i", manifest, "-map", "0:v:0", "-frames:v", "1"]
    picture = ["-vf", f"scale={BITS}:2:flags=area", "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    pixels = subprocess.run([*command, *picture], check=True, capture_output=True).stdout
    bars = [pixels[bar] > pixels[BITS + bar] for bar in range(BITS)]
    return int("".join("1" if bar else "0" for bar in bars), 2)


class LocalSite:
    """A site of its own on this machine, so that its pages have another origin.

    `read_cookies` returns the `Set-Cookie` headers of the reply to a path.
    """

    def __init__(
        self,
        files: dict[str, tuple[str, bytes]],
        read_cookies: Callable[[str], list[str]] = lambda _: [],
    ):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                content_type, content = files.get(self.path, ("text/plain", b""))
                # The browser asks for an icon too.
                self.send_response(200 if content else 204)
                self.send_header("content-type", content_type)
                for cookie in read_cookies(self.path):
                    self.send_header("set-cookie", cookie)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def parse_time(moment: str) -> datetime:
    return datetime.fromisoformat(moment.replace("Z", "+00:00"))


def format_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clip_path(clip: dict) -> str:
    return f"/c/{clip['competition']}/{clip['clip']}"


class ViewerTest(BrowserTest):
    """A stand-in whose picture shows the number of each frame."""

    OPTIONS = ("--source", numbered_video(), "--startover", "300", "--print-env")
    # Each class cuts clips into a competition of its own, because the classes share a stand-in.
    COMPETITION = "demo"

    @property
    def list_path(self) -> str:
        return f"/w/{self.COMPETITION}"

    @classmethod
    def segments(cls, count: int) -> list[Segment]:
        """The newest segments of the live stream, as soon as there are enough."""

        def newest() -> list[Segment] | None:
            on_air = cls.stand_in.printed("on air")
            if not on_air:
                return None
            child = urljoin(on_air[0], uris(get(on_air[0])[1].decode())[0])
            found = segments(get(child)[1].decode())[-count:]
            return found if len(found) == count else None

        return eventually(newest, f"{count} segments were not on air")

    @classmethod
    def call(cls, method: str, path: str, body: dict | None = None, **headers: str) -> dict:
        """Calls the API as the operator. Returns the reply."""
        (token,) = cls.stand_in.printed("token")
        data = None if body is None else json.dumps(body).encode()
        headers["authorization"] = f"Bearer {token}"
        status, reply = get(Request(cls.origin + path, data, headers, method=method))
        if status >= 300:
            raise AssertionError(f"{method} {path} answered {status}: {reply}")
        return json.loads(reply or b"{}")

    @classmethod
    def cut(cls, **fields: object) -> dict:
        """Cuts a clip, by default of the last 4 s, and waits until it is ready."""
        cls.segments(4)
        if "start" not in fields:
            fields.setdefault("lastSeconds", 4)
        return cls.wait_until_ready(cls.announce_clip(**fields))

    @classmethod
    def announce_clip(cls, **fields: object) -> dict:
        """Cuts a clip, and returns it while it is on its way."""
        return cls.call("POST", "/api/clip", {"competition": cls.COMPETITION} | fields)

    @classmethod
    def api_path(cls, clip: dict) -> str:
        return f"/api/competitions/{clip['competition']}/clips/{clip['clip']}"

    @classmethod
    def wait_until_ready(cls, clip: dict) -> dict:
        def ready() -> dict | None:
            shown = cls.call("GET", cls.api_path(clip))
            if shown["status"] == "failed":
                raise AssertionError(f"a clip failed: {shown}")
            return shown if shown["status"] == "ready" else None

        return eventually(ready, f"clip {clip['clip']} was not ready")

    @classmethod
    def wait_for_exact(cls, clip: dict, with_files: bool = False) -> dict:
        """Waits until a clip has exact frames, and perhaps the files that are made of them."""

        def exact() -> dict | None:
            shown = cls.call("GET", cls.api_path(clip))
            if shown["status"] == "failed" or shown.get("remake", {}).get("status") == "failed":
                raise AssertionError(f"a clip failed: {shown}")
            folder = f"/{shown['attempt']}/"
            are_made = any(folder in it["url"] for it in shown.get("downloads", []))
            is_exact = shown.get("precision") == "frame"
            return shown if is_exact and (are_made or not with_files) else None

        return eventually(exact, "the clip has no exact frames", timeout=120)

    @classmethod
    def copy_clip(cls, clip: dict, count: int):
        """Copies the row of a ready clip. Each copy starts a second earlier than the last one.

        The copies play the media of the clip. A hundred harvests would take minutes.
        """
        table = cls.stand_in.open_table()
        row = table.get_item(Key={name: clip[name] for name in ("competition", "clip")})["Item"]
        # The texts that lists show are those of the clip. Lists read rows without them.
        del row["listedAs"]
        # The pictures of a clip are in a folder of its own.
        row.pop("files", None)
        start = parse_time(clip["requested"]["start"])
        for number in range(1, count + 1):
            moment = f"{start - timedelta(seconds=number):%Y%m%d%H%M%S}"
            changes = {"clip": f"{moment}_{moment}_copy{number:02}", "title": f"Copy {number}"}
            table.put_item(Item=row | changes)

    def open_list(self, query: str = "", **options: object) -> Page:
        """Opens a list in a new context, and waits until its clips are there."""
        page = self.new_context(**options).new_page()
        page.add_init_script(OBSERVE_SHIFTS)
        page.goto(self.list_path + query)
        expect(self.cards(page).first).to_be_visible()
        return page

    def cards(self, page: Page) -> Locator:
        """The cards of the list that a page shows."""
        return page.locator("main:not([hidden]) .clips a")

    def card(self, page: Page, clip: dict) -> Locator:
        return page.locator(f"main:not([hidden]) .clips a[href='{clip_path(clip)}']")

    def play_from_list(self, page: Page, clip: dict):
        """Opens a clip from its card, and waits until it plays."""
        self.card(page, clip).click()
        expect(page).to_have_url(self.origin + clip_path(clip))
        self.wait_until_playing(page)

    def wait_until_playing(self, page: Page | FrameLocator):
        """Waits until the video of a page or of a frame plays, or has been played to its end."""
        video = page.locator("video")
        playing = "({ played }) => played.length && played.end(0) - played.start(0) > 0.05"
        eventually(lambda: video.evaluate(playing), "the video did not play")

    def look_for_new_clips(self, page: Page):
        """Makes a list ask for new clips now. It does so when the connection is back."""
        page.evaluate("dispatchEvent(new Event('online'))")

    def assert_fits(self, page: Page):
        """Fails if a page is wider than its window, or if the text of a control is cut off."""
        self.assertEqual(page.evaluate(FIND_OVERFLOW), [0, []])
