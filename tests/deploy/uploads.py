"""Actions of editors on files, for the deployment tests."""

import subprocess
import tempfile
from email.message import Message
from pathlib import Path

from authorization import ask
from clips import FRAMES_PER_SECOND, ClipTest


class UploadTest(ClipTest):
    """A deployment, and an operator with files to upload."""

    def create_video(self, *codec: str) -> bytes:
        """Creates a video of two seconds. Returns its bytes."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "video.avi"
            picture = f"testsrc2=size=1280x720:rate={FRAMES_PER_SECOND}:duration=2"
            tone = "sine=duration=2"
            command = [
                "ffmpeg",
                "-v",
                "error",
                "-f",
                "lavfi",
                "-i",
                picture,
                "-f",
                "lavfi",
                "-i",
                tone,
            ]
            subprocess.run([*command, *codec, "-c:a", "pcm_s16le", file], check=True)
            return file.read_bytes()

    def put(self, url: str, data: bytes, headers: dict[str, str] | None = None) -> Message:
        """Uploads a file, or a part of one. Returns the headers of the response."""
        status, sent, text = ask(
            "PUT", url, body=data, headers=headers or {}, opener=self.deployment.opener
        )
        self.assertEqual(status, 200, text)
        return sent

    def create_upload(self, data: bytes) -> dict:
        request = {"filename": "video.avi", "size": len(data), "title": "Video"}
        status, clip, _ = self.deployment.ask("POST", "/api/uploads", self.operator, request)
        self.assertEqual(status, 201, clip)
        return clip
