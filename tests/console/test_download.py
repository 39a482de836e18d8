"""The MP4 files of a clip: the one that the console makes, read frame by frame, and exports."""

import json
import subprocess
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

from playwright.sync_api import Page, Route, expect

from browser import BrowserTest
from frames import BITS, numbered_video
from stand_in import eventually, get, segments, uris

RATE = 25
SECONDS = 120


def frames_of(media: Path | str) -> list[int]:
    """The numbers of all frames that a player shows of a file."""
    command = ["ffmpeg", "-v", "error", "-i", media, "-map", "0:v:0", "-fps_mode", "passthrough"]
    # The upper half of the picture has a light bar for each 1.
    bars = ["-vf", f"crop=iw:ih/4:0:ih/8,scale={BITS}:1:flags=area", "-pix_fmt", "gray"]
    pixels = subprocess.check_output([*command, *bars, "-f", "rawvideo", "-"])
    pictures = [pixels[at : at + BITS] for at in range(0, len(pixels), BITS)]
    return [int("".join("1" if it > 125 else "0" for it in picture), 2) for picture in pictures]


def probe(file: Path) -> tuple[float, list[str]]:
    """The duration of a file, and the codecs of its streams."""
    shown = ["-show_entries", "format=duration:stream=codec_name", "-of", "json", file]
    found = json.loads(subprocess.check_output(["ffprobe", "-v", "error", *shown]))
    return float(found["format"]["duration"]), [it["codec_name"] for it in found["streams"]]


