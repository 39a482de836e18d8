"""Uploads in a browser: a lost line, a reload, an expired URL, a cancellation, and many at once."""

import base64
import os
import re
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import CDPSession, Locator, Page, Request, Route, expect

from browser import BrowserTest
from console.api import changed_clips
from stand_in import eventually, get

MEGABYTE = 1_000_000
PART_SIZE = 16 << 20
# Slow enough to interrupt a transfer, fast enough for a test.
BYTES_PER_SECOND = 60 * MEGABYTE
# A file of this size has 18 parts.
LARGE_SIZE = 300 * MEGABYTE
PARTS_AT_ONCE = 4

# Drops files on the page, as a browser does after a drag.
DROP = """
files => {
  const data = new DataTransfer();
  for (const { name, bytes } of files) {
    const content = Uint8Array.from(atob(bytes), letter => letter.charCodeAt(0));
    data.items.add(new File([content], name, { type: 'video/mp4' }));
  }
  for (const type of ['dragenter', 'dragover', 'drop']) {
    const event = new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
    if (type === 'dragover') {
      const overlay = document.querySelector('.overlay');
      window.overlayText = overlay.matches(':popover-open') ? overlay.innerText : '';
    }
  }
}
"""

# Makes the first URL with a text look as if it had been signed in 2020, so that S3 refuses it.
EXPIRE = """
text => {
  const { open } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, url) {
    if (!window.expired && url.includes(text)) {
      window.expired = url;
      url = url.replace(/X-Amz-Date=[0-9TZ]+/, 'X-Amz-Date=20200203T133058Z');
    }
    return open.call(this, method, url);
  };
}
"""

# Lets the browser's file picker return a file of the page's private storage.
PICK = """
async ([name, bytes]) => {
  const folder = await navigator.storage.getDirectory();
  const handle = await folder.getFileHandle(name, { create: true });
  const file = await handle.createWritable();
  await file.write(Uint8Array.from(atob(bytes), letter => letter.charCodeAt(0)));
  await file.truncate(20_000_000);
  await file.close();
  window.showOpenFilePicker = async () => [handle];
}
"""


def make_video(folder: Path, name: str, size: int = 0) -> Path:
    """Makes a video of 3 s. A box of zeros makes the file as large as asked."""
    path = folder / name
    picture = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=3"]
    sound = ["-f", "lavfi", "-i", "sine=d=3"]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    command = ["ffmpeg", "-v", "error", "-y", *picture, *sound, *codecs, "-f", "mp4", path]
    subprocess.run(command, check=True)
    free = size - path.stat().st_size
    if free > 8:
        with path.open("ab") as file:
            file.write(free.to_bytes(4, "big") + b"free")
        os.truncate(path, size)
    return path


class Sent:
    """The parts that a page has sent to S3, and those that S3 has received."""

    def __init__(self, page: Page, uploads: str):
        self.uploads = uploads
        self.received: list[int] = []
        page.on("requestfinished", self.add)

    def add(self, request: Request):
        if request.method == "PUT" and request.url.startswith(self.uploads):
            response = request.response()
            if response and response.status == 200:
                self.received.append(part_number(request.url))


def part_number(url: str) -> int:
    return int(parse_qs(urlsplit(url).query).get("partNumber", ["0"])[0])


