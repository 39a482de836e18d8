"""Jobs of MediaConvert with sounds and captions of several languages, for tests."""

import tempfile
from pathlib import Path

from captioned_clip import (
    NAMES,
    Cue,
    Playback,
    packaging_groups,
    pitch,
)
from captioned_video import PITCHES, WORDS, captioned_video
from stand_in import ROLE, eventually, get, unused_id
from test_media_convert import JobTest

FINNISH = {1: "Paikoillanne", 5: "Sinne mentiin", 9: "Uusi ennätys"}
CAPTIONS = {"eng": "English", "fra": "Français", "fin": "Suomi"}
# The part that the first job cuts out: the frames 37 to 274 of 25 a second.
CUT = {"StartTimecode": "00:00:01:12", "EndTimecode": "00:00:10:24"}
BEGIN, LENGTH = 1.48, 9.52


def clock(time: float) -> str:
    return f"00:00:{time:06.3f}"


def srt(words: dict[int, str]) -> str:
    cues = [f"{at}\n{clock(at)} --> {clock(at + 2)}\n<i>{it}</i>\n" for at, it in words.items()]
    return "\ufeff" + "\n".join(cues).replace(".", ",").replace("\n", "\r\n")


def webvtt(words: dict[int, str]) -> str:
    cues = [f"{clock(at)} --> {clock(at + 2)} line:0\n{text}\n" for at, text in words.items()]
    return "WEBVTT\n\n" + "\n".join(cues)


def ttml(words: dict[int, str]) -> str:
    cues = [f'<tt:p begin="{at}s" dur="50f">{text}</tt:p>' for at, text in words.items()]
    head = 'xmlns:tt="http://www.w3.org/ns/ttml" xmlns:p="http://www.w3.org/ns/ttml#parameter"'
    body = f"<tt:body><tt:div>{''.join(cues)}</tt:div></tt:body>"
    return f'<tt:tt {head} p:frameRate="25">{body}</tt:tt>'


def cut(
    words: dict[int, str], length: float = 2, begin: float = BEGIN, end: float = BEGIN + LENGTH
) -> list[Cue]:
    """The cues of words that last so long, in a part of the video."""
    times = [(max(at, begin), min(at + length, end), text) for at, text in words.items()]
    return [Cue(round(a - begin, 2), round(b - begin, 2), text) for a, b, text in times if a < b]


