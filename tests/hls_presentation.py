"""Reads an HLS presentation: its manifests, and the contents of its segments."""

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urljoin
from urllib.request import urlopen

# How many segments of a playlist are read. Those of a live stream are many.
MAX_READ = 4
PACKET = 188


class Reply(NamedTuple):
    """The reply to a request of a player."""

    url: str
    media_type: str
    body: bytes


def fetch(url: str) -> Reply:
    with urlopen(url, timeout=20) as reply:
        if reply.url != url:
            raise AssertionError(f"Apple 8.18: {url} redirects to {reply.url}")
        return Reply(reply.url, reply.headers.get_content_type(), reply.read())


class Stream(NamedTuple):
    """A stream of a segment: its properties, and its packets in the order of their times."""

    kind: str
    properties: dict
    times: list[float]
    key_frames: list[float]
    first_is_key: bool


class Segment:
    """A segment, or the part of one that is an I frame."""

    def __init__(self, url: str, seconds: float, tags: dict[str, str], read: Callable):
        self.url, self.seconds, self.tags, self.read = url, seconds, tags, read

    @property
    def size(self) -> int:
        """The bytes that a player reads."""
        if byte_range := self.tags.get("EXT-X-BYTERANGE"):
            return int(byte_range.split("@")[0])
        return len(self.reply.body)

    @cached_property
    def reply(self) -> Reply:
        return self.read(self.url)

    @cached_property
    def streams(self) -> list[Stream]:
        """The properties that ffprobe finds in the segment."""
        entries = (
            "stream=index,codec_type,profile,level,width,height,r_frame_rate,channels"
            ":packet=stream_index,pts_time,flags"
        )
        command = ["ffprobe", "-v", "error", "-of", "json", "-show_entries", entries, "-"]
        shown = subprocess.run(command, input=self.reply.body, capture_output=True, check=True)
        found = json.loads(shown.stdout)
        streams = []
        for properties in found["streams"]:
            packets = [it for it in found["packets"] if it["stream_index"] == properties["index"]]
            keys = [float(it["pts_time"]) for it in packets if it["flags"].startswith("K")]
            times = sorted(float(it["pts_time"]) for it in packets)
            first_is_key = packets[0]["flags"].startswith("K")
            kind = properties["codec_type"]
            streams.append(Stream(kind, properties, times, keys, first_is_key))
        return streams

    def stream(self, kind: str) -> Stream | None:
        return next((it for it in self.streams if it.kind == kind), None)

    def breaks(self) -> list[str]:
        """Where the continuity counters of the transport stream jump, with the PID."""
        last: dict[int, int] = {}
        found = []
        body = self.reply.body
        for at in range(0, len(body), PACKET):
            pid = (body[at + 1] & 0x1F) << 8 | body[at + 2]
            has_payload, counter = body[at + 3] & 0x10, body[at + 3] & 0x0F
            # An adaptation field announces a break. The null PID does not count.
            is_announced = body[at + 3] & 0x20 and body[at + 4] and body[at + 5] & 0x80
            if pid == 0x1FFF or not has_payload:
                continue
            if pid in last and counter != (last[pid] + 1) % 16 and not is_announced:
                found.append(f"PID {pid} at byte {at}")
            last[pid] = counter
        return found


def attributes(tag: str) -> dict[str, str]:
    """Reads the attribute list of a tag, without the quotation marks."""
    found = re.findall(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)', tag.partition(":")[2])
    return {name: value.strip('"') for name, value in found}


class Playlist:
    """A media playlist, or an I-frame playlist."""

    def __init__(self, reply: Reply, read: Callable):
        self.url, self.media_type = reply.url, reply.media_type
        self.text = reply.body.decode()
        self.tags: dict[str, str] = {}
        self.segments: list[Segment] = []
        of_segment: dict[str, str] = {}
        for line in self.text.splitlines():
            name, _, value = line.removeprefix("#").partition(":")
            if not line.startswith("#") and line:
                seconds = float(of_segment["EXTINF"].split(",")[0])
                self.segments.append(Segment(urljoin(self.url, line), seconds, of_segment, read))
                of_segment = {}
            elif name in SEGMENT_TAGS:
                of_segment[name] = value
            else:
                self.tags[name] = value

    @property
    def version(self) -> int:
        return int(self.tags.get("EXT-X-VERSION", 1))

    @property
    def target(self) -> int:
        return int(self.tags["EXT-X-TARGETDURATION"])

    @property
    def is_ended(self) -> bool:
        return "EXT-X-ENDLIST" in self.tags

    @property
    def seconds(self) -> float:
        return sum(it.seconds for it in self.segments)

    def numbered(self) -> dict[int, Segment]:
        """The segments by their sequence numbers."""
        return dict(enumerate(self.segments, int(self.tags.get("EXT-X-MEDIA-SEQUENCE", 0))))

    def read_segments(self) -> list[Segment]:
        """The segments that are worth reading: all, or the newest."""
        return self.segments[-MAX_READ:]

    def date_times(self) -> list[datetime]:
        times = [it.tags.get("EXT-X-PROGRAM-DATE-TIME") for it in self.segments]
        return [datetime.fromisoformat(it) for it in times if it]


SEGMENT_TAGS = (
    "EXTINF",
    "EXT-X-BYTERANGE",
    "EXT-X-DISCONTINUITY",
    "EXT-X-PROGRAM-DATE-TIME",
)


@dataclass
class Rendition:
    """A playlist of a multivariant manifest, with the attributes by which it is announced."""

    attributes: dict[str, str]
    playlist: Playlist


@dataclass
class Presentation:
    """A multivariant manifest, and all that it refers to."""

    reply: Reply
    text: str
    variants: list[Rendition] = field(default_factory=list)
    media: list[Rendition] = field(default_factory=list)
    i_frames: list[Rendition] = field(default_factory=list)
    # The attributes of the tags that have no playlist of their own.
    inside: list[dict[str, str]] = field(default_factory=list)

    def of_kind(self, kind: str) -> list[Rendition]:
        return [it for it in self.media if it.attributes.get("TYPE") == kind]


def read_presentation(url: str, read: Callable[[str], Reply] = fetch) -> Presentation:
    """Reads a multivariant manifest and its playlists. Segments are read when they are needed."""
    reply = read(url)
    found = Presentation(reply, reply.body.decode())
    lines = found.text.splitlines()

    def rendition(tag: str, uri: str) -> Rendition:
        return Rendition(attributes(tag), Playlist(read(urljoin(reply.url, uri)), read))

    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        uri = attributes(line).get("URI")
        if line.startswith("#EXT-X-STREAM-INF:"):
            found.variants.append(rendition(line, after))
        elif line.startswith("#EXT-X-I-FRAME-STREAM-INF:"):
            found.i_frames.append(rendition(line, uri or ""))
        elif line.startswith("#EXT-X-MEDIA:") and uri:
            found.media.append(rendition(line, uri))
        elif line.startswith("#EXT-X-MEDIA:"):
            found.inside.append(attributes(line))
    return found
