"""A stand-in for tests that cut, upload and export clips."""

import json
from pathlib import Path

from authorization import ask
from stand_in import WireTest, eventually


class MediaTest(WireTest):
    """A stand-in whose operator cuts and uploads clips."""

    def api(self, method: str, path: str, body: object = None, status: int = 200) -> dict:
        """Sends a request as the operator. Returns the JSON of the reply."""
        (token,) = self.printed("token")
        text = None if body is None else json.dumps(body)
        answered, _, reply = ask(method, f"{self.stand_in.origin}/api{path}", token, text)
        self.assertEqual(answered, status, reply)
        return json.loads(reply)

    def upload(self, video: Path, **fields: object) -> dict:
        """Uploads a file. Returns the ready clip."""
        return self.ready(self.send(video, **fields))

    def send(self, video: Path, **fields: object) -> dict:
        """Uploads a file. Returns its clip as it was announced."""
        content = video.read_bytes()
        body = {"filename": video.name, "size": len(content), **fields}
        clip = self.api("POST", "/uploads", body, 201)
        upload = clip["upload"]
        status, _, reply = ask("PUT", upload["url"], None, content, upload["headers"])
        self.assertEqual(status, 200, reply)
        return clip

    def ready(self, clip: dict) -> dict:
        """Waits until a clip is ready. Returns it."""
        path = f"/competitions/{clip['competition']}/changes/{clip['clip']}"

        def is_ready() -> dict | None:
            shown = self.api("GET", path)
            self.assertNotEqual(shown["status"], "failed", shown.get("failure"))
            return shown if shown["status"] == "ready" else None

        return eventually(is_ready, "the clip was not ready")

    def export(self, clip: dict, **body: object) -> dict:
        """Makes an export. Returns it when it is ready."""
        path = f"/competitions/{clip['competition']}/clips/{clip['clip']}/exports"
        made = self.api("POST", path, body, 202)

        def is_ready() -> dict | None:
            shown = self.api("GET", f"{path}/{made['export']}")
            self.assertNotEqual(shown["status"], "failed", shown.get("error"))
            return shown if shown["status"] == "ready" else None

        return eventually(is_ready, "the export was not ready")
