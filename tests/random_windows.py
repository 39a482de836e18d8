"""Cuts random windows out of a numbered live stream, and checks the frames and the sound of clips.

The pictures carry their numbers, and the sound has a beep at each second of them. So both say
from which moment of the stream they are.
"""

import math
import random
import subprocess
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from urllib.parse import urljoin

from console.viewer import ViewerTest, first_number
from frames import numbered_video, read_numbers
from stand_in import Segment, get, segments, uris

# How far sound may be from its picture, in seconds.
MAX_DRIFT = 0.02
# The beeps of `numbered_video`, in Hz and seconds.
BEEP, BEEP_SECONDS = 1320, 0.04
SAMPLE_RATE = 8000
# The length of a window in seconds. A clip is at least two segments long.
MIN_LENGTH, MAX_LENGTH = Fraction(41, 10), 8
# How many clips are made at once.
AT_ONCE = 2


@dataclass
class Window:
    """A window of a stream: its times, and the numbers of its first and its last frame."""

    start: datetime
    end: datetime
    first: int
    last: int

    def request(self) -> dict[str, str]:
        times = {"start": self.start, "end": self.end}
        return {name: it.isoformat(timespec="milliseconds") for name, it in times.items()}

    @property
    def numbers(self) -> list[int]:
        return list(range(self.first, self.last + 1))


def draw_windows(
    rate: Fraction, segments: list[Segment], manifest: str, count: int, seed: str
) -> list[Window]:
    """Draws windows from segments of a rendition.

    Each starts and ends up to a third of a frame beside the start of a frame, because an operator's
    times have milliseconds.
    """
    chance = random.Random(seed)
    begin = segments[0].start
    number = first_number(urljoin(manifest, segments[0].name))
    frames = round((segments[-1].end - begin).total_seconds() * rate)

    def time(frame: int) -> datetime:
        beside = Fraction(chance.uniform(-1, 1)) / 3 if 0 < frame < frames else 0
        milliseconds = math.ceil((frame + beside) / rate * 1000)
        return (begin + timedelta(milliseconds=milliseconds)).astimezone(UTC)

    windows = []
    for _ in range(count):
        length = chance.randint(math.ceil(MIN_LENGTH * rate), math.floor(MAX_LENGTH * rate))
        first = chance.randint(0, frames - length)
        after = first + length
        windows.append(Window(time(first), time(after), number + first, number + after - 1))
    return windows


def check_clip(clip: dict, window: Window, rate: Fraction) -> list[str]:
    """A sentence for each file of a clip that has other frames than its window, or late sound.

    The clip has exact frames and an MP4.
    """
    hls, dash = clip["manifests"]["hls"], clip["manifests"]["dash"]
    renditions = [urljoin(hls, it) for it in uris(get(hls)[1].decode())]
    renditions = list(dict.fromkeys(renditions))
    media = [(it["url"], 0) for it in clip["downloads"]]
    media += [(it, 0) for it in renditions]
    media += [(dash, number) for number in range(len(renditions))]
    found = []
    for url, video in media:
        numbers = read_numbers(url, video=video)
        if numbers != window.numbers:
            expected = f"{window.first} to {window.last}"
            found.append(f"{url} ({video}) has the frames {summary(numbers)}, not {expected}")
        drift = measure_drift(url, window.first, rate)
        if drift is None or abs(drift) > MAX_DRIFT:
            found.append(f"{url} ({video}) has its sound {drift} s late")
    return found


def batched(windows: list[Window], size: int) -> list[list[Window]]:
    return [windows[at : at + size] for at in range(0, len(windows), size)]


def summary(numbers: list[int]) -> str:
    """Says which frames there are: the stretches whose numbers follow each other."""
    starts = [at for at in range(len(numbers)) if at == 0 or numbers[at] != numbers[at - 1] + 1]
    ends = [*(at - 1 for at in starts[1:]), len(numbers) - 1]
    stretches = zip(starts, ends, strict=True)
    return ", ".join(f"{numbers[start]} to {numbers[end]}" for start, end in stretches)


