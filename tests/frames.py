"""A video whose frames carry their number, and what reads the number from a picture in a browser.

The number is drawn as 16 bars: a bar is light for 1 and dark for 0 in the upper half of the
picture, and the other way round in the lower half. So a reader sees whether it has read a whole
picture. The bars survive every rendition, because each is a sixteenth of the picture wide.
"""

import fcntl
import subprocess
from fractions import Fraction
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "target/browser"
BITS = 16

# Draws a video on 64 x 36 pixels and reads its bars. Returns null if this is not a whole picture.
READ_NUMBER = """
selector => {
  const video = document.querySelector(selector);
  if (!video || video.readyState < 2) return null;
  const canvas = new OffscreenCanvas(64, 36);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0, 64, 36);
  const light = (x, y) => context.getImageData(x, y, 1, 1).data[1];
  let number = 0;
  for (let bar = 0; bar < 16; bar++) {
    const difference = light(4 * bar + 2, 9) - light(4 * bar + 2, 27);
    if (Math.abs(difference) < 64) return null;
    number = 2 * number + (difference > 0 ? 1 : 0);
  }
  return number;
}
"""


def numbered_video(rate: str = "25", seconds: int = 120, height: int = 360) -> Path:
    """A video of 16:9 with sound, whose frames have the numbers 0, 1, 2 and so on.

    It is made once and kept in `target`. `rate` is a number or a fraction, such as `30000/1001`.
    """
    if Fraction(rate) * seconds >= 2**BITS:
        raise ValueError(f"the numbers of {seconds} s need more than {BITS} bars")
    path = FOLDER / f"numbered-{rate.replace('/', '-')}-{seconds}-{height}.mp4"
    FOLDER.mkdir(parents=True, exist_ok=True)
    # Tests in other processes need the same video: the first one makes it, and they wait.
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            make_numbered_video(path, rate, seconds, height)
    return path


def make_numbered_video(path: Path, rate: str, seconds: int, height: int):
    # The bars are drawn small and scaled up, because `geq` computes each pixel on its own.
    bar = f"mod(floor(N/pow(2,{BITS - 1}-floor(X*{BITS}/W))),2)"
    half = f"if(lt(Y,H/2),{bar},1-{bar})"
    picture = (
        f"color=s=64x36:r={rate}:d={seconds},format=yuv420p,geq=lum='16+219*{half}':cb=128:cr=128,"
        f"scale={height * 16 // 9}:{height}:flags=neighbor"
    )
    # A tone with a beep each second, for meters and waveforms.
    sound = f"sine=frequency=330:beep_factor=4:sample_rate=48000:duration={seconds}"
    part = path.with_suffix(".part")
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-y",
        "-f",
        "lavfi",
        "-i",
        picture,
        "-f",
        "lavfi",
        "-i",
        sound,
    ]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-c:a", "aac", "-ac", "2"]
    subprocess.run([*command, *codecs, "-f", "mp4", part], check=True)
    part.rename(path)


def read_numbers(url: str, bars: int = BITS, video: int = 0) -> list[int]:
    """Decodes a numbered video, and reads the number of each frame. `video` is one of several."""
    width, height = 4 * bars, 36
    command = ["ffmpeg", "-v", "error", "-i", url, "-map", f"0:v:{video}"]
    command += ["-vf", f"scale={width}:{height}:flags=area"]
    decoded = subprocess.run(
        [*command, "-fps_mode", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", "-"],
        capture_output=True,
        check=True,
    ).stdout
    size = width * height
    numbers = []
    for offset in range(0, len(decoded), size):
        picture = decoded[offset : offset + size]
        number = 0
        for bar in range(bars):
            upper = picture[9 * width + 4 * bar + 2]
            lower = picture[27 * width + 4 * bar + 2]
            number = 2 * number + (upper > lower)
        numbers.append(number)
    return numbers


def frame_number(page: Page, selector: str = "video") -> int | None:
    """Reads the number of the frame that a video shows, or `None` if it shows no whole picture."""
    return page.evaluate(READ_NUMBER, selector)
