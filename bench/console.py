"""Measures the console and the viewer's pages in a real browser, and prints each figure.

Nothing is asserted: the figures depend on the machine. The encoder runs on the same processors.
"""

import argparse
import gzip
import statistics
import sys
import time
import unittest
from datetime import datetime
from pathlib import Path

from playwright.sync_api import CDPSession, Error, Page, Request, expect

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser import BrowserTest  # noqa: E402
from console.api import call, cut, wait_for_status, wait_until_on_air  # noqa: E402
from frames import frame_number, numbered_video  # noqa: E402
from stand_in import eventually  # noqa: E402

# The price of reading in us-east-1, as in cdk/tools/prices.ts, in dollars.
DOLLARS_PER_REQUEST = 1.00e-6
DOLLARS_PER_READ_UNIT = 0.125e-6
# A query that finds nothing new costs half a read unit.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-consistency.html
READ_UNITS_PER_POLL = 0.5

# Resolves when the video shows its next picture.
NEXT_PICTURE = """
selector => new Promise(done => {
  const video = document.querySelector(selector);
  video.requestVideoFrameCallback(() => done());
})
"""

# Plays the video. The player may still replace its source, which ends an earlier call of `play`.
PLAY = """
async () => {
  const video = document.querySelector('video');
  while (video.paused) await video.play().catch(() => new Promise(requestAnimationFrame));
}
"""


