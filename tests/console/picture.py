"""Reads the time on air from the live picture: squares of the stand-in's test picture."""

import re
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from stand_in import eventually

FRAMES_PER_SECOND = 25
# The number of a frame since 1970 is cut off to these bits.
MARK_BITS = 24

# Reads the row of squares of the test picture, highest bit first. At a height of 720 they
# are 48 wide and begin at (64, 640). Only the middle of the row is drawn.
READ_MARK = """
selector => {
  const video = document.querySelector(selector);
  if (!video || video.readyState < 2) return null;
  const scale = video.videoHeight / 720;
  const canvas = new OffscreenCanvas(1152, 1);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 64 * scale, 664 * scale, 1152 * scale, 1, 0, 0, 1152, 1);
  const row = context.getImageData(0, 0, 1152, 1).data;
  let number = 0;
  for (let bit = 0; bit < 24; bit++) {
    number = 2 * number + (row[4 * (48 * bit + 24)] > 128 ? 1 : 0);
  }
  return number;
}
"""


# What a failed test should say about the picture.
READ_STATE = """
() => [...document.querySelectorAll('.picture video')].map(it => ({
  shown: it.classList.contains('shown'), time: it.currentTime, seeking: it.seeking,
  paused: it.paused, ready: it.readyState,
}))
"""


def picture_frame(page: Page, selector: str = "video.shown") -> int | None:
    """The number of the frame on the screen, counted since 1970 modulo 2^24."""
    return page.evaluate(READ_MARK, selector)


def frame_of(milliseconds: float) -> int:
    """The number of the frame that is on air at a time in ms since 1970."""
    return int((milliseconds + 0.01) * FRAMES_PER_SECOND // 1000) % (1 << MARK_BITS)


def timecode_frame(text: str) -> int:
    """The number of the frame of a timecode such as `13:30:58:03`, of today or yesterday."""
    hours, minutes, seconds, frame = map(int, text.split(":"))
    now = datetime.now(UTC)
    time = now.replace(hour=hours, minute=minutes, second=seconds, microsecond=0).timestamp()
    if time > now.timestamp() + 60:
        time -= 86_400
    return (int(time) * FRAMES_PER_SECOND + frame) % (1 << MARK_BITS)


def shown_frame(page: Page) -> int:
    """The number of the frame whose timecode the console shows."""
    return timecode_frame(page.get_by_test_id("timecode").inner_text())


def wait_for_picture(page: Page):
    """Waits until the live picture plays."""
    expect(page.get_by_test_id("timecode")).to_have_text(re.compile(r"^\d"))
    eventually(lambda: picture_frame(page), "no live picture")


def wait_for_frame(page: Page, frame: int, message: str):
    """Waits until a frame is on the screen and is the one whose timecode is shown."""

    def is_shown() -> bool:
        return picture_frame(page) == frame == shown_frame(page)

    try:
        eventually(is_shown, message, every=0.03)
    except AssertionError:
        raise AssertionError(
            f"{message}: expected {frame}, the picture is {picture_frame(page)}, "
            f"the timecode says {shown_frame(page)}, {page.evaluate(READ_STATE)}"
        ) from None


def pause(page: Page) -> int:
    """Stops the picture. Returns the number of its frame."""
    page.keyboard.press("KeyK")

    def stands() -> bool:
        frame = picture_frame(page)
        return frame is not None and frame == shown_frame(page)

    expect(page.get_by_role("button", name="Play", exact=True).first).to_be_visible()
    eventually(stands, "the paused picture and its timecode differ")
    return shown_frame(page)
