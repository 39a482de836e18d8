"""Tests which sounds and captions MediaConvert refuses, and which fail a job."""

import json

from botocore.exceptions import ClientError

from caption_jobs import CaptionJobTest, srt
from captioned_video import WORDS
from stand_in import unused_id
from test_media_convert import change


class TestRefusedCaptions(CaptionJobTest):
    def test_what_does_not_fit_together_is_refused_by_name(self):
        group = ["OutputGroups", 0, "OutputGroupSettings", "HlsGroupSettings"]
        outputs, files = (["OutputGroups", number, "Outputs"] for number in range(2))
        picture, _, other, words = ([*outputs, number] for number in range(4))
        hls = ["OutputSettings", "HlsSettings"]
        audio, captions = [*other, "AudioDescriptions"], [*words, "CaptionDescriptions"]
        drawn = [*files, 0, "CaptionDescriptions"]
        style = [*drawn, 0, "DestinationSettings", "BurninDestinationSettings"]
        sidecar = [*files, 1, "CaptionDescriptions", 0, "DestinationSettings"]
        selectors = ["Inputs", 0, "CaptionSelectors"]
        selector = [*selectors, "eng", "SourceSettings"]
        file = [*selector, "FileSourceSettings"]
        mappings = [*group, "CaptionLanguageMappings"]
        webvtt = {"RenditionGroupId": "subs", "RenditionName": "English"}
        for path, new, name in [
            # Sounds with playlists of their own.
            ([*picture, *hls, "AudioRenditionSets"], "music", "audioRenditionSets"),
            ([*picture, *hls, "AudioRenditionSets"], ..., "audioRenditionSets"),
            ([*picture, *hls, "AudioGroupId"], "audio", "audioGroupId"),
            ([*picture, "AudioDescriptions"], self.sound("eng"), "without audio"),
            ([*other, *hls, "AudioTrackType"], "ALTERNATE_AUDIO_AUTO_SELECT_DEFAULT", "two def"),
            ([*other, *hls, "AudioTrackType"], "AUDIO_ONLY_VARIANT_STREAM", "AUDIO_ONLY"),
            ([*other, *hls], {}, "audioGroupId"),
            ([*audio, 0, "StreamName"], ..., "streamName"),
            ([*audio, 0, "StreamName"], '"Suomi"', "streamName"),
            ([*audio, 0, "CustomLanguageCode"], "english", "english"),
            ([*audio, 0, "LanguageCodeControl"], "FOLLOW_INPUT", "FOLLOW_INPUT"),
            (audio, self.sound("eng") * 2, "one sound"),
            (audio, [], "needs videoDescription"),
            # Captions of an HLS group.
            ([*group, "CaptionSegmentLengthControl"], ..., "captionSegmentLengthControl"),
            ([*group, "CaptionSegmentLengthControl"], "LARGE_SEGMENTS", "LARGE_SEGMENTS"),
            ([*group, "CaptionLanguageSetting"], "OMIT", "captionLanguageMappings"),
            (mappings, [], "captionLanguageMappings"),
            ([*mappings, 0, "CaptionChannel"], 5, "captionChannel"),
            ([*mappings, 0, "CustomLanguageCode"], "e1g", "three letters"),
            ([*picture, "CaptionDescriptions"], [], "captionLanguageMappings"),
            ([*captions, 0, "LanguageDescription"], ..., "languageDescription"),
            ([*captions, 0, "CustomLanguageCode"], "e", "customLanguageCode"),
            ([*captions, 0, "LanguageCode"], "ENG", "languageCode"),
            ([*captions, 0, "CaptionSelectorName"], "swe", '"swe"'),
            (captions, self.captions("eng", "SRT"), "file group"),
            (captions, self.captions("eng", "BURN_IN"), "BURN_IN"),
            (captions, self.captions("eng", "TTML"), "TTML"),
            (captions, self.captions("eng", "WEBVTT") * 2, "one track"),
            # Captions of a file group.
            ([*files, 1, "ContainerSettings", "Container"], "MP4", "/outputGroups/1/outputs/1"),
            ([*files, 1, "OutputSettings"], {"HlsSettings": {}}, "/outputSettings"),
            ([*sidecar, "DestinationType"], "EMBEDDED", "EMBEDDED"),
            (drawn, self.captions("eng", "BURN_IN") * 2, "one BURN_IN"),
            ([*drawn, 0, "CaptionSelectorName"], "608", "not valid for an EMBEDDED source"),
            ([*style, "OutlineSize"], 11, "outlineSize"),
            ([*style, "FontSize"], 97, "fontSize"),
            ([*style, "BackgroundColor"], "RED", "RED"),
            ([*style, "FontColor"], "HEX", "HEX"),
            ([*style, "ShadowColor"], "BLACK", "shadowColor"),
            ([*style, "StylePassthrough"], "ENABLED", "ENABLED"),
            # Where captions come from.
            (file, ..., "/inputs/0/captionSelectors/eng"),
            ([*file, "SourceFile"], "s3://clips/eng.txt", "eng.txt"),
            ([*file, "SourceFile"], "https://a.b/eng.srt", "https"),
            ([*file, "TimeDelta"], 1, "timeDelta"),
            ([*selector, "SourceType"], "SCC", "SCC"),
            ([*selector, "SourceType"], "EMBEDDED", "sourceSettings"),
            ([*selector, "WebvttHlsSourceSettings"], webvtt, "sourceSettings"),
            (selector, self.embedded_source(5), "source608ChannelNumber"),
            (selector, self.embedded_source(2), "CC1 and CC3"),
            ([*selectors, "eng", "LanguageCode"], "ENG", "languageCode"),
        ]:
            with self.subTest(path, new=new):
                settings = json.loads(json.dumps(self.good_settings()))
                change(settings, path, new)
                asked = self.asked(self.video, "landscape-stereo") | {"Settings": settings}
                with self.assertRaises(ClientError) as refusal:
                    self.media_convert.create_job(**asked)
                self.assertIn(name, str(refusal.exception))

    def test_settings_that_fit_are_accepted_and_described_unchanged(self):
        settings = self.good_settings()
        settings["Inputs"][0]["FileInput"] = self.missing()
        asked = self.asked(self.video, "landscape-stereo") | {"Settings": settings}
        self.assertEqual(self.media_convert.create_job(**asked)["Job"]["Settings"], settings)

    @staticmethod
    def embedded_source(channel: int) -> dict:
        return {
            "SourceType": "EMBEDDED",
            "EmbeddedSourceSettings": {"Source608ChannelNumber": channel},
        }

    def good_settings(self) -> dict:
        style = {"BackgroundColor": "BLACK", "BackgroundOpacity": 128, "OutlineSize": 0}
        style |= {"FontColor": "AUTO", "OutlineColor": "BLACK", "FontSize": 0}
        drawn = self.captions("fin", "BURN_IN", BurninDestinationSettings=style)
        mp4, raw = ({"ContainerSettings": {"Container": it}} for it in ("MP4", "RAW"))
        written = self.captions("eng", "WEBVTT")
        outputs = [
            self.picture(NameModifier="_1", CaptionDescriptions=drawn) | mp4,
            raw | {"NameModifier": "_eng", "Extension": "vtt", "CaptionDescriptions": written},
        ]
        groups = [self.hls("good", ["eng"]), self.files_group("good", outputs)]
        return {"Inputs": [self.whole_input()], "OutputGroups": groups}

    def test_a_caption_file_that_cannot_be_read_fails_the_job(self):
        for name, body, reason in [
            ("missing.srt", None, "could not read"),
            ("empty.srt", b"", "no captions"),
            ("latin.srt", srt(WORDS["fra"]).removeprefix("\ufeff").encode("latin-1"), "UTF-8"),
            ("words.vtt", srt(WORDS["eng"]).encode(), "WEBVTT"),
        ]:
            with self.subTest(name):
                url = f"s3://{self.bucket}/{unused_id()}/{name}"
                if body is not None:
                    url = self.put(name, body)
                source = self.whole_input()
                kind = "WEBVTT" if name.endswith("vtt") else "SRT"
                source["CaptionSelectors"]["eng"] = {
                    "SourceSettings": {
                        "SourceType": kind,
                        "FileSourceSettings": {"SourceFile": url},
                    }
                }
                job = self.await_end(self.run_job([source], [self.hls(unused_id(), ["eng"])]))
                self.assertEqual((job["Status"], job["ErrorCode"]), ("ERROR", 1404))
                self.assertIn(name, job["ErrorMessage"])
                self.assertIn(reason, job["ErrorMessage"])
