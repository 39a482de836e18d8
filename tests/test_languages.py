"""Tests that clips of live streams and uploads keep languages and captions, in HLS and DASH."""

import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from captioned_clip import (
    NAMES,
    TOLERANCE,
    Clip,
    Cue,
    LanguagesTest,
    embedded_cues,
    fetch,
    media,
    pitch,
)
from captioned_video import (
    EMBEDDED,
    PITCHES,
    RATE,
    SECONDS,
    WORDS,
    captioned_video,
    subtitle,
)
from console.viewer import first_number
from stand_in import CHANNEL, eventually, uris


class TestLanguages(LanguagesTest):
    MORE = ("--clip-files", "all")

    def test_a_clip_of_the_test_picture_keeps_its_languages_and_captions(self):
        clip = self.cut(7)
        self.check_announced(clip)
        self.check_pitches(clip, {"eng": 1000, "fra": 500})
        self.assertEqual(
            pitch(fetch(self.wait_for_mp4(clip))), 1000, "an MP4 has the default sound"
        )
        # A cue of the test picture says when it appears: every third second, for 2.5 s.
        first = int(clip.start.timestamp()) // 3 * 3
        times = [datetime.fromtimestamp(it, UTC) for it in range(first, first + 15, 3)]
        for language, name in NAMES.items():
            expected = [
                Cue(start, start + 2.5, f"{name}: {time:%H:%M:%S} UTC")
                for time in times
                if -2.5 < (start := (time - clip.start).total_seconds()) < clip.length
            ]
            self.assertGreaterEqual(len(expected), 2)
            self.check_cues(clip, language, expected)

    def test_a_harvest_has_all_streams(self):
        key = self.ended_job()["S3Destination"]["ManifestKey"]
        folder = key.rpartition("/")[0]
        found = media(self.read(key).decode())
        self.assertEqual(len(found), 4)
        video = uris(self.read(f"{folder}/index_1.m3u8").decode())
        for (kind, _), tag in found.items():
            names = uris(self.read(f"{folder}/{tag['URI']}").decode())
            self.assertEqual(len(names), len(video))
            for name in names:
                reply = self.s3.head_object(Bucket=self.bucket, Key=f"{folder}/{name}")
                expected = "video/mp2t" if kind == "AUDIO" else "text/vtt"
                self.assertEqual(reply["ContentType"], expected)

    def test_a_stopped_stream_counts_its_captions_again(self):
        before = self.window(1)[0]
        self.media_live.stop_channel(ChannelId=CHANNEL)
        state = lambda: self.media_live.describe_channel(ChannelId=CHANNEL)["State"]  # noqa: E731
        eventually(lambda: state() == "IDLE", "the channel did not stop")
        self.media_live.start_channel(ChannelId=CHANNEL)
        eventually(lambda: self.window(1)[0].start - before.end > timedelta(seconds=4), "off air")
        length = (datetime.now(UTC) - before.start).total_seconds()
        clip = self.cut(int(length))
        # DASH has no gap where the stream was off air.
        cues = clip.dash_cues("eng")
        times = [datetime.strptime(it.words, "English: %H:%M:%S UTC") for it in cues]
        self.assertGreater(max(b - a for a, b in pairwise(times)).seconds, 3)
        self.assertLess(max(b.start - a.end for a, b in pairwise(cues)), 2)

    def wait_for_mp4(self, clip: Clip) -> str:
        """Waits until a clip has an MP4. Returns its URL."""
        view = clip.view
        path = f"/competitions/{view['competition']}/clips/{view['clip']}"
        downloads = lambda: self.api("GET", path).get("downloads")  # noqa: E731
        (file,) = eventually(downloads, "the clip has no MP4")
        return file["url"]


