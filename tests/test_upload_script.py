"""Tests `scripts/upload.sh`: names of files, expired URLs and expired tokens."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from stand_in import ROOT, StandIn, eventually, get

SCRIPT = ROOT / "scripts/upload.sh"
PART = 16 << 20
# Sends some parts only when S3 refuses their first URL, as on a slow line.
SLOW_CURL = """#!/usr/bin/env bash
set -euo pipefail
url=${!#}
for number in 2 4; do
    if [[ $url == *"partNumber=$number&"* ]] && [ ! -e "$STATE/$number" ]; then
        touch "$STATE/$number"
        until [ "$("$REAL_CURL" -s -o /dev/null -w '%{http_code}' -X PUT "$url")" = 400 ]; do
            sleep 0.1
        done
    fi
done
exec "$REAL_CURL" "$@"
"""


class TestUploadScript(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # The credentials that presign URLs expire after three seconds.
        cls.stand_in = StandIn("--small-picture", "--credentials-lifetime", "3")
        cls.addClassCleanup(cls.stand_in.stop)
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        (cls.token,) = cls.stand_in.printed("token")
        cls.video = Path(cls.folder.name) / "video.mp4"
        command = "ffmpeg -v error -f lavfi -i testsrc2=size=320x180:rate=25 -t 1"
        subprocess.run([*command.split(), "-c:v", "libx264", cls.video], check=True)

    def upload(self, name: str, *, large: bool = False, **environment: str) -> str:
        """Uploads the video under a name. Returns the path of its clip."""
        content = self.video.read_bytes()
        if large:
            # ISO/IEC 14496-12, 8.1.2: a box of free space.
            free = 4 * PART + 1000 - len(content)
            content += free.to_bytes(4) + b"free" + bytes(free - 8)
        (Path(self.folder.name) / name).write_bytes(content)
        inherited = dict(os.environ) | {"HOST": self.stand_in.origin, "TOKEN": self.token}
        done = subprocess.run(
            [SCRIPT, name, "Mine", "100m"],
            cwd=self.folder.name,
            env=inherited | environment,
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def wait_until_ready(self, path: str):
        def is_ready() -> bool:
            status, body = get(self.stand_in.origin + path)
            return status == 200 and b'"ready"' in body

        eventually(is_ready, f"{path} was not ready")

    def test_files_of_any_name_arrive(self):
        for name in ("race [final].mp4", "-dash.mp4", "tab\there {1,2}.mp4", "ümlaut 50%.mp4"):
            with self.subTest(name):
                self.wait_until_ready(self.upload(name))

    def test_an_upload_outlives_its_urls_and_its_token(self):
        slow = Path(self.folder.name) / "bin"
        slow.mkdir()
        (slow / "curl").write_text(SLOW_CURL)
        (slow / "curl").chmod(0o755)
        real = subprocess.run(["which", "curl"], capture_output=True, text=True, check=True)
        path = self.upload(
            "large.mp4",
            large=True,
            TOKEN="expired",
            TOKEN_COMMAND=f"echo {self.token}",
            PATH=f"{slow}:{os.environ['PATH']}",
            REAL_CURL=real.stdout.strip(),
            STATE=self.folder.name,
        )
        self.assertTrue((Path(self.folder.name) / "4").exists(), "no URL had expired")
        self.wait_until_ready(path)


if __name__ == "__main__":
    unittest.main()
