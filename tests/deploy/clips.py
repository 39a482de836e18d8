"""What operators and viewers do with clips, for the tests of a deployment."""

import contextlib
import os
import subprocess
import unittest

from authorization import ask
from stand_in import RENDITIONS, eventually

FRAMES_PER_SECOND = 25


class ClipTest(unittest.TestCase):
    """A deployment, on air, and an operator who has signed in."""

    @classmethod
    def use(cls, deployment):
        cls.deployment = deployment
        cls.operator = deployment.sign_in("operator")["AccessToken"]
        live = deployment.outputs["LiveUrls"].split("=", 1)[1].replace("index.m3u8", "index_1.m3u8")
        enough = lambda: cls.get(live)[1].count("#EXTINF") >= 6
        eventually(60, enough, "the live stream was not on air")

    @classmethod
    def get(cls, url):
        """The status and the text of a URL that viewers were given."""
        status, _, text = ask("GET", url, opener=cls.deployment.opener)
        return status, text.decode()

    def cut(self, **asked):
        status, clip, location = self.deployment.ask("POST", "/api/clip", self.operator, asked)
        self.assertEqual(status, 202, clip)
        self.assertEqual(self.deployment.ask("GET", location)[1]["clip"], clip["clip"])
        return clip

    def path(self, clip):
        return f"/api/competitions/{clip['competition']}/clips/{clip['clip']}"

    def wait_until(self, clip, status, timeout):
        """The clip, once it has a status."""

        def reached():
            shown = self.deployment.ask("GET", self.path(clip))[1]
            return shown if shown["status"] == status else None

        return eventually(timeout, reached, f"clip {clip['clip']} did not become {status}")

    @contextlib.contextmanager
    def without(self, *started):
        """Nothing starts these functions by a rule for a while."""
        events = self.deployment.client("events")
        described = {f"Starts {function}" for function in started}
        rules = [
            rule["Name"]
            for rule in events.list_rules()["Rules"]
            if rule.get("Description") in described
        ]
        self.assertLessEqual(len(started), len(rules))
        for rule in rules:
            events.disable_rule(Name=rule)
        try:
            yield
        finally:
            for rule in rules:
                events.enable_rule(Name=rule)

    def wait_until_listed(self, clip, timeout):
        def listed():
            path = f"/api/competitions/{clip['competition']}/clips?limit=100"
            found = self.deployment.ask("GET", path)[1]["clips"]
            return next((it for it in found if it["clip"] == clip["clip"]), None)

        return eventually(timeout, listed, f"clip {clip['clip']} was not listed")

    def assert_plays(self, manifest, seconds):
        """Every rendition decodes, without a complaint, to as many frames as were promised."""
        for rendition in range(RENDITIONS):
            command = [
                "ffmpeg",
                "-v",
                "error",
                "-xerror",
                "-i",
                manifest,
                "-map",
                f"0:v:{rendition}",
            ]
            command += [
                "-fps_mode",
                "passthrough",
                "-vf",
                "scale=2:2,format=gray",
                "-f",
                "rawvideo",
                "-",
            ]
            environment = os.environ | {"http_proxy": self.deployment.proxy}
            ran = subprocess.run(command, env=environment, capture_output=True)
            self.assertEqual((ran.returncode, ran.stderr), (0, b""), manifest)
            self.assertEqual(len(ran.stdout) / 4, seconds * FRAMES_PER_SECOND, manifest)