class TestFile(LanguagesTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.video = captioned_video(Path(folder.name))
        cls.MORE = ("--source", cls.video)
        super().setUpClass()

    def check_words(
        self, clip: Clip, words: dict[str, dict[int, str]], offset: float, are_cut: bool = False
    ):
        """Fails unless a clip has these captions, and those that are embedded in the video.

        The clip begins at `offset` in the video, which is looped.
        """

        def shown(words: dict[int, str], length: int) -> list[Cue]:
            return [
                Cue(second + start, second + start + length, text)
                for start in (-offset, SECONDS - offset)
                for second, text in words.items()
            ]

        for language, texts in words.items():
            self.check_cues(clip, language, shown(texts, 2), TOLERANCE, are_cut)
        found = embedded_cues(clip.hls_video())
        inside = [it for it in shown(EMBEDDED, 1) if it.start > 1 and it.end < clip.length]
        self.assertGreaterEqual(len(inside), 1)
        for cue in inside:
            near = [it for it in found if it.words == cue.words and abs(it.start - cue.start) < 2]
            self.assert_cues(near, [cue], TOLERANCE)

    def test_a_clip_of_a_file_keeps_its_languages_and_both_kinds_of_captions(self):
        clip = self.cut(9)
        self.check_announced(clip)
        self.check_pitches(clip, PITCHES)
        self.check_words(clip, WORDS, first_number(clip.hls) / RATE)

    def test_a_clip_with_exact_frames_keeps_them_too(self):
        view = self.api("POST", "/clip", {"lastSeconds": 9, "precision": "frame"}, 202)
        path = f"/competitions/{view['competition']}/clips/{view['clip']}"
        self.ready(view)

        def exact() -> dict | None:
            shown = self.api("GET", path)
            self.assertNotIn("failure", shown.get("remake", {}), shown)
            return shown if shown.get("precision") == "frame" else None

        clip = Clip(eventually(exact, "the clip did not get exact frames"))
        self.check_announced(clip)
        self.check_pitches(clip, PITCHES)
        self.check_words(clip, WORDS, first_number(clip.hls) / RATE, are_cut=True)

    def test_a_reel_of_live_clips_keeps_the_captions_in_their_video(self):
        length = 9
        clip = self.cut(length).view
        path = f"/competitions/{clip['competition']}/reels"
        body = {"clips": [clip["clip"]] * 2, "title": "Twice"}
        reel = Clip(self.ready(self.api("POST", path, body, 202)))
        offset = first_number(reel.hls) / RATE
        starts = {(second - offset) % SECONDS: words for second, words in EMBEDDED.items()}
        # A caption has a second, and is loaded before it.
        inside = [words for start, words in starts.items() if 1 < start < length - 2]
        self.assertGreaterEqual(len(inside), 1)
        found = [it.words for it in embedded_cues(reel.hls_video())]
        for words in inside:
            self.assertEqual(found.count(words), 2, (offset, found))

    def upload_with_captions(self) -> Clip:
        """Uploads the video with a file of captions for each language, and its embedded ones."""
        srt = "\n".join(map(subtitle, WORDS["fra"].items()))
        ttml = [
            f'<p begin="{second}s" end="{second + 2}s">{words}</p>'
            for second, words in WORDS["eng"].items()
        ]
        head = '<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en"><body><div>'
        captions = [
            {"language": "fra", "text": srt},
            {"language": "en", "text": f"{head}{''.join(ttml)}</div></body></tt>"},
            {"language": "en", "name": "English (608)", "channel": "CC1"},
        ]
        return Clip(self.upload(self.video, captions=captions, defaultSound="fr"))

    def test_an_upload_keeps_its_languages_and_the_captions_of_its_request(self):
        clip = self.upload_with_captions()
        self.check_announced(clip, {"fr": "Français", "en": "English"})
        self.check_pitches(clip, {"fr": PITCHES["fra"], "en": PITCHES["eng"]})
        words = {"fr": WORDS["fra"], "en": WORDS["eng"]}
        self.check_words(clip, words, 0, are_cut=True)
        closed = clip.media["CLOSED-CAPTIONS", "ENG"]
        self.assertEqual((closed["NAME"], closed["INSTREAM-ID"]), ("English (608)", "CC1"))

        with self.subTest("an export beside its captions"):
            start = clip.start + timedelta(seconds=4)
            times = {"start": start.isoformat(), "end": (start + timedelta(seconds=5)).isoformat()}
            made = self.export(clip.view, **times, captions="sidecar")
            files = {(it["language"], it["format"]): it for it in made["captionFiles"]}
            self.assertEqual(len(files), 4)
            for (language, kind), file in files.items():
                text = fetch(file["url"]).decode().replace(",", ".")
                expected = f"00:00:01.000 --> 00:00:03.000\n{words[language][5]}"
                self.assertIn(expected, text, (language, kind))
                self.assertNotIn(words[language][1], text)

        with self.subTest("an export that shows its captions"):
            # The captions are in the lower part of the picture, where the plain one has none.
            plain, burned = (
                self.export(clip.view, **times, captions=captions)
                for captions in ("none", "burned-in")
            )
            self.assertEqual(burned["captionLanguage"], "fr")
            self.assertEqual(plain["soundLanguage"], "fr")
            self.assertLess(difference(plain["url"], burned["url"], second=0.5), 0.1)
            self.assertGreater(difference(plain["url"], burned["url"], second=2), 0.4)

        with self.subTest("exports in each language"):
            for language, expected in {"fr": PITCHES["fra"], "en": PITCHES["eng"]}.items():
                made = self.export(clip.view, **times, soundLanguage=language)
                self.assertEqual(made["soundLanguage"], language)
                self.assertEqual(pitch(fetch(made["url"])), expected)
            path = f"/competitions/{clip.view['competition']}/clips/{clip.view['clip']}/exports"
            problem = self.api("POST", path, {"soundLanguage": "sv"}, 400)
            self.assertEqual(problem["field"], "soundLanguage")
            self.assertIn("fr, en", problem["detail"])

        with self.subTest("a reel that shows the clip twice"):
            path = f"/competitions/{clip.view['competition']}/reels"
            body = {"clips": [clip.view["clip"]] * 2, "title": "Twice"}
            reel = Clip(self.ready(self.api("POST", path, body, 202)))
            self.check_announced(reel, {"fr": "Français", "en": "English"})
            self.check_pitches(reel, {"fr": PITCHES["fra"], "en": PITCHES["eng"]})
            self.check_words(reel, words, 0, are_cut=True)


def difference(one: str, other: str, second: float) -> float:
    """The mean difference of the brightness of a frame of two videos, of 255."""
    command = ["ffmpeg", "-v", "error", "-ss", str(second)]
    output = ["-frames:v", "1", "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    frames = [
        subprocess.run(
            [*command, "-i", url, *output],
            capture_output=True,
            check=True,
        ).stdout
        for url in (one, other)
    ]
    return sum(abs(a - b) for a, b in zip(*frames, strict=True)) / len(frames[0])
