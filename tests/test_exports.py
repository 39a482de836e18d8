"""Tests what editing suites get of a clip, with the library that they read it with."""

import json
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from authorization import ask
from frames import numbered_video
from stand_in import WireTest, eventually


class TestTimeline(WireTest):
    def api(self, method: str, path: str, body: object = None, status: int = 200) -> dict:
        """Sends a request as the operator. Returns the JSON of the reply."""
        (token,) = self.printed("token")
        text = None if body is None else json.dumps(body)
        answered, _, reply = ask(method, f"{self.stand_in.origin}/api{path}", token, text)
        self.assertEqual(answered, status, reply)
        return json.loads(reply)

    def upload(self, video: Path) -> dict:
        """Uploads a file. Returns the ready clip."""
        content = video.read_bytes()
        clip = self.api("POST", "/uploads", {"filename": "a.mp4", "size": len(content)}, 201)
        upload = clip["upload"]
        status, _, reply = ask("PUT", upload["url"], None, content, upload["headers"])
        self.assertEqual(status, 200, reply)
        return self.ready(clip)

    def ready(self, clip: dict) -> dict:
        """Waits until a clip is ready. Returns it."""
        path = f"/competitions/{clip['competition']}/changes/{clip['clip']}"

        def is_ready() -> dict | None:
            shown = self.api("GET", path)
            self.assertNotEqual(shown["status"], "failed", shown.get("failure"))
            return shown if shown["status"] == "ready" else None

        return eventually(is_ready, "the clip was not ready")

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
