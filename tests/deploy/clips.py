"""Actions of operators and viewers on clips, for the deployment tests."""

import contextlib
import os
import subprocess
import unittest
from collections.abc import Iterator

from authorization import ask
from deployment import Deployment
from stand_in import RENDITIONS, eventually

FRAMES_PER_SECOND = 25


class ClipTest(unittest.TestCase):
    """A deployment that is on air, and a signed-in operator."""

    @classmethod
    def use(cls, deployment: Deployment):
        cls.deployment = deployment
        cls.operator = deployment.sign_in("operator")["AccessToken"]
        live = deployment.outputs["LiveUrls"].split("=", 1)[1].replace("index.m3u8", "index_1.m3u8")

        def has_segments() -> bool:
            return cls.get(live)[1].count("#EXTINF") >= 6

        eventually(has_segments, "the live stream was not on air")

    @classmethod
    def get(cls, url: str) -> tuple[int, str]:
        """Gets a viewer's URL. Returns the status and the text."""
        status, _, text = ask("GET", url, opener=cls.deployment.opener)
        return status, text.decode()

    def create_clip(self, **request: object) -> dict:
        status, clip, location = self.deployment.ask("POST", "/api/clip", self.operator, request)
        self.assertEqual(status, 202, clip)
        self.assertEqual(self.deployment.ask("GET", location)[1]["clip"], clip["clip"])
        return clip

    def path(self, clip: dict) -> str:
        return f"/api/competitions/{clip['competition']}/clips/{clip['clip']}"

    def wait_until(self, clip: dict, status: str, timeout: float) -> dict:
        """Waits until the clip has a status. Returns the clip."""

        def reached() -> dict | None:
            shown = self.deployment.ask("GET", self.path(clip))[1]
            return shown if shown["status"] == status else None

        return eventually(reached, f"clip {clip['clip']} did not become {status}", timeout=timeout)

    @contextlib.contextmanager
    def disabled_rules(self, *functions: str) -> Iterator[None]:
        """Disables the rules that start these functions."""
        events = self.deployment.client("events")
        described = {f"Starts {function}" for function in functions}
        rules = [
            rule["Name"]
            for rule in events.list_rules()["Rules"]
            if rule.get("Description") in described
        ]
        self.assertGreaterEqual(len(rules), len(functions))
        for rule in rules:
            events.disable_rule(Name=rule)
        try:
            yield
        finally:
            for rule in rules:
                events.enable_rule(Name=rule)

    def wait_until_listed(self, clip: dict, timeout: float) -> dict:
        def listed() -> dict | None:
            path = f"/api/competitions/{clip['competition']}/clips?limit=100"
            found = self.deployment.ask("GET", path)[1]["clips"]
            return next((it for it in found if it["clip"] == clip["clip"]), None)

        return eventually(listed, f"clip {clip['clip']} was not listed", timeout=timeout)

    def assert_plays(self, manifest: str, seconds: float):
        """Checks that every rendition decodes without errors to the expected number of frames."""
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
