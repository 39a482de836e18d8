"""Tests the sounds and the captions of MediaConvert's jobs, and how MediaPackage packages them."""

import json
import re
import subprocess
import tempfile

from caption_jobs import BEGIN, CAPTIONS, FINNISH, LENGTH, CaptionJobTest, cut
from captioned_clip import (
    DASH,
    NAMES,
    TOLERANCE,
    Cue,
    embedded_cues,
    pitch,
    seconds,
)
from captioned_video import EMBEDDED, PITCHES, WORDS
from stand_in import unused_id, uris


def file_cues(text: str) -> list[Cue]:
    found = re.findall(r"^(\S+) --> (\S+)\n(.+)$", text.replace(",", "."), re.M)
    return [Cue(round(seconds(a), 2), round(seconds(b), 2), words) for a, b, words in found]


def lower_third(video: bytes, time: float) -> bytes:
    """The brightness of the lower third of a picture, where captions are."""
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(video)
        file.flush()
        picture = ["-vf", "crop=iw:ih/3:0:ih*2/3,scale=160:30", "-frames:v", "1", "-f", "rawvideo"]
        command = ["ffmpeg", "-v", "error", "-ss", str(time), "-i", file.name, *picture]
        command += ["-pix_fmt", "gray", "-"]
        return subprocess.run(command, capture_output=True, check=True).stdout


def difference(one: bytes, other: bytes) -> float:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one)