class Measurements(BrowserTest):
    """The measurements. Each method whose name begins with `measure_` prints its figures."""

    PICTURE = ()
    OPTIONS = ("--source", str(numbered_video(height=720)))

    memory_seconds = 0
    startover_seconds = 0
    cut_interval = 0
    cuts = 0
    next_cut = 0.0

    def measure_cut(self):
        """Key pressed → the clip plays from its preview; ready → another operator sees it."""
        page, other = self.open_live(), self.open_console("anna")
        plays, seen = [], []
        for _ in range(5):
            known = set(clip_ids(page))
            start = time.perf_counter()
            page.keyboard.press("Digit1")
            clip = self.new_clip(page, known)
            page.locator(f"[data-clip='{clip}'] button.open").click()
            page.locator(".pane video").first.wait_for()
            page.evaluate(NEXT_PICTURE, ".pane video")
            plays.append(time.perf_counter() - start)
            row = other.locator(f"[data-clip='{clip}'][data-state='ready']")
            expect(row).to_be_visible(timeout=60_000)
            seen.append(time.time() - self.ready_at(clip))
            page.keyboard.press("Escape")
        report("key pressed → clip plays from its preview", milliseconds(plays), "under 1 s")
        report("clip ready → seen by another operator", milliseconds(seen), "under 2 s")

    def measure_steps(self):
        """One frame step: key pressed → the next frame is on the screen."""
        page = self.open_live()
        page.keyboard.press("Space")
        expect(page.locator("video.shown")).to_have_js_property("paused", True)
        eventually(lambda: frame_number(page) is not None, "no picture")
        times = []
        for step in range(200):
            before, start = frame_number(page), time.perf_counter()
            page.keyboard.press("ArrowLeft" if step < 100 else "ArrowRight")
            while frame_number(page) == before:
                pass
            times.append(time.perf_counter() - start)
        report("frame step, 200 steps", milliseconds(times), "")

    def measure_first_load(self):
        """The viewer's pages: bytes of the first load, and time to the first frame."""
        cut_clip = cut(self.stand_in, seconds=10)
        clip = wait_for_status(self.stand_in, cut_clip, "ready")["clip"]
        sizes, frames = [], []
        for _ in range(5):
            context = self.new_context()
            page = context.new_page()
            sizes.append(load_list(page) / 1000)
            start = time.perf_counter()
            page.goto(f"/c/demo/{clip}")
            page.locator("video").wait_for()
            page.evaluate(PLAY)
            page.evaluate(NEXT_PICTURE, "video")
            frames.append(time.perf_counter() - start)
            context.close()
        report(
            "viewer's page: first load without the player",
            f"{statistics.median(sizes):.1f} kB",
            "under 60 kB",
        )
        report("clip page: request → first frame", milliseconds(frames), "under 1 s")

    def measure_polling(self):
        """The requests of an open console in 30 s, and what 20 operators cost in a day."""
        page = self.open_live()
        requests: list[Request] = []
        page.on("request", lambda request: requests.append(request))
        page.wait_for_timeout(30_000)
        polls = [request for request in requests if "/api/" in request.url]
        changes = [request for request in polls if "/changes" in request.url]
        a_second = 20 * len(polls) / 30
        units = 20 * len(changes) / 30 * READ_UNITS_PER_POLL
        # The channels' row is read with each poll of the channels.
        units += 20 * (len(polls) - len(changes)) / 30 * READ_UNITS_PER_POLL
        dollars = 86_400 * (a_second * DOLLARS_PER_REQUEST + units * DOLLARS_PER_READ_UNIT)
        report("20 operators: requests a second", f"{a_second:.1f}", "")
        report("20 operators: read units a second", f"{units:.1f}", "")
        report("20 operators: API and reads, a day", f"${dollars:.2f}", "about $2")

    def measure_memory(self):
        """The JavaScript heap of the console on air, after a collection of garbage."""
        page = self.open_live()
        protocol = page.context.new_cdp_session(page)
        # With `--startover`, the window is full before the first measurement.
        begin = 60 + self.startover_seconds
        self.stay_on_air(page, begin)
        heaps = [heap(protocol)]
        for _ in range(4):
            self.stay_on_air(page, self.memory_seconds / 4)
            heaps.append(heap(protocol))
        report(
            f"console on air: heap after {begin / 60:g} min; then every "
            f"{self.memory_seconds / 240:g} min; {self.cuts} clips cut",
            "; ".join(f"{size:.1f}" for size in heaps) + " MB",
            "no growth",
        )

    def stay_on_air(self, page: Page, seconds: float):
        """Keeps the console open, and cuts clips at the interval."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            until = end
            if self.cut_interval:
                if now >= self.next_cut:
                    page.keyboard.press("Digit1")
                    self.cuts, self.next_cut = self.cuts + 1, now + self.cut_interval
                until = min(end, self.next_cut)
            page.wait_for_timeout(1000 * max(0, until - time.monotonic()))

    def new_clip(self, page: Page, known: set[str]) -> str:
        """Waits until a clip is in the list that was not known, and returns its id."""

        def added() -> str | None:
            return next(iter(set(clip_ids(page)) - known), None)

        return eventually(added, "no clip was cut")

    def ready_at(self, clip: str) -> float:
        """The time at which a clip became ready, in seconds since 1970."""
        _, shown = call(self.stand_in, "GET", f"/competitions/demo/clips/{clip}")
        return datetime.fromisoformat(shown["readyAt"]).timestamp()

    def open_live(self) -> Page:
        """Opens the console and waits for the live picture."""
        wait_until_on_air(self.stand_in, 30)
        page = self.open_console()
        eventually(lambda: frame_number(page) is not None, "no live picture")
        return page


def clip_ids(page: Page) -> list[str]:
    rows = page.locator("[data-clip]").all()
    return [identifier for row in rows if (identifier := row.get_attribute("data-clip"))]


def load_list(page: Page) -> int:
    """Opens the viewers' list. Returns the bytes that it needs until it shows its first clip.

    They are counted as CloudFront compresses them: the stand-in does not compress. hls.js and media
    come later, for pictures of the clips.
    """
    finished: list[Request] = []

    def record(request: Request):
        finished.append(request)

    page.on("requestfinished", record)
    page.goto("/w/demo")
    page.locator("a[href*='/c/']").first.wait_for()
    page.remove_listener("requestfinished", record)
    responses = [request.response() for request in finished]
    return sum(len(gzip.compress(it.body())) for it in responses if it and it.status == 200)


def heap(protocol: CDPSession) -> float:
    """The size of the JavaScript heap in megabytes, after a collection of garbage."""
    protocol.send("HeapProfiler.collectGarbage")
    return protocol.send("Runtime.getHeapUsage")["usedSize"] / 1e6


def milliseconds(seconds: list[float]) -> str:
    """The median and the 99th percentile, or the largest of fewer than 100 values."""
    ordered = sorted(1000 * value for value in seconds)
    last = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    name = "p99" if len(ordered) >= 100 else "largest"
    return f"p50 {statistics.median(ordered):.0f} ms, {name} {last:.0f} ms"


def report(what: str, measured: str, promised: str):
    print(f"{what:<58} {measured:<34} {promised}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--memory-minutes",
        type=int,
        default=5,
        help="how long the console runs between the first and the last measurement of its memory "
        "(default: 5)",
    )
    parser.add_argument(
        "--startover",
        type=int,
        default=0,
        metavar="SECONDS",
        help="the length of the startover window, from 60; the memory is then measured once the "
        "window is full (default: 900, and the memory is measured from the first minute on)",
    )
    parser.add_argument(
        "--cut-every",
        type=int,
        default=0,
        metavar="SECONDS",
        help="how often a clip is cut while the memory is measured (default: never)",
    )
    arguments = parser.parse_args()
    Measurements.memory_seconds = 60 * arguments.memory_minutes
    Measurements.cut_interval = arguments.cut_every
    if arguments.startover:
        Measurements.startover_seconds = arguments.startover
        Measurements.OPTIONS += ("--startover", str(arguments.startover))
    failed = False
    try:
        Measurements.setUpClass()
        report("what", "measured", "promised")
        for name in (name for name in dir(Measurements) if name.startswith("measure_")):
            measurement = Measurements(name)
            try:
                with measurement.contexts_kept():
                    getattr(measurement, name)()
            except (AssertionError, Error) as error:
                print(f"{name}: {error}", file=sys.stderr)
                failed = True
    finally:
        unittest.case.doModuleCleanups()
    sys.exit(failed)


if __name__ == "__main__":
    main()
