"""Tests the jobs of MediaConvert whose input is an HLS presentation."""

import json
import subprocess
import tempfile
from pathlib import Path

from stand_in import unused_id
from test_media_convert import JobTest


class TestHlsInputs(JobTest):
    """Jobs that cut a part out of an HLS presentation."""

    @classmethod
    def put_presentation(cls, rate: str, version: int = 3) -> str:
        """Puts 6 s of HLS with a better rendition, whose frames count up in brightness.

        Returns the URL of the multivariant manifest.
        """
        folder = unused_id()
        with tempfile.TemporaryDirectory() as work:
            picture = f"color=black:size=320x180:rate={rate}:duration=6"
            bright = "geq=lum='16+mod(N,200)':cb=128:cr=128"
            tone = "sine=sample_rate=48000:duration=6"
            command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi"]
            command += ["-i", tone, "-vf", bright, "-c:v", "libx264", "-qp", "4", "-g", "50"]
            command += ["-c:a", "aac", "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod"]
            command += ["-hls_segment_filename", f"{work}/index_1_%d.ts", f"{work}/index_1.m3u8"]
            subprocess.run(command, check=True)
            for file in Path(work).iterdir():
                cls.s3.put_object(
                    Bucket=cls.bucket, Key=f"{folder}/{file.name}", Body=file.read_bytes()
                )
        frames = 'BANDWIDTH=9000000,RESOLUTION=320x180,URI="index_iframes.m3u8"'
        manifest = f"#EXTM3U\n#EXT-X-VERSION:{version}\n"
        manifest += "#EXT-X-STREAM-INF:BANDWIDTH=1000\nmissing.m3u8\n"
        manifest += "#EXT-X-STREAM-INF:BANDWIDTH=5000\nindex_1.m3u8\n"
        manifest += f"#EXT-X-I-FRAME-STREAM-INF:{frames}\n"
        key = f"{folder}/index.m3u8"
        cls.s3.put_object(Bucket=cls.bucket, Key=key, Body=manifest.encode())
        return f"s3://{cls.bucket}/{key}"

    def cut(self, source: str, start: str, end: str, folder: str) -> dict:
        """Creates a job that makes an MP4 and pictures of a part."""
        asked = self.asked(source, "landscape-stereo", folder)
        settings = asked["Settings"]
        (file,) = settings["Inputs"]
        file["InputClippings"] = [{"StartTimecode": start, "EndTimecode": end}]
        file["AudioSelectors"]["Audio Selector 1"].pop("RemixSettings", None)
        hls, captures = settings["OutputGroups"]
        film, picture = hls["Outputs"][0], captures["Outputs"][0]
        film["ContainerSettings"] = {
            "Container": "MP4",
            "Mp4Settings": {"MoovPlacement": "PROGRESSIVE_DOWNLOAD"},
        }
        film["NameModifier"], picture["NameModifier"] = "_source", "_poster"
        film["VideoDescription"] |= {"Width": 320, "Height": 180}
        capture = picture["VideoDescription"]["CodecSettings"]["FrameCaptureSettings"]
        capture |= {"FramerateNumerator": 1, "FramerateDenominator": 1, "MaxCaptures": 3}
        captures["OutputGroupSettings"]["FileGroupSettings"]["Destination"] = (
            f"s3://{self.bucket}/{folder}/clip"
        )
        captures["Outputs"] = [film, picture]
        settings["OutputGroups"] = [captures]
        settings["TimecodeConfig"] = {"Source": "ZEROBASED"}
        return self.await_end(self.media_convert.create_job(**asked)["Job"])

    def measure(self, body: bytes) -> tuple[list[int], str, float]:
        """Returns the brightness of each frame, the frame rate, and the duration of the sound."""
        with tempfile.TemporaryDirectory() as work:
            file = Path(work) / "clip.mp4"
            file.write_bytes(body)
            # Brightness and two colors of one pixel: ffmpeg would change the range of `gray`.
            scale = ["-vf", "scale=1:1", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"]
            command = ["ffmpeg", "-v", "error", "-i", file, "-fps_mode", "passthrough", *scale]
            frames = list(subprocess.run(command, check=True, capture_output=True).stdout[::3])
            probe = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", file]
            found = subprocess.run(probe, check=True, capture_output=True).stdout
            picture, sound = json.loads(found)["streams"]
            return frames, picture["r_frame_rate"], float(sound["duration"])

    def test_an_mp4_has_exactly_the_frames_of_the_clipping(self):
        for rate, per_second in [
            ("25", 25),
            ("30000/1001", 30),
            ("50", 50),
            ("60000/1001", 60),
        ]:
            with self.subTest(rate):
                source, folder = self.put_presentation(rate), unused_id()
                job = self.cut(source, "00:00:01:07", "00:00:04:12", folder)
                self.assertEqual(job["Status"], "COMPLETE", job)
                body = self.read(f"{folder}/clip_source.mp4")
                # The index is before the media.
                self.assertLess(body.index(b"moov"), body.index(b"mdat"))
                frames, found_rate, sound = self.measure(body)
                numerator, _, denominator = rate.partition("/")
                self.assertEqual(found_rate, f"{numerator}/{denominator or 1}")
                first, last = per_second + 7, 4 * per_second + 12
                self.assertEqual(len(frames), last + 1 - first)
                seconds = len(frames) * int(denominator or 1) / int(numerator)
                self.assertAlmostEqual(sound, seconds, delta=0.03)
                wanted = [16 + number % 200 for number in (first, last)]
                self.assertEqual(frames[0], wanted[0])
                # The encoder may round.
                self.assertAlmostEqual(frames[-1], wanted[1], delta=1)
                film, poster = job["OutputGroupDetails"][0]["OutputDetails"]
                self.assertAlmostEqual(film["DurationInMs"], seconds * 1000, delta=30)
                self.assertEqual(poster["VideoDetails"]["WidthInPx"], 640)
                pictures = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=f"{folder}/")
                names = [it["Key"].rsplit("/", 1)[1] for it in pictures["Contents"]]
                posters = [f"clip_poster.{number:07}.jpg" for number in range(3)]
                self.assertCountEqual(names, ["clip_source.mp4", *posters])

    def test_a_part_outside_of_the_input_fails_the_job(self):
        source = self.put_presentation("25")
        for start, end in [("00:00:05:00", "00:00:06:00"), ("00:00:02:00", "00:00:01:00")]:
            with self.subTest(start):
                job = self.cut(source, start, end, unused_id())
                self.assertEqual((job["Status"], job["ErrorCode"]), ("ERROR", 1060))

    def test_a_manifest_that_cannot_be_read_fails_the_job(self):
        newer = self.put_presentation("25", version=6)
        absent = newer.replace("index.m3u8", "absent.m3u8")
        for source in (newer, absent):
            with self.subTest(source):
                job = self.cut(source, "00:00:00:00", "00:00:01:00", unused_id())
                self.assertEqual((job["Status"], job["ErrorCode"]), ("ERROR", 1404))