def measure_drift(url: str, first: int, rate: Fraction) -> float | None:
    """By how many seconds the beeps are late, on average. `first` is the first frame's number."""
    samples = decode_sound(url)
    picture = first_picture(url)
    begin = float(first / rate)
    drifts = []
    for second in range(math.ceil(begin), math.ceil(begin + len(samples) / SAMPLE_RATE)):
        # The middle of a beep, counted from the first sample.
        middle = second + BEEP_SECONDS / 2 - begin + picture
        drifts += [center - middle for center in [find_beep(samples, middle)] if center]
    return sum(drifts) / len(drifts) if drifts else None


def find_beep(samples: array, near: float) -> float | None:
    """The middle of the beep that is near a time. `None` if not all of it is there."""
    reach, step = 0.1, 0.004
    first, last = round((near - reach) * SAMPLE_RATE), round((near + reach) * SAMPLE_RATE)
    if first < 0 or last > len(samples):
        return None
    size = round(step * SAMPLE_RATE)
    weights = []
    for at in range(first, last - size, size // 4):
        turns = (2 * math.pi * BEEP * at / SAMPLE_RATE for at in range(size))
        waves = [(math.cos(turn), math.sin(turn)) for turn in turns]
        part = samples[at : at + size]
        real = sum(sample * wave for sample, (wave, _) in zip(part, waves, strict=True))
        imaginary = sum(sample * wave for sample, (_, wave) in zip(part, waves, strict=True))
        weights.append(((at + size / 2) / SAMPLE_RATE, real * real + imaginary * imaginary))
    # The tone between the beeps has some power at every pitch.
    floor = max(weight for _, weight in weights) / 4
    strong = [(time, weight) for time, weight in weights if weight > floor]
    return sum(time * weight for time, weight in strong) / sum(weight for _, weight in strong)


def decode_sound(url: str) -> array:
    """Decodes sound to samples, from the earliest time stamp of picture or sound on."""
    filters = f"aresample={SAMPLE_RATE}:async=1000:first_pts=0"
    command = ["ffmpeg", "-v", "error", "-i", url, "-map", "0:a:0", "-af", filters]
    raw = ["-ac", "1", "-f", "s16le", "-"]
    decoded = subprocess.run([*command, *raw], capture_output=True, check=True).stdout
    return array("h", decoded)


def first_picture(url: str) -> float:
    """How many seconds after the earliest time stamp the first picture is shown."""
    entries = "format=start_time:stream=start_time"
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", entries]
    shown = subprocess.run([*command, "-of", "flat", url], capture_output=True, check=True)
    times = dict(line.split("=") for line in shown.stdout.decode().split())
    video = next(it for name, it in times.items() if name.startswith("streams.stream.0."))
    return float(video.strip('"')) - float(times["format.start_time"].strip('"'))


class WindowsTest(ViewerTest):
    """A stand-in with a numbered stream, and clips of exactly the requested frames."""

    COMPETITION = "windows"
    RATE = "25"

    @staticmethod
    def options(rate: str, seconds: int) -> tuple[object, ...]:
        """The options of a stand-in whose stream has a frame rate, and repeats itself in time."""
        source = ("--source", numbered_video(rate, seconds), "--frame-rate", rate)
        return (*source, "--startover", "1200", "--sweep", "1", "--clip-files", "all")

    def check_windows(self, count: int, seed: str, aired: int):
        """Cuts random windows of the first segments of the stream, and checks each clip.

        The message of a failure has the seed.
        """
        self.segments(aired)
        [on_air] = self.stand_in.printed("on air")
        manifest = urljoin(on_air, uris(get(on_air)[1].decode())[0])
        found = segments(get(manifest)[1].decode())[:aired]
        rate = Fraction(self.RATE)
        violations = []
        for windows in batched(draw_windows(rate, found, manifest, count, seed), AT_ONCE):
            announced = [self.announce_clip(precision="frame", **it.request()) for it in windows]
            for clip, window in zip(announced, windows, strict=True):
                violations += check_clip(self.wait_for_exact(clip, with_files=True), window, rate)
        if violations:
            what = f"at {self.RATE} frames a second, with seed {seed}"
            self.fail("\n".join([what, *violations]))
