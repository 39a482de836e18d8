"""Tests that players which others have written play every kind of clip, with all that is in it."""

import re
import tempfile
from datetime import timedelta
from pathlib import Path
from urllib.request import Request

from captioned_clip import captioned_source
from captioned_video import EMBEDDED, PITCHES, WORDS
from console.players import Player, Players, players_site
from console.viewer import ViewerTest, format_time
from frames import numbered_video
from hls_presentation import read_presentation
from hls_rules import find_violations
from random_windows import WindowsTest
from stand_in import get

# The pitches of the sound of a numbered video: its tone, and its beep each second.
TONES = (330, 1320)


class PlayersTest(ViewerTest):
    """A stand-in, and a page on another site whose players play its clips."""

    COMPETITION = "players"
    CHROMIUM = ("--autoplay-policy=no-user-gesture-required",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site = players_site()
        cls.addClassCleanup(cls.site.stop)

    def open_players(self) -> Players:
        page = self.new_context().new_page()
        return Players(page, f"http://127.0.0.1:{self.site.port}")

    def check(self, clip: dict):
        """Fails unless every player plays the clip from its first to its last second."""
        page = self.open_players()
        players = page.open(clip["manifests"])
        length = clip["actual"]["durationSeconds"]
        for it in players:
            state = it.wait(lambda shown: shown["frames"] > 10 and shown["pitch"], "nothing plays")
            self.assertAlmostEqual(state["duration"], length, delta=0.06, msg=it.name)
            self.assert_near(state["pitch"], TONES, it.name)
        self.check_end(players)
        self.assertEqual(page.complaints(players), [])

    def check_end(self, players: list[Player]):
        for it in players:
            it.play_the_end()
        for it in players:
            # After a change of language, dash.js does not always say that there is no more.
            it.wait(
                lambda shown: shown["ended"] or shown["currentTime"] > shown["duration"] - 0.05,
                "the clip does not end",
            )

    def assert_near(self, pitch: int, expected: tuple[int, ...], name: str):
        # A step of the analyser is 12 Hz wide.
        self.assertTrue(any(abs(pitch - it) < 25 for it in expected), f"{name}: {pitch} Hz")

    def check_rules(self, manifest: str):
        self.assertEqual(find_violations(read_presentation(manifest)), [])


class TestLanguages(PlayersTest):
    """A live stream with two languages, and with captions inside and beside its pictures."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.OPTIONS = captioned_source(Path(folder.name))
        super().setUpClass()
        # hls.js forgets captions of which it has read half, when the quality changes with the next
        # segment. These are 2 s from the ends of segments of 4 s: the clip has four of 2 s.
        number = re.compile(r"_(\d+)\.ts")
        numbered = ((int(number.search(it.name)[1]), it.start) for it in cls.segments(6))
        start = next(start for number, start in numbered if number > 0 and number % 2 == 0)
        times = (start + timedelta(seconds=it) for it in (1, 6))
        window = dict(zip(("start", "end"), map(format_time, times), strict=True))
        cls.exact = cls.cut(**window, precision="frame")
        cls.clip = cls.cut(**window)
        # The first tests play while the media of these two is made.
        path = f"/api/competitions/{cls.COMPETITION}/reels"
        cls.reel = cls.call("POST", path, {"clips": [cls.clip["clip"]] * 2, "title": "Twice"})

    def test_players_offer_and_change_languages(self):
        self.check_languages(self.clip)

    def check_languages(self, clip: dict):
        """Fails unless every player finds all sounds and captions of a clip, and changes them."""
        page = self.open_players()
        players = page.open(clip["manifests"])
        for it in players:
            state = it.wait(lambda shown: shown["frames"] > 10 and shown["pitch"], "nothing plays")
            self.assertEqual(state["sounds"], list(PITCHES))
            # HLS announces a default. AWS does not document that DASH does.
            if "hls" in it.name:
                self.assertEqual(state["currentSound"], "eng", it.name)
            self.assert_near(state["pitch"], (PITCHES[state["currentSound"]],), it.name)
            self.assertEqual(state["texts"][:2], list(WORDS))
        self.check_embedded(players)
        for it in players:
            before = it.state()["currentSound"]
            for language in sorted(PITCHES, key=lambda language, before=before: language == before):
                self.choose(it, language)
        self.check_end(players)
        self.assertEqual(page.complaints(players), [])

    def choose(self, player: Player, language: str):
        """Chooses a language, and waits until it is heard and read."""
        player.do("chooseSound", language)
        player.do("chooseText", language)
        [other] = set(WORDS) - {language}
        expected, wrong = set(WORDS[language].values()), set(WORDS[other].values())

        def is_chosen(state: dict) -> bool:
            shown = set(state["showing"])
            is_heard = abs(state["pitch"] - PITCHES[language]) < 25
            is_read = shown & expected and not shown & wrong
            return is_heard and is_read and state["currentSound"] == language

        player.repeat(True)
        player.wait(is_chosen, f"{language} is not heard and read")
        player.repeat(False)

    def check_embedded(self, players: list[Player]):
        """Fails unless the players of HLS find the captions inside the pictures."""
        expected = set(EMBEDDED.values())
        for it in (it for it in players if "hls" in it.name):
            if "CC1" in it.state()["texts"]:
                it.do("chooseText", "CC1")
            it.repeat(True)
            it.wait(lambda shown: expected & set(shown["showing"]), "no embedded captions")
            it.repeat(False)

    def test_players_play_the_live_stream(self):
        page = self.open_players()
        [on_air] = self.stand_in.printed("on air")
        players = page.open({"hls": on_air})
        for it in players:
            it.wait(lambda shown: shown["frames"] > 10 and shown["pitch"], "nothing plays")
            self.choose(it, "fra")
        self.assertEqual(page.complaints(players), [])

    def test_manifests_keep_the_rules(self):
        [on_air] = self.stand_in.printed("on air")
        for manifest in (on_air, self.clip["manifests"]["hls"]):
            self.check_rules(manifest)

    def test_players_change_the_languages_of_exact_frames(self):
        exact = self.wait_for_exact(self.exact)
        self.check_languages(exact)
        self.check_rules(exact["manifests"]["hls"])

    def test_players_change_the_languages_of_a_reel(self):
        reel = self.wait_until_ready(self.reel)
        self.check_languages(reel)
        self.check_rules(reel["manifests"]["hls"])


class TestKinds(PlayersTest, WindowsTest):
    """A live stream with a frame rate of NTSC, and all kinds of clips that are made of it."""

    RATE = "30000/1001"
    OPTIONS = WindowsTest.options(RATE, 60)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.exact = cls.cut(lastSeconds=7, precision="frame")
        cls.live = cls.cut(lastSeconds=7)
        cls.uploaded = cls.upload(numbered_video(cls.RATE, 4, 180))
        ids = [cls.live["clip"], cls.uploaded["clip"]]
        path = f"/api/competitions/{cls.COMPETITION}/reels"
        cls.reel = cls.wait_until_ready(cls.call("POST", path, {"clips": ids, "title": "Reel"}))
        cls.exact = cls.wait_for_exact(cls.exact)

    @classmethod
    def upload(cls, video: Path) -> dict:
        content = video.read_bytes()
        announced = {"filename": "a.mp4", "size": len(content), "competition": cls.COMPETITION}
        clip = cls.call("POST", "/api/uploads", announced)
        target = clip["upload"]
        status, reply = get(Request(target["url"], content, target["headers"], method="PUT"))
        if status != 200:
            raise AssertionError(f"the upload answered {status}: {reply}")
        return cls.wait_until_ready(clip)

    def test_players_play_a_live_clip(self):
        self.check(self.live)

    def test_players_play_exact_frames(self):
        self.check(self.exact)

    def test_players_play_an_upload(self):
        self.check(self.uploaded)

    def test_players_play_a_reel(self):
        self.check(self.reel)

    def test_manifests_keep_the_rules(self):
        [on_air] = self.stand_in.printed("on air")
        clips = (self.live, self.exact, self.uploaded, self.reel)
        for manifest in (on_air, *(it["manifests"]["hls"] for it in clips)):
            with self.subTest(manifest):
                self.check_rules(manifest)

    def test_random_windows_have_exactly_their_frames(self):
        self.check_windows(count=2, seed="1", aired=6)
