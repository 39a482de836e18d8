"""Tests what leaves the service for use elsewhere: timelines for editing suites, and MP4 files."""

import json
from datetime import datetime, timedelta
from fractions import Fraction

import opentimelineio as otio

from authorization import ask
from frames import numbered_video, read_numbers
from media_test import MediaTest
from stand_in import eventually


class TestExports(MediaTest):
    def timeline(self, clip: dict) -> otio.schema.Timeline:
        path = f"/competitions/{clip['competition']}/clips/{clip['clip']}/timeline.otio"
        text = json.dumps(self.api("GET", path))
        timeline = otio.adapters.read_from_string(text, "otio_json")
        self.assertIsInstance(timeline, otio.schema.Timeline)
        return timeline

    def check(self, timeline: otio.schema.Timeline, rate: Fraction, first: int, count: int):
        """Fails unless both tracks have these frames at this rate."""
        (video,), (audio,) = timeline.video_tracks(), timeline.audio_tracks()
        for track in (video, audio):
            (clip,) = track.find_clips()
            source = clip.source_range
            self.assertEqual(source.start_time.rate, float(rate))
            self.assertEqual((source.start_time.value, source.duration.value), (first, count))
            media = clip.media_reference.available_range
            self.assertEqual(media.start_time.value, 0)
            self.assertLessEqual(source.end_time_exclusive(), media.end_time_exclusive())
        self.assertEqual(timeline.duration(), otio.opentime.RationalTime(count, float(rate)))

    def test_a_live_clip_has_its_requested_frames(self):
        window = self.window(3)
        start = window[0].start.timestamp() + 0.52
        end = window[2].start.timestamp() + 0.88
        clip = self.api("POST", "/clip", {"start": start, "end": end}, 202)
        clip = self.ready(clip)
        timeline = self.timeline(clip)
        frames = round((window[2].start - window[0].start).total_seconds() * 25) + 9
        self.check(timeline, Fraction(25), 13, frames)
        (item,) = timeline.video_tracks()[0].find_clips()
        self.assertEqual(item.media_reference.target_url, clip["manifest"])
        self.assertEqual(timeline.metadata["matchcut"]["clip"], clip["clip"])
        self.assertEqual(timeline.name, clip["clip"])

    def test_an_upload_has_all_frames_at_its_exact_rate(self):
        rate = Fraction(30000, 1001)
        clip = self.upload(numbered_video("30000/1001", 4, 180))
        count = round(clip["actual"]["durationSeconds"] * rate)
        self.assertIn(count, (119, 120))
        self.check(self.timeline(clip), rate, 0, count)

    def test_an_export_has_exactly_the_requested_frames_and_part_of_the_picture(self):
        for rate in ("25", "30000/1001", "50", "60000/1001"):
            clip = self.upload(numbered_video(rate, 4, 180))
            start = datetime.fromisoformat(clip["actual"]["start"])
            frame = 1 / Fraction(rate)

            def at(number: int, start: datetime = start, frame: Fraction = frame) -> str:
                """The start of a frame, in whole milliseconds."""
                time = start + timedelta(milliseconds=int(number * frame * 1000))
                return time.isoformat(timespec="milliseconds")

            for first, end in ((0, 7), (31, 77), (64, 65)):
                with self.subTest(rate=rate, first=first, end=end):
                    made = self.export(clip, start=at(first), end=at(end))
                    numbers = read_numbers(made["url"], 16)
                    self.assertEqual(numbers, list(range(first, end)))
            # A third of the picture has five of the 16 bars: the first or the last bits.
            for crop, bits in ((0, 0), (1, 40 % 32)):
                made = self.export(clip, aspect="9:16", crop=crop, start=at(40), end=at(44))
                self.assertEqual((made["width"], made["height"]), (102, 180))
                numbers = read_numbers(made["url"], 5)
                self.assertEqual(numbers, [bits + it for it in range(4)] if crop else [0] * 4)


class TestPosters(MediaTest):
    OPTIONS = ("--clip-files", "pictures")

    def test_a_poster_shows_the_chosen_frame(self):
        for rate, frame in (("30000/1001", 31), ("50", 0), ("50", 199)):
            with self.subTest(rate=rate, frame=frame):
                clip = self.send(numbered_video(rate, 4, 180))
                path = f"/competitions/{clip['competition']}/clips/{clip['clip']}"
                actual = eventually(lambda path=path: self.api("GET", path).get("actual"), "bounds")
                milliseconds = int(frame / Fraction(rate) * 1000)
                time = datetime.fromisoformat(actual["start"]) + timedelta(
                    milliseconds=milliseconds
                )
                self.edit(path, {"posterAt": time.isoformat(timespec="milliseconds")})
                self.assertEqual(read_numbers(self.wait_for_poster(clip), 16), [frame])

    def edit(self, path: str, body: dict):
        (token,) = self.printed("token")
        url, text = f"{self.stand_in.origin}/api{path}", json.dumps(body)
        status, _, reply = ask("PATCH", url, token, text, {"if-match": "*"})
        self.assertEqual(status, 200, reply)

    def wait_for_poster(self, clip: dict) -> str:
        """Waits until the files of a clip are made. Returns the URL of its poster."""
        path = f"/competitions/{clip['competition']}/changes/{clip['clip']}"

        def find() -> str | None:
            shown = self.api("GET", path)
            is_made = shown.get("files", {}).get("status") == "made"
            return shown.get("poster") if is_made else None

        return eventually(find, "the poster was not made")
