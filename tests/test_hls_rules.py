"""Tests that the program that checks the rules of HLS finds what violates them."""

import unittest
from unittest import mock

from hls_presentation import Reply, Segment, read_presentation
from hls_rules import Checks

PARENT = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=9000,RESOLUTION=640x360,FRAME-RATE=25.000,CODECS="avc1.42C01E,mp4a.40.2",AUDIO="a"
1.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=8000,RESOLUTION=426x240,FRAME-RATE=25.000,CODECS="avc1.42C01E,mp4a.40.2",AUDIO="a"
2.m3u8
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",DEFAULT=YES,AUTOSELECT=YES,LANGUAGE="eng",URI="en.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Suomi",DEFAULT=NO,AUTOSELECT=YES,LANGUAGE="fin",URI="fi.m3u8"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=4000,RESOLUTION=640x360,CODECS="avc1.42C01E",URI="i.m3u8"
"""
CHILD = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:4
#EXT-X-PLAYLIST-TYPE:VOD
#EXTINF:4.000000,
0.ts
#EXTINF:2.000000,
1.ts
#EXT-X-ENDLIST
"""
I_FRAMES = """#EXTM3U
#EXT-X-VERSION:4
#EXT-X-I-FRAMES-ONLY
#EXT-X-TARGETDURATION:4
#EXT-X-PLAYLIST-TYPE:VOD
#EXTINF:4.000000,
#EXT-X-BYTERANGE:1000@0
0.ts
#EXTINF:2.000000,
#EXT-X-BYTERANGE:500@0
1.ts
#EXT-X-ENDLIST
"""
LIVE = "#EXT-X-DISCONTINUITY-SEQUENCE:0\n#EXT-X-PROGRAM-DATE-TIME:2020-02-03T13:30:00.000Z\n"


class ManifestChecks(Checks):
    """The checks of manifests, without those of segments."""

    def check_segments(self, *_: object):
        pass

    def check_pictures(self, *_: object):
        pass


class TestRules(unittest.TestCase):
    def violations(self, **changes: tuple[str, str]) -> str:
        """The violated rules of a presentation in which a text of a manifest was replaced."""
        texts = {"parent": PARENT, "1": CHILD, "2": CHILD, "en": CHILD, "fi": CHILD, "i": I_FRAMES}
        for name, (before, after) in changes.items():
            self.assertIn(before, texts[name.strip("_")])
            texts[name.strip("_")] = texts[name.strip("_")].replace(before, after)

        def read(url: str) -> Reply:
            name, _, extension = url.rpartition("/")[2].partition(".")
            if extension == "ts":
                return Reply(url, "video/mp2t", bytes(1000))
            return Reply(url, "application/vnd.apple.mpegurl", texts[name].encode())

        presentation = read_presentation("https://example.com/parent.m3u8", read)
        with mock.patch.object(Segment, "streams", []):
            return "; ".join(ManifestChecks(presentation).run())

    def test_a_presentation_that_keeps_the_rules_has_no_violations(self):
        self.assertEqual(self.violations(), "")

    def test_each_violated_rule_is_found(self):
        parent = [
            ("#EXTM3U\n", "", "RFC 8216 4.3.1.1"),
            ("#EXT-X-INDEPENDENT-SEGMENTS\n", "", "Apple 9.11"),
            (',CODECS="avc1.42C01E,mp4a.40.2",AUDIO="a"\n1', ',AUDIO="a"\n1', "Apple 9.1"),
            (',CODECS="avc1.42C01E,mp4a.40.2"', ',CODECS="avc1.42C01E"', "Apple 9.1"),
            ("RESOLUTION=640x360,FRAME", "FRAME", "Apple 9.2"),
            ("RESOLUTION=426x240", "RESOLUTION=320x240", "Apple 1.33"),
            ("FRAME-RATE=25.000,", "", "Apple 9.15"),
            ("FRAME-RATE=25.000", "FRAME-RATE=100.000", "Apple 1.19"),
            ("BANDWIDTH=8000", "BANDWIDTH=2000", "Apple 1.27"),
            ("BANDWIDTH=4000", "BANDWIDTH=1000", "Apple 6.9"),
            ('AUDIO="a"\n1', 'AUDIO="b"\n1', "RFC 8216 4.3.4.2"),
            (',AUDIO="a"\n2', "\n2", "RFC 8216 4.3.4.2.1"),
            ('NAME="Suomi"', 'NAME="English"', "RFC 8216 4.3.4.1.1"),
            ("DEFAULT=NO", "DEFAULT=YES", "RFC 8216 4.3.4.1.1"),
            ("DEFAULT=YES", "DEFAULT=NO", "Apple 9.7"),
            ("DEFAULT=YES,AUTOSELECT=YES", "DEFAULT=YES", "RFC 8216 4.3.4.1"),
            (',LANGUAGE="fin"', "", "Apple 8.10"),
            (',NAME="Suomi"', "", "RFC 8216 4.3.4.1"),
            (PARENT[PARENT.index("#EXT-X-I-FRAME") :], "", "Apple 6.1"),
        ]
        child = [
            ("VERSION:3", "VERSION:2", "RFC 8216 7"),
            ("TARGETDURATION:4", "TARGETDURATION:3", "RFC 8216 4.3.3.1"),
            ("TARGETDURATION:4", "TARGETDURATION:3", "Apple 7.7"),
            ("TARGETDURATION:4", "TARGETDURATION:5", "Apple 8.2"),
            ("#EXT-X-PLAYLIST-TYPE:VOD\n", "", "Apple 8.6"),
            ("#EXT-X-ENDLIST\n", "", "RFC 8216 4.3.3.4"),
            ("#EXTINF:2.000000,\n1.ts\n", "", "Apple 8.3"),
            ("#EXTINF:2.000000", "#EXTINF:2.500000", "Apple 8.22"),
            ("#EXTINF:2.000000", "#EXT-X-DISCONTINUITY\n#EXTINF:2.000000", "Apple 8.15"),
        ]
        i_frames = [
            ("#EXT-X-I-FRAMES-ONLY\n", "", "Apple 6.8"),
            ("VERSION:4", "VERSION:3", "RFC 8216 7"),
            ("1000@0", "1000@1", "RFC 8216 4.3.2.2"),
            ("#EXT-X-BYTERANGE:1000@0\n", "", "RFC 8216 4.3.3.6"),
            ("#EXTINF:2.000000", "#EXTINF:1.000000", "Apple 8.7"),
        ]
        for name, changes in (("parent", parent), ("fi", child), ("i", i_frames)):
            for before, after, rule in changes:
                with self.subTest(before=before, after=after):
                    found = self.violations(**{name: (before, after)})
                    self.assertRegex(found, rf"(^|; |, ){rule}[:,]")

    def test_a_live_presentation_has_rules_of_its_own(self):
        live = dict.fromkeys(("1", "2", "en", "fi", "i"), ("#EXT-X-PLAYLIST-TYPE:VOD\n", ""))
        ended = {f"{name}_": ("#EXT-X-ENDLIST\n", "") for name in live}
        found = self.violations(**live, **ended)
        for rule in ("8.4", "8.11", "8.17"):
            self.assertIn(f"Apple {rule}: ", found)
        self.assertNotIn("Apple 8.6", found)
