"""The sounds and captions that players find in clips with several languages, in HLS and DASH."""

import re
import subprocess
import tempfile
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin
from xml.etree import ElementTree

from captioned_video import captioned_video
from media_test import MediaTest
from stand_in import ROOT, get, uris

# The names of the languages.
NAMES = {"eng": "English", "fra": "Français"}
TRACKS = [
    f"{option}={NAMES[language]}={language}"
    for option in ("--audio", "--captions")
    for language in NAMES
]
DASH = "{urn:mpeg:dash:schema:mpd:2011}"
TTML = "{http://www.w3.org/ns/ttml}"


# The encoder moves pictures of a file to the nearest 25th of a second. Sound frames have 21 ms.
TOLERANCE = 0.06


class Cue(NamedTuple):
    """Words, with the second of the clip in which they appear and that in which they go."""

    start: float
    end: float
    words: str


def packaging_groups(folder: Path) -> Path:
    """Copies the packaging groups, and lets them have audio rendition groups."""
    text = (ROOT / "packaging-groups/default.json").read_text()
    (folder / "default.json").write_text(
        text.replace('"useAudioRenditionGroup": false', '"useAudioRenditionGroup": true')
    )
    return folder


def captioned_source(folder: Path) -> tuple[str | Path, ...]:
    """Options of a stand-in on whose air is the captioned video, with its languages."""
    groups = ("--packaging-groups", packaging_groups(folder))
    return ("--source", captioned_video(folder), "--startover", "300", *groups, *TRACKS)


def fetch(url: str) -> bytes:
    status, body = get(url)
    if status != 200:
        raise AssertionError(f"{url} answered {status}")
    return body


def media(manifest: str) -> dict[tuple[str, str], dict[str, str]]:
    """The attributes of each EXT-X-MEDIA tag, by type and language."""
    tags = re.findall(r"^#EXT-X-MEDIA:(.*)$", manifest, re.MULTILINE)
    found = [dict(re.findall(r'([A-Z-]+)="?([^",]*)', tag)) for tag in tags]
    return {(it["TYPE"], it["LANGUAGE"]): it for it in found}


def pitch(sound: bytes) -> int:
    """The pitch of a tone in Hz, rounded to 10 Hz."""
    command = ["ffmpeg", "-v", "error", "-i", "-", "-map", "0:a", "-ac", "1", "-f", "s16le", "-"]
    decoded = subprocess.run(command, input=sound, capture_output=True, check=True).stdout
    samples = memoryview(decoded).cast("h")
    # The encoder may begin with a few milliseconds of silence, and end so.
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    rises = sum(one < 0 <= other for one, other in pairwise(middle))
    return round(rises * 48_000 / len(middle), -1)


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def first_time(segment: bytes) -> float:
    """The time stamp of the first picture of a segment."""
    command = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time"]
    shown = subprocess.run(
        [*command, "-of", "csv=p=0", "-"], input=segment, capture_output=True, check=True
    )
    return min(float(it.strip(",")) for it in shown.stdout.decode().split())


def webvtt_cues(playlist: str, first_picture: float) -> list[Cue]:
    """The cues of a playlist, counted from a picture's time stamp. A repeated cue counts once."""
    cues = {}
    for uri in uris(fetch(playlist).decode()):
        text = fetch(urljoin(playlist, uri)).decode()
        (mpegts, local) = re.findall(r"^X-TIMESTAMP-MAP=MPEGTS:(\d+),LOCAL:(\S+)$", text, re.M)[0]
        shift = int(mpegts) / 90_000 - seconds(local) - first_picture
        for start, end, words in re.findall(r"^(\S+) --> (\S+)\n(.+)$", text, re.M):
            cue = Cue(round(seconds(start) + shift, 2), round(seconds(end) + shift, 2), words)
            cues[cue] = True
    return list(cues)


def ttml_cues(text: bytes) -> list[Cue]:
    paragraphs = ElementTree.fromstring(text).iter(f"{TTML}p")
    times = [(seconds(it.attrib["begin"]), seconds(it.attrib["end"]), it.text) for it in paragraphs]
    return [Cue(round(start, 2), round(end, 2), words or "") for start, end, words in times]


class Playback:
    """The presentations at the manifests of a clip or of an asset."""

    def __init__(self, hls: str, dash: str):
        self.hls, self.dash = hls, dash
        self.parent = fetch(hls).decode()
        self.media = media(self.parent)
        self.mpd = ElementTree.fromstring(fetch(dash))

    def hls_sound(self, language: str) -> bytes:
        playlist = urljoin(self.hls, self.media["AUDIO", language]["URI"])
        return b"".join(fetch(urljoin(playlist, uri)) for uri in uris(fetch(playlist).decode()))

    def hls_video(self) -> bytes:
        playlist = urljoin(self.hls, uris(self.parent)[0])
        return b"".join(fetch(urljoin(playlist, uri)) for uri in uris(fetch(playlist).decode()))

    def hls_cues(self, language: str) -> list[Cue]:
        playlist = urljoin(self.hls, self.media["SUBTITLES", language]["URI"])
        return webvtt_cues(playlist, first_time(self.hls_video()))

    def adaptation_set(self, kind: str, language: str) -> ElementTree.Element:
        sets = self.mpd.iter(f"{DASH}AdaptationSet")
        (found,) = [
            it for it in sets if (it.get("contentType"), it.get("lang")) == (kind, language)
        ]
        return found

    def dash_sound(self, language: str) -> bytes:
        (representation,) = self.adaptation_set("audio", language).iter(f"{DASH}Representation")
        template = representation.find(f"{DASH}SegmentTemplate")
        number = representation.attrib["id"]
        init = template.attrib["initialization"].replace("$RepresentationID$", number)
        names = [init]
        for at in range(len(list(template.iter(f"{DASH}S")))):
            name = template.attrib["media"].replace("$RepresentationID$", number)
            names.append(name.replace("$Number$", str(at + int(template.attrib["startNumber"]))))
        return b"".join(fetch(urljoin(self.dash, name)) for name in names)

    def dash_cues(self, language: str) -> list[Cue]:
        (url,) = self.adaptation_set("text", language).iter(f"{DASH}BaseURL")
        return ttml_cues(fetch(urljoin(self.dash, url.text)))


