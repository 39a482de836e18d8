"""What editors do with files, for the tests of a deployment."""

import subprocess
import tempfile
from pathlib import Path

from authorization import ask
from clips import FRAMES_PER_SECOND, ClipTest


class UploadTest(ClipTest):
    """A deployment, and an operator who has files."""

    def film(self, *codec):
        """A film of two seconds, as a file's bytes."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "film.avi"
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

    def put(self, url, data, headers={}):
        """The headers of the reply to a file, or a part of one."""
        status, sent, text = ask(
            "PUT", url, body=data, headers=headers, opener=self.deployment.opener
        )
        self.assertEqual(status, 200, text)
        return sent

    def announce(self, data):
        asked = {"filename": "film.avi", "size": len(data), "title": "Film"}
        status, clip, _ = self.deployment.ask("POST", "/api/uploads", self.operator, asked)
        self.assertEqual(status, 201, clip)
        return clip