class CaptionJobTest(JobTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.OPTIONS = ("--packaging-groups", packaging_groups(Path(folder.name)))
        super().setUpClass()
        with tempfile.TemporaryDirectory() as work:
            cls.video = cls.put("video.mkv", captioned_video(Path(work)).read_bytes())
        cls.files = {
            "eng": cls.put("eng.srt", srt(WORDS["eng"]).encode()),
            "fra": cls.put("fra.vtt", webvtt(WORDS["fra"]).encode()),
            "fin": cls.put("fin.ttml", ttml(FINNISH).encode()),
        }
        template = cls.asked(cls.video, "landscape-stereo")
        (rendition, *_) = template["Settings"]["OutputGroups"][0]["Outputs"]
        cls.aac = rendition["AudioDescriptions"][0]["CodecSettings"]
        cls.rendition = rendition["VideoDescription"] | {"Width": 320, "Height": 180}
        cls.group = template["Settings"]["OutputGroups"][0]["OutputGroupSettings"]

    @classmethod
    def picture(cls, **other: object) -> dict:
        return {"VideoDescription": cls.rendition} | other

    @classmethod
    def sound(cls, selector: str, **other: object) -> list[dict]:
        audio = {"AudioSourceName": selector, "CodecSettings": cls.aac}
        return [audio | {"LanguageCodeControl": "USE_CONFIGURED"} | other]

    @classmethod
    def captions(cls, language: str, kind: str, **other: object) -> list[dict]:
        named = {"CustomLanguageCode": language, "LanguageDescription": CAPTIONS[language]}
        destination = {"DestinationType": kind} | other
        return [{"CaptionSelectorName": language, "DestinationSettings": destination} | named]

    @classmethod
    def hls(cls, folder: str, captions: list[str]) -> dict:
        """An HLS group with pictures, a sound for each language, and captions."""
        m3u8 = {"ContainerSettings": {"Container": "M3U8"}}
        matched = {"Container": "M3U8", "M3u8Settings": {"AudioDuration": "MATCH_VIDEO_DURATION"}}
        outputs = [
            cls.picture(
                NameModifier="_1",
                ContainerSettings=matched,
                OutputSettings={"HlsSettings": {"AudioRenditionSets": "audio"}},
                CaptionDescriptions=[
                    {
                        "CaptionSelectorName": "608",
                        "DestinationSettings": {"DestinationType": "EMBEDDED"},
                    }
                ],
            )
        ]
        for language in PITCHES:
            default = "_DEFAULT" if language == "eng" else ""
            kind = f"ALTERNATE_AUDIO_AUTO_SELECT{default}"
            outputs.append(
                {
                    "NameModifier": f"_sound_{language}",
                    "ContainerSettings": matched,
                    "AudioDescriptions": cls.sound(
                        language, CustomLanguageCode=language, StreamName=NAMES[language]
                    ),
                    "OutputSettings": {
                        "HlsSettings": {"AudioGroupId": "audio", "AudioTrackType": kind}
                    },
                }
            )
        for language in captions:
            outputs.append(
                m3u8
                | {
                    "NameModifier": f"_captions_{language}",
                    "CaptionDescriptions": cls.captions(language, "WEBVTT"),
                    "OutputSettings": {"HlsSettings": {}},
                }
            )
        settings = cls.group["HlsGroupSettings"] | {
            "Destination": f"s3://{cls.bucket}/{folder}/index",
            "CaptionSegmentLengthControl": "MATCH_VIDEO",
            "CaptionLanguageSetting": "INSERT",
            "CaptionLanguageMappings": [
                {
                    "CaptionChannel": 1,
                    "CustomLanguageCode": "eng",
                    "LanguageDescription": "English",
                }
            ],
        }
        group = {"Type": "HLS_GROUP_SETTINGS", "HlsGroupSettings": settings}
        return {"OutputGroupSettings": group, "Outputs": outputs}

    @classmethod
    def files_group(cls, folder: str, outputs: list[dict]) -> dict:
        settings = {"Destination": f"s3://{cls.bucket}/{folder}/clip"}
        group = {"Type": "FILE_GROUP_SETTINGS", "FileGroupSettings": settings}
        return {"OutputGroupSettings": group, "Outputs": outputs}

    @classmethod
    def whole_input(cls) -> dict:
        """The video with its sounds, the caption files, and the captions in its pictures."""
        kinds = {"eng": "SRT", "fra": "WEBVTT", "fin": "TTML"}
        sources = {
            language: {"SourceType": kinds[language], "FileSourceSettings": {"SourceFile": url}}
            for language, url in cls.files.items()
        }
        sources["608"] = {
            "SourceType": "EMBEDDED",
            "EmbeddedSourceSettings": {"Source608ChannelNumber": 1, "Source608TrackNumber": 1},
        }
        return {
            "FileInput": cls.video,
            "TimecodeSource": "ZEROBASED",
            "InputClippings": [CUT],
            "AudioSelectors": {
                language: {"SelectorType": "TRACK", "Tracks": [track]}
                for track, language in enumerate(PITCHES, start=1)
            },
            "CaptionSelectors": {
                name: {"SourceSettings": settings} for name, settings in sources.items()
            },
        }

    @classmethod
    def run_job(cls, inputs: list[dict], groups: list[dict]) -> dict:
        asked = cls.asked(cls.video, "landscape-stereo")
        asked["Settings"] = {"Inputs": inputs, "OutputGroups": groups}
        return cls.media_convert.create_job(**asked)["Job"]

    def complete(self, inputs: list[dict], groups: list[dict]) -> dict:
        job = self.await_end(self.run_job(inputs, groups))
        self.assertEqual(job["Status"], "COMPLETE", job)
        return job

    def package(self, folder: str, manifest: str = "index.m3u8") -> Playback:
        """Makes an asset of a job's HLS, and waits until it is playable."""
        (group,) = self.vod.list_packaging_groups()["PackagingGroups"]
        asset = self.vod.create_asset(
            Id=unused_id(),
            PackagingGroupId=group["Id"],
            SourceArn=f"arn:aws:s3:::{self.bucket}/{folder}/{manifest}",
            SourceRoleArn=ROLE,
        )
        origin = f"{self.stand_in.origin}/vod/out/v1/"
        urls = [it["Url"].split("/out/v1/")[1] for it in asset["EgressEndpoints"]]
        hls, dash = (
            next(origin + url for url in urls if url.endswith(kind)) for kind in ("m3u8", "mpd")
        )
        for url in (hls, dash):
            eventually(lambda url=url: get(url)[0] == 200, f"{url} was not playable")
        return Playback(hls, dash)

    def assert_cues(self, found: list[Cue], expected: list[Cue], delta: float = 0.011):
        self.assertEqual([it.words for it in found], [it.words for it in expected])
        for one, other in zip(found, expected, strict=True):
            self.assertAlmostEqual(one.start, other.start, delta=delta, msg=(found, expected))
            self.assertAlmostEqual(one.end, other.end, delta=delta, msg=(found, expected))

    def check_asset(self, asset: Playback, expected: dict[str, list[Cue]]):
        """Fails unless both formats of an asset have each sound, and these captions in step."""
        for language, tone in PITCHES.items():
            self.assertEqual(asset.media["AUDIO", language]["NAME"], NAMES[language])
            self.assertEqual(pitch(asset.hls_sound(language)), tone, language)
            self.assertEqual(pitch(asset.dash_sound(language)), tone, language)
        for language, cues in expected.items():
            self.assertEqual(asset.media["SUBTITLES", language]["NAME"], CAPTIONS[language])
            self.assert_cues(asset.hls_cues(language), cues)
            self.assert_cues(asset.dash_cues(language), cues)