class Clip(Playback):
    """A clip that is ready."""

    def __init__(self, view: dict):
        super().__init__(view["manifests"]["hls"], view["manifests"]["dash"])
        self.view = view
        times = [view["actual"][name] for name in ("start", "end")]
        self.start, self.end = (datetime.fromisoformat(it) for it in times)

    @property
    def length(self) -> float:
        return (self.end - self.start).total_seconds()


class LanguagesTest(MediaTest):
    """A stand-in whose stream has two languages."""

    MORE: tuple[str | Path, ...] = ()

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        groups = ("--packaging-groups", packaging_groups(cls.folder))
        cls.OPTIONS = (*groups, *TRACKS, *cls.MORE)
        super().setUpClass()
        cls.window(5)

    def cut(self, length: int, **fields: object) -> Clip:
        """Cuts the last seconds. Returns the ready clip."""
        created = self.api("POST", "/clip", {"lastSeconds": length, **fields}, 202)
        return Clip(self.ready(created))

    def check_announced(self, clip: Clip, names: dict[str, str] = NAMES):
        """Fails unless both formats of a clip announce every track with language and name.

        The first language is that of the default sound and captions.
        """
        for kind, text_kind in (("AUDIO", "audio"), ("SUBTITLES", "text")):
            for language, name in names.items():
                self.assertIn((kind, language), clip.media)
                tag = clip.media[kind, language]
                self.assertEqual(tag["NAME"], name)
                self.assertEqual(tag["DEFAULT"], "YES" if language == next(iter(names)) else "NO")
                label = clip.adaptation_set(text_kind, language).find(f"{DASH}Label")
                self.assertEqual(label.text, name)
        for stream in re.findall("#EXT-X-STREAM-INF:(.*)", clip.parent):
            self.assertRegex(stream, ',AUDIO="audio_0",SUBTITLES="subtitles"')

    def check_pitches(self, clip: Clip, pitches: dict[str, int]):
        for language, expected in pitches.items():
            self.assertEqual(pitch(clip.hls_sound(language)), expected, language)
            self.assertEqual(pitch(clip.dash_sound(language)), expected, language)

    def check_cues(
        self,
        clip: Clip,
        language: str,
        expected: list[Cue],
        delta: float = 0.001,
        are_cut: bool = False,
    ):
        """Fails unless the captions of a clip are these.

        DASH cuts them to the clip. MediaConvert does so too.
        With a tolerance, a cue of which nearly nothing is in the clip may be there or not.
        """
        cut = [Cue(max(it.start, 0), min(it.end, clip.length), it.words) for it in expected]
        in_hls = cut if are_cut else expected
        for found, wanted in (
            (clip.hls_cues(language), in_hls),
            (clip.dash_cues(language), cut),
        ):
            found = [it for it in found if is_within(it, clip, delta)]
            self.assert_cues(found, [it for it in wanted if is_within(it, clip, delta)], delta)

    def assert_cues(self, found: list[Cue], expected: list[Cue], delta: float):
        self.assertEqual([it.words for it in found], [it.words for it in expected])
        for one, other in zip(found, expected, strict=True):
            self.assertAlmostEqual(one.start, other.start, delta=delta, msg=(found, expected))
            self.assertAlmostEqual(one.end, other.end, delta=delta, msg=(found, expected))


def is_within(cue: Cue, clip: Clip, delta: float) -> bool:
    """Whether more of a cue is in a clip than a tolerance."""
    return cue.start < clip.length - 2 * delta and cue.end > 2 * delta


def embedded_cues(video: bytes) -> list[Cue]:
    """The captions that are embedded in a video, counted from its first picture."""
    with tempfile.NamedTemporaryFile(suffix=".ts") as file:
        file.write(video)
        file.flush()
        source = f"movie={file.name}[out+subcc]"
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-map", "0:s"]
        text = subprocess.run([*command, "-f", "webvtt", "-"], capture_output=True, check=True)
    found = re.findall(r"(\S+) --> (\S+)\n(?:<[^>]*>|\{[^}]*\})*([A-Z]+)", text.stdout.decode())
    times = [(seconds(f"00:{a}"[-12:]), seconds(f"00:{b}"[-12:]), words) for a, b, words in found]
    return [Cue(round(start, 2), round(end, 2), words) for start, end, words in times]
