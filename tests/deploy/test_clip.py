"""A clip in the deployed service, from the operator's key to the viewer's player."""

import os
import subprocess
import unittest

from authorization import ask
from deployment import deployed
from stand_in import RENDITIONS, eventually

FRAMES_PER_SECOND = 25


class TestClip(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.deployment = deployed()
        cls.operator = cls.deployment.sign_in("operator")["AccessToken"]
        enough = lambda: 6 <= cls.get(cls.deployment.outputs["LiveUrls"].split("=", 1)[1].replace(
            "index.m3u8", "index_1.m3u8")).count("#EXTINF")
        eventually(60, enough, "the live stream was not on air")

    @classmethod
    def get(cls, url):
        """The text of a URL that viewers were given."""
        status, _, text = ask("GET", url, opener=cls.deployment.opener)
        return text.decode() if status == 200 else ""

    def cut(self, **asked):
        status, clip, location = self.deployment.ask("POST", "/api/clip", self.operator, asked)
        self.assertEqual(status, 202, clip)
        self.assertEqual(self.deployment.ask("GET", location)[1]["clip"], clip["clip"])
        return clip

    def wait_until_listed(self, clip, timeout):
        def listed():
            path = f"/api/competitions/{clip['competition']}/clips?limit=100"
            found = self.deployment.ask("GET", path)[1]["clips"]
            return next((it for it in found if it["clip"] == clip["clip"]), None)
        return eventually(timeout, listed, f"clip {clip['clip']} was not listed")

    def assert_plays(self, manifest, seconds):
        """Every rendition decodes, without a complaint, to as many frames as were promised."""
        for rendition in range(RENDITIONS):
            command = ["ffmpeg", "-v", "error", "-xerror", "-i", manifest, "-map", f"0:v:{rendition}"]
            command += ["-fps_mode", "passthrough", "-vf", "scale=2:2", "-pix_fmt", "gray", "-f", "rawvideo", "-"]
            environment = os.environ | {"http_proxy": self.deployment.proxy}
            ran = subprocess.run(command, env=environment, capture_output=True)
            self.assertEqual((ran.returncode, ran.stderr), (0, b""), manifest)
            self.assertEqual(len(ran.stdout) / 4, seconds * FRAMES_PER_SECOND, manifest)

    def test_a_clip_plays_at_once_and_is_made_ready_by_events(self):
        clip = self.cut(lastSeconds=7, title="First race")
        seconds = clip["actual"]["durationSeconds"]
        self.assertIn("#EXT-X-STREAM-INF", self.get(clip["preview"]))
        self.assert_plays(clip["preview"], seconds)

        listed = self.wait_until_listed(clip, 50)
        self.assertEqual(listed["status"], "ready")
        self.assertEqual(listed["meta"]["title"], "First race")
        self.assertEqual(listed["actual"], clip["actual"])
        path = f"/api/competitions/{clip['competition']}/clips/{clip['clip']}"
        self.assertEqual(self.deployment.ask("GET", path)[1], listed)
        for manifest in listed["manifests"].values():
            self.assertTrue(manifest.startswith(self.deployment.outputs["VodBaseUrl"]), manifest)
            self.assert_plays(manifest, seconds)

    def test_a_clip_whose_events_were_lost_is_found_by_the_sweep(self):
        events, rules = self.deployment.client("events"), []
        for rule in events.list_rules()["Rules"]:
            if "standin.mediapackage" in rule.get("EventPattern", ""):
                rules.append(rule["Name"])
        self.assertEqual(len(rules), 3)
        for rule in rules:
            events.disable_rule(Name=rule)
        try:
            clip = self.cut(lastSeconds=4)
            # It runs every minute, and the clip takes two runs: harvest, then asset.
            self.assertEqual(self.wait_until_listed(clip, 200)["status"], "ready")
        finally:
            for rule in rules:
                events.enable_rule(Name=rule)
