"""A base class for the deployment's tests of uploads."""

import subprocess
import tempfile
from email.message import Message
from pathlib import Path

from authorization import ask
from clips import FRAMES_PER_SECOND, ClipTest


class UploadTest(ClipTest):
    """A deployment, and an operator who uploads files."""

    def make_film(self, *codec: str) -> bytes:
        """Makes a video file of two seconds."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "film.avi"
            picture = f"testsrc2=size=1280x720:rate={FRAMES_PER_SECOND}:duration=2"
            tone = "sine=duration=2"
            command = ["ffmpeg", "-v", "error"]
            command += ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone]
            subprocess.run([*command, *codec, "-c:a", "pcm_s16le", file], check=True)
            return file.read_bytes()

    def put(self, url: str, data: bytes, headers: dict[str, str] | None = None) -> Message:
        """Sends a file or a part of one. Returns the headers of the reply."""
        status, sent, text = ask(
            "PUT", url, body=data, headers=headers, opener=self.deployment.opener
        )
        self.assertEqual(status, 200, text)
        return sent

    def begin_upload(self, data: bytes) -> dict:
        """Asks the API for an upload. Returns the clip."""
        asked = {"filename": "film.avi", "size": len(data), "title": "Film"}
        status, clip, _ = self.deployment.ask("POST", "/api/uploads", self.operator, asked)
        self.assertEqual(status, 201, clip)
        return clip
