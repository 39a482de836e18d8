"""Tests the jobs of MediaConvert that join several inputs."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from stand_in import unused_id, uris
from test_media_convert import JobTest

SAMPLE_RATE = 48_000
RED, BLUE, BLACK = "red", "blue", "black"


def run(*command: str | Path) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout


def pixels(file: Path) -> list[tuple[str, str]]:
    """Returns the colors at the left edge and in the middle of each frame of a file."""
    raw = ["-vf", "scale=16:9", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    body = run("ffmpeg", "-v", "error", "-i", file, "-fps_mode", "passthrough", *raw)

    def name(at: int) -> str:
        red, _, blue = body[at : at + 3]
        return BLACK if max(red, blue) < 60 else RED if red > blue else BLUE

    row = 4 * 16 * 3
    starts = range(row, len(body), 9 * 16 * 3)
    return [(name(start), name(start + 8 * 3)) for start in starts]


def sound(file: Path) -> list[int]:
    """Returns the samples of a file's sound."""
    raw = ["-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "s16le", "-"]
    body = run("ffmpeg", "-v", "error", "-i", file, "-vn", *raw)
    return list(memoryview(body).cast("h"))


def pitch(samples: list[int], start: float, end: float) -> float:
    """Returns the frequency of a tone in Hz, or 0 for silence."""
    part = samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
    if max(part) < 100:
        return 0
    rising = sum(1 for before, after in pairwise(part) if before < 0 <= after)
    return rising / (end - start)


class TestJoinedInputs(JobTest):
    """Jobs with a red input of 4:3 and a blue one of 16:9, whose frame rates and tones differ."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The sound of the first input ends before its picture does.
        cls.red = cls.put_presentation(RED, "320x240", "25", "sine=440:duration=2.5")
        cls.blue = cls.put_presentation(BLUE, "640x360", "30000/1001", "sine=1200:duration=4")
        cls.silent = cls.put_presentation(BLUE, "640x360", "25", None)

    @classmethod
    def put_presentation(cls, color: str, size: str, rate: str, tone: str | None) -> str:
        """Puts 4 s of HLS. Returns the URL of its manifest."""
        folder = unused_id()
        with tempfile.TemporaryDirectory() as work:
            picture = f"color={color}:size={size}:rate={rate}:duration=4"
            tones = ["-f", "lavfi", "-i", tone, "-c:a", "aac"] if tone else []
            encoder = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "50"]
            hls = ["-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", f"{work}/index.m3u8"]
            run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, *tones, *encoder, *hls)
            for file in Path(work).iterdir():
                cls.s3.put_object(
                    Bucket=cls.bucket, Key=f"{folder}/{file.name}", Body=file.read_bytes()
                )
        return f"s3://{cls.bucket}/{folder}/index.m3u8"

    def joining(
        self, parts: Sequence[tuple[str, str, str]], folder: str, rate: Fraction | None = None
    ) -> dict:
        """Returns a request that makes HLS, an MP4 and pictures of parts of inputs."""
        asked = self.asked(self.red, "landscape-stereo", folder)
        settings = asked["Settings"]
        selector = {"SelectorType": "TRACK", "Tracks": [1]}
        settings["Inputs"] = [
            {
                "FileInput": source,
                "TimecodeSource": "ZEROBASED",
                "InputClippings": [{"StartTimecode": start, "EndTimecode": end}],
                "AudioSelectors": {"Audio Selector 1": selector},
            }
            for source, start, end in parts
        ]
        hls, captures = settings["OutputGroups"]
        (rendition, *_), (picture,) = hls["Outputs"], captures["Outputs"]
        video = rendition["VideoDescription"] | {"Width": 640, "Height": 360}
        if rate:
            video["CodecSettings"]["H264Settings"] |= {
                "FramerateControl": "SPECIFIED",
                "FramerateNumerator": rate.numerator,
                "FramerateDenominator": rate.denominator,
            }
        rendition["VideoDescription"] = video
        film = rendition | {"NameModifier": "_film", "ContainerSettings": {"Container": "MP4"}}
        picture["VideoDescription"] |= {"Width": 320, "Height": 180}
        capture = picture["VideoDescription"]["CodecSettings"]["FrameCaptureSettings"]
        capture |= {"FramerateNumerator": 1, "FramerateDenominator": 1, "MaxCaptures": 4}
        hls["Outputs"], captures["Outputs"] = [rendition], [film, picture]
        for group, kind in ((hls, "HlsGroupSettings"), (captures, "FileGroupSettings")):
            destination = f"s3://{self.bucket}/{folder}/index"
            group["OutputGroupSettings"][kind]["Destination"] = destination
        return asked

    def download(self, key: str, work: str) -> Path:
        file = Path(work) / key.rsplit("/", 1)[1]
        file.write_bytes(self.read(key))
        return file

    def check_picture(self, file: Path, rate: Fraction, count: int):
        """Checks that half of the frames are red with bars, and the others blue without."""
        entries = "stream=r_frame_rate,nb_read_frames"
        probe = ["-select_streams", "v:0", "-count_frames", "-show_entries", entries]
        (found,) = json.loads(run("ffprobe", "-v", "error", "-of", "json", *probe, file))["streams"]
        self.assertEqual(Fraction(found["r_frame_rate"]), rate)
        self.assertEqual(int(found["nb_read_frames"]), count)
        half = count // 2
        self.assertEqual(pixels(file), [(BLACK, RED)] * half + [(BLUE, BLUE)] * half)

    def check_sound(self, file: Path):
        """Checks that the tones follow each other as the pictures do, each at its time."""
        samples = sound(file)
        self.assertAlmostEqual(len(samples) / SAMPLE_RATE, 4, delta=0.05)
        self.assertAlmostEqual(pitch(samples, 0.1, 1.4), 440, delta=5)
        self.assertEqual(pitch(samples, 1.6, 1.95), 0)
        self.assertAlmostEqual(pitch(samples, 2.05, 3.9), 1200, delta=5)

    def test_two_inputs_follow_each_other_in_every_output(self):
        parts = [
            (self.red, "00:00:01:00", "00:00:02:24"),
            (self.blue, "00:00:00:15", "00:00:02:14"),
        ]
        # Without a frame rate of their own, the outputs have that of the first input.
        for rate, found_rate in [(None, Fraction(25)), (Fraction(50), Fraction(50))]:
            with self.subTest(rate), tempfile.TemporaryDirectory() as work:
                folder = unused_id()
                job = self.media_convert.create_job(**self.joining(parts, folder, rate))["Job"]
                job = self.await_end(job)
                self.assertEqual((job["Status"], job["JobPercentComplete"]), ("COMPLETE", 100), job)
                film = self.download(f"{folder}/index_film.mp4", work)
                playlist = self.read(f"{folder}/index_1.m3u8").decode()
                segments = [self.download(f"{folder}/{it}", work) for it in uris(playlist)]
                stream = Path(work) / "joined.ts"
                stream.write_bytes(b"".join(it.read_bytes() for it in segments))
                for file in (film, stream):
                    self.check_picture(file, found_rate, int(4 * found_rate))
                    self.check_sound(file)
                (rendition,), (mp4, _) = [it["OutputDetails"] for it in job["OutputGroupDetails"]]
                self.assertAlmostEqual(rendition["DurationInMs"], 4000, delta=1)
                self.assertAlmostEqual(mp4["DurationInMs"], 4000, delta=30)
                keys = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=f"{folder}/")["Contents"]
                pictures = [it["Key"] for it in keys if it["Key"].endswith(".jpg")]
                shown = [pixels(self.download(key, work)) for key in sorted(pictures)]
                self.assertEqual(shown, [[(BLACK, RED)]] * 2 + [[(BLUE, BLUE)]] * 2)

    def test_a_job_is_found_by_each_of_its_inputs(self):
        sources = [self.missing(), self.missing()]
        parts = [(source, "00:00:00:00", "00:00:01:00") for source in sources]
        job = self.media_convert.create_job(**self.joining(parts, unused_id()))["Job"]
        for source in sources:
            found = self.media_convert.search_jobs(InputFile=source)["Jobs"]
            self.assertEqual([it["Id"] for it in found], [job["Id"]])
        self.await_end(job)

    def test_an_input_without_the_selector_of_the_outputs_is_refused(self):
        whole = ("00:00:00:00", "00:00:01:00")
        asked = self.joining([(self.red, *whole), (self.blue, *whole)], unused_id())
        selectors = asked["Settings"]["Inputs"][1]["AudioSelectors"]
        selectors["Other"] = selectors.pop("Audio Selector 1")
        with self.assertRaises(self.media_convert.exceptions.BadRequestException) as refusal:
            self.media_convert.create_job(**asked)
        message = refusal.exception.response["Error"]["Message"]
        self.assertIn('"Audio Selector 1" not found in /inputs/1', message)

    def test_the_error_of_a_job_names_the_input(self):
        late, whole = ("00:00:09:00", "00:00:10:00"), ("00:00:00:00", "00:00:01:00")
        for source, part, code in [
            (self.silent, whole, 1040),
            (self.blue, late, 1060),
            (self.missing(), whole, 1404),
        ]:
            with self.subTest(code):
                asked = self.joining([(self.red, *whole), (source, *part)], unused_id())
                job = self.await_end(self.media_convert.create_job(**asked)["Job"])
                self.assertEqual((job["Status"], job["ErrorCode"]), ("ERROR", code), job)
                self.assertIn("input 2: ", job["ErrorMessage"])
