"""Checks an HLS presentation against the rules that a program can check.

The rules are those of Apple's HLS Authoring Specification for Apple Devices, by number:
<https://developer.apple.com/documentation/http-live-streaming/hls-authoring-specification-for-apple-devices>
and those of RFC 8216, by section: <https://www.rfc-editor.org/rfc/rfc8216>.

The rules that are left out, and why:

- 4.4 (closed captions are announced): MediaPackage passes embedded captions through. AWS does not
  document that it announces them, so the stand-in does not.
- 5.10 (captions in CODECS), 9.14 (AVERAGE-BANDWIDTH) and the CHANNELS of sounds: AWS does not
  document that MediaPackage writes them.
- 6.2 and 6.6 (dense I frames at several bit rates): MediaPackage makes one playlist of the I frames
  that the first rendition has.
- 7.5 and 7.6 (segments of 6 s): clips are cut at segments, so those of the live stream have 2 s.
- 1.26 to 1.28 (averages, and BANDWIDTH that is too high): an encoder needs less for a test picture
  than the maximum that it announces. BANDWIDTH that is too low is found.
- 9.9 (several bit rates): a small video has one rendition, as none is larger than its original.
- 10.1 to 12.4 (compression, TLS): CloudFront's part, see `cdk/lib/delivery`.
"""

from collections import Counter
from itertools import pairwise

from hls_presentation import Playlist, Presentation, Rendition, Segment

# The time of a frame of sound, of 1,024 samples: segments of sound end with whole frames.
SOUND_FRAME = 1024 / 48_000
# Time stamps count 90,000 in a second.
ROUNDING = 0.001
PROFILES = {"Constrained Baseline": 0x42, "Baseline": 0x42, "Main": 0x4D, "High": 0x64}
MEDIA_TYPES = {"ts": "video/mp2t", "vtt": "text/vtt"}
MANIFEST_TYPES = ("application/vnd.apple.mpegurl", "application/x-mpegurl")


def find_violations(presentation: Presentation) -> list[str]:
    """A sentence about each violated rule. An empty list says that there is none."""
    return Checks(presentation).run()