class TestUploads(BrowserTest):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def choose(self, page: Page, *files: Path):
        page.locator("[data-choose=files]").set_input_files(files)

    def start(self, page: Page, *files: Path, **titles: str):
        """Chooses files and confirms the dialog."""
        self.choose(page, *files)
        dialog = page.get_by_role("dialog")
        for name, title in titles.items():
            dialog.get_by_label(f"Title of {name}", exact=False).first.fill(title)
        dialog.get_by_role("button", name=re.compile("^Upload ")).click()

    def row(self, page: Page, name: str) -> Locator:
        return page.locator(f'[data-upload="{name}"]')

    def expect_state(self, page: Page, name: str, state: str):
        expect(self.row(page, name)).to_have_attribute("data-state", state)

    def expect_clip(self, page: Page, name: str, text: str):
        """Waits until the row of an uploaded file shows a state of its clip."""
        expect(self.row(page, name)).to_contain_text(text)

    def wait_for_share(self, page: Page, name: str, share: float):
        """Waits until a share of a file has been sent."""
        page.wait_for_function(
            "([name, share]) => document.querySelector(`[data-upload='${name}'] progress`)"
            "?.value >= share",
            arg=[name, share],
        )

    def set_line(self, session: CDPSession, is_online: bool, speed: int = BYTES_PER_SECOND):
        conditions = {"latency": 0, "downloadThroughput": -1}
        session.send(
            "Network.emulateNetworkConditions",
            conditions | {"offline": not is_online, "uploadThroughput": speed},
        )

    def test_a_large_file_survives_a_lost_line_a_reload_and_an_expired_url(self):
        file = make_video(self.folder, "final.mp4", LARGE_SIZE)
        page = self.open_console()
        uploads = page.evaluate("fetch('/config.json').then(it => it.json())")["uploads"]
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        self.set_line(session, is_online=True)
        sent = Sent(page, uploads)

        self.start(page, file)
        self.wait_for_share(page, "final.mp4", 0.2)
        with self.errors_allowed("ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to fetch"):
            self.set_line(session, is_online=False)
            self.expect_state(page, "final.mp4", "lost")
            expect(self.row(page, "final.mp4")).to_contain_text("The line is lost")
            self.set_line(session, is_online=True)
            self.wait_for_share(page, "final.mp4", 0.6)

        # The browser warns before the page is closed. The operator closes it all the same.
        warnings = []
        page.on("dialog", lambda dialog: (warnings.append(dialog.type), dialog.accept()))
        with self.errors_allowed("ERR_ABORTED|ERR_FAILED"):
            page.reload()
        self.assertEqual(warnings, ["beforeunload"])
        before = set(sent.received)
        self.assertGreaterEqual(len(before), 6)
        sent.received.clear()
        self.expect_state(page, "final.mp4", "needs-file")
        expect(self.row(page, "final.mp4")).to_contain_text("Choose final.mp4 again to go on")

        # Another file of the same name is a new upload.
        (self.folder / "other").mkdir()
        other = make_video(self.folder / "other", "final.mp4")
        self.choose(page, other)
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        self.expect_state(page, "final.mp4", "needs-file")

        last = -(-LARGE_SIZE // PART_SIZE)
        page.evaluate(EXPIRE, f"partNumber={last}&")
        # The service answers 503 while S3 joins the parts for longer than a call may take.
        with self.errors_allowed("status of (400|403|503)"):
            self.choose(page, file)
            self.expect_state(page, "final.mp4", "sent")
        self.assertTrue(page.evaluate("window.expired"), "no URL was expired")
        self.assertEqual(before & set(sent.received), set(), "parts were sent twice")
        # The page did not see the replies to the parts that were on their way when it was left.
        unseen = set(range(1, last + 1)) - before - set(sent.received)
        self.assertLessEqual(len(unseen), PARTS_AT_ONCE)

        self.expect_clip(page, "final.mp4", "Ready")
        self.row(page, "final.mp4").get_by_role("button", name="Open final").click()
        page.locator("[data-opened] video").wait_for()
        page.get_by_role("button", name="Play", exact=True).first.click()
        played = "document.querySelector('[data-opened] video').currentTime > 0.2"
        eventually(lambda: page.evaluate(played), "the upload does not play")

    def test_several_files_are_dropped_described_and_become_clips(self):
        video = make_video(self.folder, "small.mp4").read_bytes()
        content = base64.b64encode(video).decode()
        page = self.open_console()
        names = ["Heat_1.mp4", "Heat_2.mp4", "<img src=x onerror=alert(1)>.mp4"]
        page.evaluate(DROP, [{"name": name, "bytes": content} for name in names])
        self.assertIn("Drop to upload", page.evaluate("overlayText"))
        expect(page.locator(".overlay")).to_be_hidden()

        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("heading")).to_have_text("Upload 3 files")
        self.assert_accessible(page)
        expect(dialog.get_by_label("Title of Heat_1.mp4")).to_have_value("Heat 1")
        dialog.get_by_label("Title of Heat_1.mp4").fill("The first heat")
        dialog.get_by_label("Time of the event of Heat_1.mp4").fill("2020-02-03T13:30:58")
        dialog.get_by_role("button", name="heats").click()
        dialog.get_by_label("Hold back").check()
        dialog.get_by_role("button", name="Do not upload Heat_2.mp4").click()
        dialog.get_by_role("button", name=re.compile("^Upload ")).click()

        self.expect_clip(page, "Heat_1.mp4", "Held back")
        expect(page.locator("[data-upload]")).to_have_count(2)
        self.assert_accessible(page)
        self.row(page, "Heat_1.mp4").get_by_role("button", name="Open The first heat").click()
        pane = page.locator("[data-opened]")
        expect(pane).to_have_attribute("data-opened", re.compile("^20200203133058_"))
        expect(pane.get_by_role("button", name="heats")).to_have_attribute("aria-pressed", "true")

        page.get_by_role("button", name="Clear finished").click()
        expect(page.locator("[data-upload]")).to_have_count(0)

    def test_captions_are_announced_with_their_video(self):
        words = "1\n00:00:01,000 --> 00:00:02,000\nTervetuloa\n"
        files = [make_video(self.folder, "spoken.mp4")]
        for name in ("spoken.fi.srt", "spoken.srt"):
            files.append(self.folder / name)
            files[-1].write_text(words)
        page = self.open_console()
        self.choose(page, *files)
        dialog = page.get_by_role("dialog", name="Upload a file")
        language = dialog.get_by_label("Language of spoken.srt")
        language.fill("fi")
        expect(dialog.get_by_role("status")).to_contain_text("have the same language")
        language.fill("en")
        dialog.get_by_role("button", name="Captions in the video spoken.mp4").click()
        dialog.get_by_label("Channel in spoken.mp4").select_option("CC3")
        dialog.get_by_label("Language of captions CC3").fill("en")
        expect(dialog.get_by_role("status")).to_contain_text("name those in the video")
        dialog.get_by_label("Name of captions CC3 in players").fill("English (608)")
        expect(dialog.get_by_role("status")).to_have_count(0)
        self.assert_accessible(page)
        dialog.get_by_label("Language of the sound that spoken.mp4 starts with").fill("fi")
        dialog.get_by_role("button", name=re.compile("^Upload ")).click()
        self.expect_clip(page, "spoken.mp4", "Ready")
        self.row(page, "spoken.mp4").get_by_role("button", name="Open spoken").click()
        captions = page.locator(".player").get_by_role("combobox", name="Captions")
        expect(captions.locator("option")).to_have_text(["Off", "Suomi", "English"])
        [clip] = [it for it in changed_clips(self.stand_in) if it["meta"]["title"] == "spoken"]
        _, manifest = get(clip["manifests"]["hls"])
        [tag] = [it for it in manifest.decode().splitlines() if "CLOSED-CAPTIONS," in it]
        self.assertIn('INSTREAM-ID="CC3"', tag)
        self.assertIn('NAME="English (608)"', tag)

    def test_a_canceled_upload_is_gone(self):
        file = make_video(self.folder, "wrong.mp4", LARGE_SIZE)
        page = self.open_console()
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        self.set_line(session, is_online=True)
        self.start(page, file)
        self.wait_for_share(page, "wrong.mp4", 0.1)
        row = self.row(page, "wrong.mp4")
        row.get_by_role("button", name="Cancel the upload of wrong").click()
        row.get_by_role("button", name="Go on").click()
        self.expect_state(page, "wrong.mp4", "sending")
        row.get_by_role("button", name="Cancel the upload of wrong").click()
        with page.expect_response(lambda it: it.request.method == "DELETE") as deletion:
            row.get_by_role("button", name="Cancel it").click()
        self.assertEqual(deletion.value.status, 204)
        expect(row).to_have_count(0)
        page.reload()
        expect(page.locator("header .who")).to_be_visible()
        expect(page.get_by_text("Drop video files anywhere")).to_be_visible()

    def test_a_file_of_the_picker_goes_on_by_itself_after_a_reload(self):
        content = make_video(self.folder, "picked.mp4").read_bytes()
        # A box of zeros, which players skip, fills the file up to 20 MB.
        content += (20 * MEGABYTE - len(content)).to_bytes(4, "big") + b"free"
        page = self.open_console()
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        self.set_line(session, is_online=True, speed=5 * MEGABYTE)
        page.evaluate(PICK, ["picked.mp4", base64.b64encode(content).decode()])
        page.get_by_role("button", name="Choose files").click()
        page.get_by_role("dialog").get_by_role("button", name=re.compile("^Upload ")).click()
        self.wait_for_share(page, "picked.mp4", 0.2)
        page.on("dialog", lambda dialog: dialog.accept())
        page.reload()
        self.expect_clip(page, "picked.mp4", "Ready")

    def test_a_file_that_is_no_video_says_why_it_failed(self):
        file = self.folder / "notes.mp4"
        file.write_text("This is not a video.")
        page = self.open_console()
        self.start(page, file)
        self.expect_clip(page, "notes.mp4", "Failed")
        expect(self.row(page, "notes.mp4").get_by_role("alert")).to_contain_text("The file is text")

    def test_an_upload_goes_on_when_the_service_is_back(self):
        file = make_video(self.folder, "patient.mp4")
        page = self.open_console()
        answers = iter([503, 503])

        def answer(route: Route):
            if status := next(answers, None):
                route.fulfill(status=status, body="")
            else:
                route.continue_()

        page.route("**/api/uploads", answer)
        with self.errors_allowed("status of 503"):
            self.start(page, file)
            self.expect_state(page, "patient.mp4", "lost")
            self.expect_state(page, "patient.mp4", "sent")