class TestDownload(BrowserTest):
    OPTIONS = ("--source", numbered_video(str(RATE), SECONDS))

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        (self.token,) = self.stand_in.printed("token")
        (self.live,) = self.stand_in.printed("live")

    def request(self, path: str, body: dict | None = None) -> dict:
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.origin}{path}", data, headers)) as reply:
            return json.load(reply)

    def first_segment(self, manifest: str) -> tuple[datetime, str]:
        """The time and the address of the first segment of a manifest's best rendition."""
        with urlopen(manifest) as reply:
            rendition = f"{manifest.rpartition('/')[0]}/{uris(reply.read().decode())[0]}"
        with urlopen(rendition) as reply:
            first, *_ = segments(reply.read().decode())
        return first.start, f"{rendition.rpartition('/')[0]}/{first.name}"

    def cut(self, seconds: float, frames: int) -> tuple[dict, int]:
        """Cuts a clip that starts some seconds after the oldest live segment.

        Returns the clip, and the number of its first frame.
        """
        start, segment = self.first_segment(self.live)
        first = frames_of(segment)[0] + round(seconds * RATE)
        begin = start + timedelta(seconds=seconds)
        end = begin + timedelta(seconds=frames / RATE)
        window = {"start": begin.isoformat(), "end": end.isoformat(), "title": "Final <1>"}
        return self.request("/api/clip", window), first

    def wait_until_live(self, seconds: float):
        """Waits until the live manifest has a number of seconds."""

        def has_seconds() -> bool:
            status, manifest = get(self.live)
            if status != 200:
                return False
            _, playlist = get(f"{self.live.rpartition('/')[0]}/{uris(manifest.decode())[0]}")
            found = segments(playlist.decode())
            return bool(found) and (found[-1].end - found[0].start).total_seconds() >= seconds

        eventually(has_seconds, f"the stream was not on air for {seconds} s")

    def download(self, page: Page) -> tuple[str, Path]:
        """Saves the opened clip. Returns the suggested name, and the file."""
        with page.expect_download() as started:
            page.locator("[data-download]").click()
        file = self.folder / "clip.mp4"
        started.value.save_as(file)
        return started.value.suggested_filename, file

    def assert_frames(self, file: Path, first: int, count: int):
        expected = [number % (RATE * SECONDS) for number in range(first, first + count)]
        self.assertEqual(frames_of(file), expected)
        duration, codecs = probe(file)
        self.assertAlmostEqual(duration, count / RATE, delta=0.05)
        self.assertEqual(codecs, ["h264", "aac"])
        content = file.read_bytes()
        self.assertLess(content.find(b"moov"), content.find(b"mdat"), "no fast start")

    def test_a_clip_is_saved_with_exactly_the_frames_that_were_asked_for(self):
        self.wait_until_live(16)
        clip, first = self.cut(seconds=3.48, frames=156)
        page = self.open_console(path=f"/console#clip={clip['clip']}&competition=demo")
        # The live stream's own segments, before the clip is packaged.
        name, file = self.download(page)
        self.assertRegex(name, r"^Final 1 \d{4}-\d\d-\d\d \d\d-\d\d-\d\d\.mp4$")
        self.assert_frames(file, first, 156)
        # The packaged clip.
        path = f"/api/competitions/demo/clips/{clip['clip']}"
        eventually(lambda: self.request(path)["status"] == "ready", "the clip was not ready")
        expect(page.locator("[data-opened] header, header + [data-opened]").first).to_be_visible()
        page.reload()
        expect(page.locator("[data-download]")).to_be_enabled()
        expect(page.locator("[data-opened]").first).to_be_attached()
        _, file = self.download(page)
        self.assert_frames(file, first, 156)

    def test_a_failed_download_says_why_and_can_be_repeated(self):
        self.wait_until_live(12)
        clip, first = self.cut(seconds=2, frames=100)
        page = self.open_console(path=f"/console#clip={clip['clip']}&competition=demo")
        expect(page.locator("[data-download]")).to_be_enabled()
        page.route("**/index.m3u8*", lambda route: route.abort())
        with self.errors_allowed("ERR_FAILED"):
            page.locator("[data-download]").click()
            alert = page.get_by_role("alert").filter(has_text="could not be loaded")
            expect(alert).to_be_visible()
            page.unroute("**/index.m3u8*")
            _, file = self.download(page)
        expect(alert).to_be_hidden()
        self.assert_frames(file, first, 100)

    def test_an_export_is_cut_out_and_saved(self):
        self.wait_until_live(12)
        clip, _ = self.cut(seconds=2, frames=100)
        path = f"/api/competitions/demo/clips/{clip['clip']}"
        eventually(lambda: self.request(path)["status"] == "ready", "the clip was not ready")
        page = self.open_console(path=f"/console#clip={clip['clip']}&competition=demo")
        expect(page.locator(".player")).to_have_attribute("data-stage", "playable")
        page.get_by_role("button", name="Export…").click()
        dialog = page.get_by_role("dialog", name="Export an MP4")
        dialog.get_by_role("radio", name="1:1 square").check()
        cut_out = dialog.get_by_role("slider", name="Position of the cut-out")
        box = cut_out.bounding_box() or self.fail("the cut-out is not shown")
        page.mouse.move(box["x"] + 20, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(0, box["y"] + 20)
        page.mouse.up()
        expect(cut_out).to_have_attribute("aria-valuetext", "0% from the left")
        cut_out.press("Shift+ArrowRight")
        expect(cut_out).to_have_attribute("aria-valuetext", "10% from the left")
        frame = dialog.get_by_role("slider", name="Frame that is shown")
        for _ in range(3):
            frame.press("ArrowRight")
        begin = datetime.fromisoformat(clip["requested"]["start"])
        third = f"{begin + timedelta(seconds=3 / RATE):%H:%M:%S.%f}"[:-3]
        expect(frame).to_have_attribute("aria-valuetext", third)
        dialog.get_by_role("button", name="Start at this frame").click()
        expect(dialog.get_by_label("Start", exact=True)).to_have_value(third)
        end = dialog.get_by_label("End", exact=True)
        start = dialog.get_by_role("button", name="Start the export")
        end.fill(f"{begin:%H:%M:%S}")
        start.click()
        expect(dialog.get_by_role("alert")).to_have_text("The end must be later than the start.")
        expect(end).to_be_focused()
        self.assert_accessible(page)
        end.fill(f"{begin + timedelta(seconds=2):%H:%M:%S.%f}"[:-3])
        page.route(f"**{path}/exports", self.refuse_export)
        with self.errors_allowed("status of 409"):
            start.click()
            expect(dialog.get_by_role("alert")).to_contain_text("Four exports of a clip run")
        page.unroute(f"**{path}/exports")
        start.click()
        expect(dialog).to_be_hidden()
        ready = page.locator("[data-export=ready]")
        expect(ready).to_be_visible()
        with page.expect_download() as started:
            ready.get_by_role("link", name="Download 1:1 square").click()
        file = self.folder / "export.mp4"
        started.value.save_as(file)
        (export,) = self.request(f"{path}/exports")["exports"]
        self.assertEqual((export["crop"], export["width"]), (0.1, export["height"]))
        shown = ["-count_packets", "-show_entries", "stream=width,height,nb_read_packets"]
        command = ["ffprobe", "-v", "error", "-select_streams", "v", *shown, "-of", "csv=p=0", file]
        found = subprocess.check_output(command, text=True).strip()
        self.assertEqual(found, f"{export['width']},{export['height']},47")
        times = [datetime.fromisoformat(export[edge]) - begin for edge in ("start", "end")]
        self.assertEqual(times, [timedelta(seconds=3 / RATE), timedelta(seconds=2)])

    def refuse_export(self, route: Route):
        problem = {"type": "urn:matchcut:problem:too-many-exports", "title": "", "status": 409}
        content = json.dumps(problem | {"detail": "4 exports of this clip are in progress."})
        if route.request.method == "GET":
            route.continue_()
        else:
            route.fulfill(status=409, content_type="application/problem+json", body=content)