class Checks:
    def __init__(self, presentation: Presentation):
        self.presentation = presentation
        self.found: list[str] = []
        first = presentation.variants[0].playlist if presentation.variants else None
        self.is_live = first is not None and not first.is_ended

    def run(self) -> list[str]:
        self.check_multivariant()
        self.check_groups()
        presentation = self.presentation
        renditions = [*presentation.variants, *presentation.media, *presentation.i_frames]
        for it in renditions:
            self.check_playlist(it.playlist)
        for it in presentation.variants:
            self.check_variant(it)
        for it in presentation.of_kind("AUDIO"):
            self.check_segments(it.playlist, "audio", SOUND_FRAME)
        for it in presentation.of_kind("SUBTITLES"):
            self.check_captions(it.playlist)
        for it in presentation.i_frames:
            self.check_i_frames(it)
        self.check_alignment()
        return self.found

    def require(self, is_kept: object, rule: str, what: str):
        if not is_kept:
            self.found.append(f"{rule}: {what}")

    def check_multivariant(self):
        text, variants = self.presentation.text, self.presentation.variants
        self.require(
            text.startswith("#EXTM3U\n"), "RFC 8216 4.3.1.1", "EXTM3U is not the first line"
        )
        self.require(variants, "RFC 8216 4.3.4.2", "there is no variant")
        self.require(self.presentation.i_frames, "Apple 6.1", "there is no I-frame playlist")
        is_independent = "#EXT-X-INDEPENDENT-SEGMENTS" in text
        self.require(is_independent, "Apple 9.11", "no EXT-X-INDEPENDENT-SEGMENTS")
        self.check_media_type(self.presentation.reply.media_type, MANIFEST_TYPES)
        ratios = set()
        for it in [*variants, *self.presentation.i_frames]:
            uri = it.playlist.url
            rules = ("9.1", "9.2") if it in variants else ("9.3", "9.4")
            for name, rule in zip(("CODECS", "RESOLUTION"), rules, strict=True):
                self.require(name in it.attributes, f"Apple {rule}", f"{uri} has no {name}")
            self.require(
                "BANDWIDTH" in it.attributes, "RFC 8216 4.3.4.2", f"{uri} has no BANDWIDTH"
            )
            width, _, height = it.attributes.get("RESOLUTION", "16x9").partition("x")
            # Whole pixels: 854 to 480 and 426 to 240 are 16 to 9.
            ratios.add(round(int(width) / int(height) * 20))
        self.require(len(ratios) <= 1, "Apple 1.33", f"the aspect ratios differ: {ratios}")

    def check_groups(self):
        media = [it.attributes for it in self.presentation.media] + self.presentation.inside
        for it in media:
            for name in ("TYPE", "GROUP-ID", "NAME"):
                self.require(name in it, "RFC 8216 4.3.4.1", f"an EXT-X-MEDIA has no {name}: {it}")
            self.require("LANGUAGE" in it, "Apple 8.10", f"an EXT-X-MEDIA has no LANGUAGE: {it}")
            is_chosen = it.get("DEFAULT") != "YES" or it.get("AUTOSELECT") == "YES"
            self.require(is_chosen, "RFC 8216 4.3.4.1", f"a default without AUTOSELECT: {it}")
        groups = Counter((it.get("TYPE"), it.get("GROUP-ID")) for it in media)
        for (kind, group), count in groups.items():
            members = [it for it in media if (it.get("TYPE"), it.get("GROUP-ID")) == (kind, group)]
            names = {it.get("NAME") for it in members}
            self.require(len(names) == count, "RFC 8216 4.3.4.1.1", f"{group} has a name twice")
            defaults = sum(it.get("DEFAULT") == "YES" for it in members)
            self.require(defaults <= 1, "RFC 8216 4.3.4.1.1", f"{group} has {defaults} defaults")
            self.require(defaults == 1, "Apple 9.7", f"{group} has no default")
        for it in self.presentation.variants:
            named = {(kind, it.attributes.get(kind)) for kind in ("AUDIO", "SUBTITLES", "VIDEO")}
            used = {(kind, group) for kind, group in named if group}
            missing = used - set(groups)
            self.require(not missing, "RFC 8216 4.3.4.2", f"{it.playlist.url} names {missing}")
            # Every variant offers the same groups, or a change of quality would end a sound.
            self.require(
                used == set(groups), "RFC 8216 4.3.4.2.1", f"{it.playlist.url} lacks a group"
            )

    def check_playlist(self, playlist: Playlist):
        text, tags, url = playlist.text, playlist.tags, playlist.url
        self.require(text.startswith("#EXTM3U\n"), "RFC 8216 4.3.1.1", f"{url} has no EXTM3U")
        count = text.count("#EXT-X-VERSION:")
        self.require(count <= 1, "RFC 8216 4.3.1.2", f"{url} has {count} versions")
        needed = 1
        if any("." in it.tags["EXTINF"] for it in playlist.segments):
            needed = 3
        if "#EXT-X-BYTERANGE" in text or "#EXT-X-I-FRAMES-ONLY" in text:
            needed = 4
        self.require(playlist.version >= needed, "RFC 8216 7", f"{url} needs version {needed}")
        self.check_media_type(playlist.media_type, MANIFEST_TYPES)
        if "EXT-X-TARGETDURATION" not in tags:
            self.require(False, "RFC 8216 4.3.3.1", f"{url} has no EXT-X-TARGETDURATION")
            return
        self.require(playlist.segments, "RFC 8216 4.3.2", f"{url} has no segment")
        for it in playlist.segments:
            is_short = int(it.seconds + 0.5) <= playlist.target
            self.require(is_short, "RFC 8216 4.3.3.1", f"{it.url} is longer than the target")
            is_short = it.seconds <= playlist.target + 0.5
            self.require(is_short, "Apple 7.7", f"{it.url} is longer than the target")
        if self.is_live:
            self.require(not playlist.is_ended, "RFC 8216 6.2.1", f"{url} has ended")
            self.require(len(playlist.segments) >= 6, "Apple 8.11", f"{url} is short")
            self.require(playlist.date_times(), "Apple 8.4", f"{url} has no date and time")
            has_sequence = "EXT-X-DISCONTINUITY-SEQUENCE" in tags
            self.require(has_sequence, "Apple 8.17", f"{url} has no discontinuity sequence")
        else:
            is_vod = tags.get("EXT-X-PLAYLIST-TYPE") == "VOD"
            self.require(is_vod, "Apple 8.6", f"{url} is not of the type VOD")
            self.require(playlist.is_ended, "RFC 8216 4.3.3.4", f"{url} has no EXT-X-ENDLIST")

    def check_variant(self, variant: Rendition):
        playlist, announced = variant.playlist, variant.attributes
        rate = float(announced.get("FRAME-RATE", 0))
        self.require(rate, "Apple 9.15", f"{playlist.url} has no FRAME-RATE")
        self.require(rate <= 60, "Apple 1.19", f"{playlist.url} has {rate} frames a second")
        self.check_segments(playlist, "video", 1 / (rate or 25))
        has_sound = "AUDIO" in announced or any(
            it.stream("audio") for it in playlist.read_segments()
        )
        codecs = announced.get("CODECS", "")
        kinds = sorted(codec.partition(".")[0] for codec in codecs.split(","))
        expected = ["avc1", "mp4a"] if has_sound else ["avc1"]
        self.require(kinds == expected, "Apple 9.1", f"{playlist.url} has not only {codecs}")
        for segment in playlist.read_segments():
            self.check_pictures(segment, announced, rate)
        groups = {announced.get("AUDIO"), announced.get("SUBTITLES")} - {None}
        peaks = [self.peak(playlist)]
        for group in groups:
            members = [it for it in self.presentation.media if it.attributes["GROUP-ID"] == group]
            peaks.append(max((self.peak(it.playlist) for it in members), default=0))
        measured, most = sum(peaks), float(announced.get("BANDWIDTH", 0))
        rule, tolerance = ("Apple 1.29", 1.25) if self.is_live else ("Apple 1.27, 9.13", 1.1)
        what = f"{playlist.url} has {measured:.0f} bits a second, more than {most:.0f}"
        self.require(measured <= most * tolerance, rule, what)

    def check_pictures(self, segment: Segment, announced: dict[str, str], rate: float):
        """Checks that the video of a segment is as announced."""
        video, url = segment.stream("video"), segment.url
        self.require(video, "RFC 8216 4.3.4.2", f"{url} has no video")
        if video is None:
            return
        has = video.properties
        self.require(video.first_is_key, "Apple 7.4", f"{url} does not start with an IDR")
        gaps = [after - it for it, after in pairwise(video.key_frames)]
        is_dense = all(gap < 2.1 for gap in gaps)
        self.require(is_dense, "Apple 1.13", f"{url} has key frames with gaps of {gaps} s")
        size = f"{has['width']}x{has['height']}"
        self.require(size == announced.get("RESOLUTION"), "Apple 9.2", f"{url} has {size}")
        numerator, _, denominator = has["r_frame_rate"].partition("/")
        found = round(int(numerator) / int(denominator), 3)
        self.require(found == rate, "Apple 9.15", f"{url} has {found} frames a second")
        codec = announced.get("CODECS", "").partition(".")[2][:6]
        coded = f"{PROFILES[has['profile']]:02X}", f"{has['level']:02X}"
        is_same = coded == (codec[:2].upper(), codec[4:].upper())
        self.require(is_same, "RFC 6381 3.3", f"{url} is coded as {coded}, not {codec}")
        is_low = has["level"] <= 52
        self.require(is_low, "Apple 1.3a", f"{url} has the level {has['level'] / 10}")
        sounds = sum(it.kind == "audio" for it in segment.streams)
        self.require(sounds <= 1, "Apple 2.17", f"{url} has {sounds} sounds")

    def check_segments(self, playlist: Playlist, kind: str, frame: float):
        """Checks that segments continue each other, and last as long as the playlist says."""
        start = None
        for it in playlist.read_segments():
            self.check_media_type(it.reply.media_type, [MEDIA_TYPES["ts"]])
            breaks = it.breaks()
            self.require(not breaks, "Apple 7.2", f"{it.url} has breaks: {breaks[:3]}")
            stream = it.stream(kind)
            if stream is None:
                self.require(False, "RFC 8216 4.3.4.1", f"{it.url} has no {kind}")
                return
            if start is None or "EXT-X-DISCONTINUITY" in it.tags:
                start = stream.times[0]
            late = stream.times[0] - start
            is_near = abs(late) <= frame + ROUNDING
            self.require(is_near, "Apple 7.1, 8.1", f"{it.url} begins {late:.3f} s late")
            gaps = [after - one for one, after in pairwise(stream.times)]
            is_whole = all(gap < 1.5 * frame for gap in gaps)
            self.require(
                is_whole, "Apple 7.1", f"{it.url} has a gap of {max(gaps, default=0):.3f} s"
            )
            start += it.seconds
            wrong = stream.times[-1] + frame - start
            is_near = abs(wrong) <= frame + ROUNDING
            self.require(is_near, "Apple 8.1", f"{it.url} is {wrong:.3f} s longer than EXTINF")

    def check_captions(self, playlist: Playlist):
        for it in playlist.read_segments():
            text = it.reply.body.decode()
            self.check_media_type(it.reply.media_type, [MEDIA_TYPES["vtt"]])
            self.require(text.startswith("WEBVTT"), "Apple 5.2", f"{it.url} is not WebVTT")
            head = text.partition("\n\n")[0]
            self.require("X-TIMESTAMP-MAP=" in head, "Apple 5.3", f"{it.url} has no time stamp map")

    def check_i_frames(self, rendition: Rendition):
        playlist = rendition.playlist
        is_only = "EXT-X-I-FRAMES-ONLY" in playlist.tags
        self.require(is_only, "Apple 6.8", f"{playlist.url} has no EXT-X-I-FRAMES-ONLY")
        measured, most = self.peak(playlist), float(rendition.attributes["BANDWIDTH"])
        what = f"{playlist.url} has {measured:.0f} bits a second, more than {most:.0f}"
        self.require(measured <= most * 1.1, "Apple 6.9", what)
        for it in playlist.read_segments():
            if "EXT-X-BYTERANGE" not in it.tags:
                self.require(False, "RFC 8216 4.3.3.6", f"an I frame of {it.url} has no range")
                continue
            length, _, offset = it.tags["EXT-X-BYTERANGE"].partition("@")
            is_inside = int(offset) + int(length) <= len(it.reply.body)
            self.require(is_inside, "RFC 8216 4.3.2.2", f"{length}@{offset} is not in {it.url}")

    def check_alignment(self):
        """Checks that all playlists have the same segments and breaks at the same times."""
        presentation = self.presentation
        first, *others = [it.playlist for it in (*presentation.variants, *presentation.media)]
        i_frames = [it.playlist for it in presentation.i_frames]
        for it in [*others, *i_frames] if self.is_live else others:
            self.require(it.target == first.target, "Apple 8.2, 5.6, 6.11", f"{it.url}: target")
        sounds = [rendition.playlist for rendition in presentation.of_kind("AUDIO")]
        for it in others:
            # A segment of sound alone has whole frames. The last ends no later than the picture.
            tolerance = 2 * SOUND_FRAME if it in sounds else ROUNDING
            ours, theirs = first.numbered(), it.numbered()
            # A live playlist moves on between two requests.
            common = ours.keys() & theirs.keys()
            is_same = self.is_live or ours.keys() == theirs.keys()
            self.require(is_same and common, "Apple 8.3, 8.7", f"{it.url} has other segments")
            for number in common:
                one, other = ours[number], theirs[number]
                is_same = abs(one.seconds - other.seconds) < tolerance
                self.require(is_same, "Apple 8.22", f"{other.url} ends at another time")
                breaks = ["EXT-X-DISCONTINUITY" in of.tags for of in (one, other)]
                self.require(breaks[0] == breaks[1], "Apple 8.15", f"{other.url}: discontinuity")
                times = [of.tags.get("EXT-X-PROGRAM-DATE-TIME") for of in (one, other)]
                self.require(times[0] == times[1], "RFC 8216 6.2.4", f"{other.url}: {times}")
        if not self.is_live:
            for it in i_frames:
                is_same = abs(it.seconds - first.seconds) < 0.01
                self.require(is_same, "Apple 8.7", f"{it.url} has {it.seconds} s")
        starts = set()
        for it in presentation.variants:
            last = it.playlist.segments[-1:]
            videos = [] if self.is_live else [segment.stream("video") for segment in last]
            starts |= {video.times[0] for video in videos if video}
        self.require(len(starts) <= 1, "RFC 8216 6.2.4", f"time stamps differ: {starts}")

    def peak(self, playlist: Playlist) -> float:
        """The peak of the bit rate: that of a segment, as RFC 8216 4.3.4.2 says."""
        rates = [it.size * 8 / it.seconds for it in playlist.read_segments() if it.seconds]
        return max(rates, default=0)

    def check_media_type(self, media_type: str, expected: list[str] | tuple[str, ...]):
        is_known = media_type.lower() in expected
        self.require(is_known, "Apple 10.4", f"the media type {media_type} is none of {expected}")
