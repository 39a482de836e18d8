"""Tests the I-frame playlists of the live stream, harvests and assets, with which players scrub."""

import re
import subprocess
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urljoin

from authorization import ask
from stand_in import ROLE, WireTest, eventually, get, unused_id

ATTRIBUTES = re.compile(
    r'#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=(\d+),RESOLUTION=(\d+x\d+),CODECS="(avc1[^",]*)",URI="(.*)"'
)
ENTRY = re.compile(r"#EXTINF:([\d.]+),\n#EXT-X-BYTERANGE:(\d+)@(\d+)\n(\S+)")


class IFrame(NamedTuple):
    seconds: float
    first: int
    last: int
    segment: str


def pictures(media: bytes) -> list[str]:
    """Decodes a transport stream, and lists the types and the widths of its pictures."""
    command = ["ffprobe", "-loglevel", "error", "-select_streams", "v", "-of", "csv=p=0"]
    shown = subprocess.run(
        [*command, "-show_entries", "frame=pict_type,width", "-"],
        input=media,
        capture_output=True,
        check=True,
    )
    return [line.rstrip(",") for line in shown.stdout.decode().split()]


class TestIFrames(WireTest):
    def check_playlist(self, parent: str, read: Callable[[str], bytes], query: str = ""):
        """Fails unless a parent manifest has an I-frame playlist of pictures that decode alone.

        `read` reads a file beside the parent.
        """
        (attributes,) = ATTRIBUTES.findall(parent)
        _, resolution, _, uri = attributes
        width = resolution.split("x")[0]
        self.assertTrue(uri.endswith(query), uri)
        text = read(uri).decode()
        self.assertRegex(text, r"^#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-I-FRAMES-ONLY\n")
        frames = [
            IFrame(float(seconds), int(offset), int(offset) + int(length) - 1, segment)
            for seconds, length, offset, segment in ENTRY.findall(text)
        ]
        self.assertEqual(len(frames), text.count("#EXTINF"), text)
        # The first rendition in the manifest has the same segments, and the frames fill them.
        (child,) = re.findall(rf"RESOLUTION={resolution}.*\n(\S+)", parent)[:1]
        rendition = read(child).decode()
        durations = [float(it) for it in re.findall(r"#EXTINF:([\d.]+)", rendition)]
        self.assertAlmostEqual(sum(it.seconds for it in frames), sum(durations), places=2)
        self.assertEqual(
            list(dict.fromkeys(it.segment for it in frames)),
            [line for line in rendition.splitlines() if not line.startswith("#")],
        )
        for frame in frames[:3]:
            media = read(frame.segment)
            head = media[: min(it.first for it in frames if it.segment == frame.segment)]
            picture = head + media[frame.first : frame.last + 1]
            self.assertEqual(pictures(picture), [f"{width},I"], frame)

    def fetch(self, base: str) -> Callable[[str], bytes]:
        def read(name: str) -> bytes:
            status, body = get(urljoin(base, name))
            self.assertEqual(status, 200, name)
            return body

        return read

    def test_the_live_stream_has_an_i_frame_playlist_also_of_a_window(self):
        window = self.window()
        (parent,) = self.printed("on air")
        start, end = (int(time.timestamp()) for time in (window[0].start, window[-1].end))
        query = f"?start={start}&end={end}"
        url = f"{parent}{query}"
        self.check_playlist(get(url)[1].decode(), self.fetch(url), query)
        # The playlist of now moves on, so only its form is checked.
        (attributes,) = ATTRIBUTES.findall(get(parent)[1].decode())
        text = self.fetch(parent)(attributes[3]).decode()
        self.assertNotIn("#EXT-X-ENDLIST", text)
        _, length, offset, segment = ENTRY.findall(text)[-1]
        wanted = f"bytes={offset}-{int(offset) + int(length) - 1}"
        status, headers, _ = ask("GET", urljoin(parent, segment), headers={"Range": wanted})
        self.assertEqual((status, headers["content-length"]), (206, length))

    def test_a_harvest_and_its_asset_have_an_i_frame_playlist(self):
        key = self.ended_job()["S3Destination"]["ManifestKey"]
        folder = key.rpartition("/")[0]
        parent = self.read(key).decode()
        self.check_playlist(parent, lambda name: self.read(f"{folder}/{name}"))

        (group,) = self.vod.list_packaging_groups()["PackagingGroups"]
        asset = self.vod.create_asset(
            Id=unused_id(),
            PackagingGroupId=group["Id"],
            SourceArn=f"arn:aws:s3:::{self.bucket}/{key}",
            SourceRoleArn=ROLE,
        )
        origin = next(it["Url"] for it in asset["EgressEndpoints"] if it["Url"].endswith("m3u8"))
        manifest = f"{self.stand_in.origin}/vod/out/v1/{origin.split('/out/v1/')[1]}"
        eventually(lambda: get(manifest)[0] == 200, "the asset was not playable")
        parent = get(manifest)[1].decode()
        # The playlist of the harvest is no rendition.
        self.assertEqual(parent.count("#EXT-X-STREAM-INF"), 3)
        self.check_playlist(parent, self.fetch(manifest))