class TestCaptionJobs(CaptionJobTest):
    """A job with every kind of captions, and one that cuts and joins the media of the first."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = unused_id()
        matched = {"Container": "MP4", "Mp4Settings": {"AudioDuration": "MATCH_VIDEO_DURATION"}}
        style = {"BackgroundColor": "BLACK", "BackgroundOpacity": 255, "FontColor": "WHITE"}
        burnt_in = cls.captions("eng", "BURN_IN", BurninDestinationSettings=style)
        raw = {"ContainerSettings": {"Container": "RAW"}}
        embedded = {"CaptionSelectorName": "608", "DestinationSettings": {"DestinationType": "SRT"}}
        mp4 = cls.picture(ContainerSettings=matched, AudioDescriptions=cls.sound("fra"))
        outputs = [
            mp4 | {"NameModifier": "_plain"},
            mp4 | {"NameModifier": "_words", "CaptionDescriptions": burnt_in},
            raw | {"NameModifier": "_fra", "CaptionDescriptions": cls.captions("fra", "WEBVTT")},
            raw | {"NameModifier": "_608", "CaptionDescriptions": [embedded]},
        ]
        groups = [cls.hls(cls.folder, list(CAPTIONS)), cls.files_group(cls.folder, outputs)]
        cls.job = cls.run_job([cls.whole_input()], groups)

    def setUp(self):
        job = self.await_end(self.job)
        self.assertEqual(job["Status"], "COMPLETE", job)

    def read_text(self, name: str) -> str:
        return self.read(f"{self.folder}/{name}").decode()

    def test_the_manifest_announces_each_sound_and_caption_as_mediaconvert_does(self):
        manifest = self.read_text("index.m3u8")
        self.assertEqual(
            re.findall("#EXT-X-MEDIA:(.*)", manifest),
            [
                'TYPE=AUDIO,GROUP-ID="audio",NAME="English",LANGUAGE="eng",DEFAULT=YES,'
                'AUTOSELECT=YES,URI="index_sound_eng.m3u8"',
                'TYPE=AUDIO,GROUP-ID="audio",NAME="Français",LANGUAGE="fra",DEFAULT=NO,'
                'AUTOSELECT=YES,URI="index_sound_fra.m3u8"',
                'TYPE=SUBTITLES,GROUP-ID="subs",NAME="English",LANGUAGE="eng",DEFAULT=YES,'
                'AUTOSELECT=YES,FORCED=NO,URI="index_captions_eng.m3u8"',
                'TYPE=SUBTITLES,GROUP-ID="subs",NAME="Français",LANGUAGE="fra",DEFAULT=NO,'
                'AUTOSELECT=YES,FORCED=NO,URI="index_captions_fra.m3u8"',
                'TYPE=SUBTITLES,GROUP-ID="subs",NAME="Suomi",LANGUAGE="fin",DEFAULT=NO,'
                'AUTOSELECT=YES,FORCED=NO,URI="index_captions_fin.m3u8"',
                'TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="English",LANGUAGE="eng",DEFAULT=YES,'
                'AUTOSELECT=YES,INSTREAM-ID="CC1"',
            ],
        )
        (stream,) = re.findall("#EXT-X-STREAM-INF:(.*)", manifest)
        self.assertRegex(stream, 'CODECS="avc1[^"]*,mp4a.40.2"')
        self.assertTrue(stream.endswith(',AUDIO="audio",SUBTITLES="subs",CLOSED-CAPTIONS="cc"'))
        self.assertEqual(uris(manifest), ["index_1.m3u8"])

    def test_segments_of_sounds_and_captions_end_where_those_of_the_video_do(self):
        def durations(name: str) -> list[float]:
            found = re.findall("#EXTINF:([0-9.]+),", self.read_text(f"index_{name}.m3u8"))
            return [float(it) for it in found]

        video = durations("1")
        self.assertEqual(len(video), 3)
        for name in [f"captions_{it}" for it in CAPTIONS]:
            self.assertEqual(durations(name), video)
        for name in [f"sound_{it}" for it in PITCHES]:
            found = durations(name)
            self.assertEqual(len(found), len(video))
            # A sound has whole frames of 21 ms.
            self.assertAlmostEqual(sum(found), LENGTH, delta=0.03)
        words = [
            [it.words for it in file_cues(self.read_text(name))]
            for name in uris(self.read_text("index_captions_eng.m3u8"))
        ]
        first, second, third = WORDS["eng"].values()
        # The second caption crosses the edge at 4 s.
        self.assertEqual(words, [[first, second], [second, third], [third]])

    def test_an_asset_has_all_languages_and_captions_in_step(self):
        asset = self.package(self.folder)
        words = WORDS | {"fin": FINNISH}
        self.check_asset(asset, {language: cut(words[language]) for language in CAPTIONS})
        # Of the last caption, nothing says in the video when it goes.
        found, expected = embedded_cues(asset.hls_video()), cut(EMBEDDED, 1)
        self.assert_cues(found[:-1], expected[:-1], TOLERANCE)
        self.assertEqual(found[-1].words, expected[-1].words)
        self.assertAlmostEqual(found[-1].start, expected[-1].start, delta=TOLERANCE)

    def test_an_asset_announces_embedded_captions_only_if_its_source_does(self):
        asset = self.package(self.folder)
        tag = asset.media["CLOSED-CAPTIONS", "eng"]
        self.assertEqual((tag["NAME"], tag["INSTREAM-ID"]), ("English", "CC1"))
        for stream in re.findall("#EXT-X-STREAM-INF:(.*)", asset.parent):
            self.assertIn(f',CLOSED-CAPTIONS="{tag["GROUP-ID"]}"', stream)
        (accessibility,) = asset.mpd.iter(f"{DASH}Accessibility")
        self.assertEqual(accessibility.attrib["value"], "CC1=eng")
        # The same media with a manifest that does not say so.
        lines = self.read_text("index.m3u8").splitlines()
        lines = [line for line in lines if "TYPE=CLOSED-CAPTIONS" not in line]
        manifest = "\n".join(lines).replace(',CLOSED-CAPTIONS="cc"', "")
        key = f"{self.folder}/unannounced.m3u8"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=manifest.encode())
        asset = self.package(self.folder, "unannounced.m3u8")
        self.assertNotIn("CLOSED-CAPTIONS", asset.parent)
        self.assertEqual(list(asset.mpd.iter(f"{DASH}Accessibility")), [])
        self.assertEqual(len(embedded_cues(asset.hls_video())), len(EMBEDDED))

    def test_words_are_drawn_into_the_pictures_while_they_are_shown(self):
        plain = self.read(f"{self.folder}/clip_plain.mp4")
        words = self.read(f"{self.folder}/clip_words.mp4")
        for time, is_shown in [(0.1, True), (1.4, True), (1.7, False), (4, True), (6, False)]:
            pictures = [lower_third(it, time) for it in (plain, words)]
            found = difference(*pictures)
            (self.assertGreater if is_shown else self.assertLess)(found, 6, time)
        self.assertEqual(pitch(plain), PITCHES["fra"])
        self.assertEqual(embedded_cues(plain), [], "no output setting asks for captions")

    def test_a_caption_file_is_cut_as_the_video_is(self):
        self.assert_cues(file_cues(self.read_text("clip_fra.vtt")), cut(WORDS["fra"]))
        self.assert_cues(file_cues(self.read_text("clip_608.srt")), cut(EMBEDDED, 1), TOLERANCE)
        head = self.s3.head_object(Bucket=self.bucket, Key=f"{self.folder}/clip_fra.vtt")
        self.assertEqual(head["ContentType"], "text/vtt")

    def test_a_rendition_that_an_hls_input_lacks_fails_the_job(self):
        for selectors, kind in (("AudioSelectors", "sound"), ("CaptionSelectors", "captions")):
            with self.subTest(selectors):
                source = self.part("00:00:00:00", "00:00:01:00")
                text = json.dumps(source[selectors]["fra"]).replace(
                    json.dumps("Français"), '"Lost"'
                )
                source[selectors]["fra"] = json.loads(text)
                job = self.await_end(self.run_job([source], [self.hls(unused_id(), ["fra"])]))
                self.assertEqual((job["Status"], job["ErrorCode"]), ("ERROR", 1404))
                self.assertIn(f'no {kind} "Lost"', job["ErrorMessage"])

    def part(self, start: str, end: str) -> dict:
        """A part of the media of the first job, as an input."""
        groups = {language: ("audio", NAMES[language]) for language in PITCHES}
        sources: dict[str, dict] = {
            language: {
                "SourceType": "WEBVTT",
                "WebvttHlsSourceSettings": {
                    "RenditionGroupId": "subs",
                    "RenditionName": CAPTIONS[language],
                },
            }
            for language in CAPTIONS
        }
        sources["608"] = {"SourceType": "EMBEDDED"}
        return {
            "FileInput": f"s3://{self.bucket}/{self.folder}/index.m3u8",
            "TimecodeSource": "ZEROBASED",
            "InputClippings": [{"StartTimecode": start, "EndTimecode": end}],
            "AudioSelectors": {
                language: {
                    "SelectorType": "HLS_RENDITION_GROUP",
                    "HlsRenditionGroupSettings": {
                        "RenditionGroupId": group,
                        "RenditionName": name,
                    },
                }
                for language, (group, name) in groups.items()
            },
            "CaptionSelectors": {
                name: {"SourceSettings": settings} for name, settings in sources.items()
            },
        }

    def test_parts_of_an_hls_input_keep_their_languages_and_captions_when_they_are_joined(self):
        folder = unused_id()
        # 7 s to 9.24 s of the first job's 9.52 s, then 0 s to 5.76 s: two segments of 4 s.
        parts = [self.part("00:00:07:00", "00:00:09:05"), self.part("00:00:00:00", "00:00:05:18")]
        self.complete(parts, [self.hls(folder, ["fra", "fin"])])
        for name in ("1", "sound_eng", "sound_fra", "captions_fin"):
            playlist = self.read(f"{folder}/index_{name}.m3u8").decode()
            self.assertEqual(len(uris(playlist)), 2, name)
        words = WORDS | {"fin": FINNISH}
        expected = {}
        for language in ("fra", "fin"):
            first = cut(words[language], begin=BEGIN + 7, end=BEGIN + 9.24)
            second = cut(words[language], begin=BEGIN, end=BEGIN + 5.76)
            moved = [Cue(it.start + 2.24, it.end + 2.24, it.words) for it in second]
            expected[language] = [*first, *moved]
        asset = self.package(folder)
        self.check_asset(asset, expected)
        found = embedded_cues(asset.hls_video())
        # The decoder decides on captions that are loaded before a part begins, or shown at its end.
        (ready,) = [it for it in found if it.words == "READY"]
        self.assertAlmostEqual(ready.start, 2.24 + 2 - BEGIN, delta=TOLERANCE)
