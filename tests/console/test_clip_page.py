"""Tests the page of a clip: the player, the share sheet, and clips that cannot play yet."""

import json
import math
import re
from datetime import timedelta

from playwright.sync_api import Page, Request, Route, expect

from console.viewer import (
    PHONE,
    RATE,
    ViewerTest,
    clip_path,
    first_number,
    format_time,
    parse_time,
)
from frames import frame_number, read_numbers
from stand_in import eventually


class TestClipPage(ViewerTest):
    OPTIONS = (*ViewerTest.OPTIONS, "--clip-files", "pictures")
    COMPETITION = "clip-page"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # In and out at frames that begin at no whole second and at no segment.
        # The window is widened to whole seconds, which may lie before the first segment on air.
        segment = cls.segments(6)[1]
        start = segment.start + timedelta(milliseconds=280)
        end = start + timedelta(milliseconds=4480)
        fields = {"start": format_time(start), "end": format_time(end), "title": "Exact"}
        cls.clip = cls.cut(**fields)
        offset = (start - parse_time(cls.clip["actual"]["start"])).total_seconds()
        number = first_number(cls.clip["manifest"])
        cls.first = number + round(offset * RATE)
        cls.last = cls.first + round(4.48 * RATE) - 1

    def open_clip(self, clip: dict, query: str = "", **options: object) -> Page:
        """Opens the page of a clip, and waits until the clip plays."""
        page = self.open(clip_path(clip) + query, **options)
        self.wait_until_playing(page)
        return page

    def test_a_clip_is_played_from_its_first_to_its_last_frame(self):
        page = self.open_clip(self.clip)
        # Keeps the number of each frame that is on the screen, until the clip has ended.
        page.evaluate(
            """() => {
              window.mediaTimes = [];
              const video = document.querySelector('video');
              const keep = (_, { mediaTime }) => {
                window.mediaTimes.push(mediaTime);
                video.requestVideoFrameCallback(keep);
              };
              video.requestVideoFrameCallback(keep);
            }"""
        )
        # A busy machine may be too late for the end of the last frame, which is 40 ms away.
        last_second = self.last - RATE
        eventually(lambda: (frame_number(page) or 0) > last_second, "the last second was not shown")
        page.evaluate("document.querySelector('video').playbackRate = 0.25")
        expect(page.locator("video")).to_have_js_property("paused", True)
        eventually(lambda: frame_number(page) == self.last, "the last frame was not shown")
        last, highest = page.evaluate("[mediaTimes.at(-1), Math.max(...mediaTimes)]")
        self.assertEqual(last, highest, "frames after the last one were shown")

        page.evaluate("document.querySelector('video').play()")
        page.evaluate("document.querySelector('video').pause()")
        eventually(lambda: self.first <= (frame_number(page) or 0) < self.first + 5, "no replay")
        # The start of the media lies before the first frame of the clip.
        page.evaluate("document.querySelector('video').currentTime = 0")
        eventually(lambda: frame_number(page) == self.first, "the first frame was not shown")

    def test_a_link_starts_at_its_moment_and_the_share_sheet_makes_such_links(self):
        context = self.new_context(permissions=["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.goto(clip_path(self.clip) + "?t=2")
        self.wait_until_playing(page)
        page.evaluate("document.querySelector('video').pause()")
        number = eventually(lambda: frame_number(page), "no frame was shown")
        self.assertGreaterEqual(number, self.first + 2 * RATE)
        page.get_by_role("button", name="Share").click()
        sheet = page.get_by_role("dialog", name="Share this clip")
        self.assert_accessible(page)
        link = self.origin + clip_path(self.clip)
        sheet.get_by_role("button", name="Copy: Link").click()
        expect(sheet.get_by_role("status")).to_have_text("Copied")
        self.assertEqual(page.evaluate("navigator.clipboard.readText()"), link)
        seconds = math.floor((number - self.first) / RATE)
        sheet.get_by_label(f"Start at 0:0{seconds}").check()
        expect(sheet.get_by_label("Link", exact=True)).to_have_value(f"{link}?t={seconds}")
        embed = link.replace("/c/", "/embed/")
        code = sheet.get_by_label("Embed code", exact=True)
        self.assertIn(f'<iframe src="{embed}?t={seconds}"', code.input_value())
        for name, file in {"HLS manifest": ".m3u8", "DASH manifest": ".mpd"}.items():
            self.assertTrue(sheet.get_by_label(name, exact=True).input_value().endswith(file))
        page.keyboard.press("Escape")
        expect(sheet).to_be_hidden()

    def test_a_phone_shares_through_its_own_sheet(self):
        context = self.new_context(**PHONE)
        context.add_init_script("navigator.share = async data => { window.shared = data }")
        page = context.new_page()
        page.goto(clip_path(self.clip))
        page.get_by_role("button", name="Share").tap()
        page.get_by_role("button", name="Send to an app").tap()
        shared = eventually(lambda: page.evaluate("window.shared"), "nothing was shared")
        self.assertEqual(shared, {"title": "Exact", "url": self.origin + clip_path(self.clip)})

    def first_frame(self, clip: dict) -> int:
        """The number of the first frame that players show of a clip."""
        start, shown = (parse_time(clip[name]["start"]) for name in ("actual", "requested"))
        return first_number(clip["manifest"]) + round((shown - start).total_seconds() * RATE)

    def cut_angles(self) -> tuple[dict, dict]:
        """Makes a group of two clips whose pictures differ: the second one is of 4 s later."""
        first = self.segments(6)[1].start
        clips = []
        for start in (first + timedelta(milliseconds=it) for it in (280, 4280)):
            end = start + timedelta(milliseconds=4480)
            clips.append(self.cut(start=format_time(start), end=format_time(end), title="Angles"))
        table = self.stand_in.open_table()
        keys = [{name: clip[name] for name in ("competition", "clip")} for clip in clips]
        rows = [table.get_item(Key=key)["Item"] for key in keys]
        names = ("main", "finish")
        angles = [
            {"channel": channel, "clip": clip["clip"]}
            for channel, clip in zip(names, clips, strict=True)
        ]
        for row in rows:
            same = {name: rows[0][name] for name in ("requested", "actual")}
            table.put_item(Item=row | same | {"angles": angles})
        return clips[0], clips[1]

    def test_another_angle_is_shown_at_the_same_moment(self):
        main, finish = self.cut_angles()
        page = self.open_clip(main)
        page.evaluate("document.querySelector('video').pause()")
        number = eventually(lambda: frame_number(page), "no frame was shown")
        expected = number - self.first_frame(main) + self.first_frame(finish)
        angle = page.get_by_role("combobox", name="Angle")
        expect(angle.locator("option")).to_have_text(["main", "finish"])
        self.assert_accessible(page)
        for name, frame in (("finish", expected), ("main", number)):
            angle.select_option(label=name)
            eventually(
                lambda frame=frame: abs((frame_number(page) or 0) - frame) <= 1,
                f"{name} does not show frame {frame}",
            )
            expect(page.locator("video")).to_have_js_property("paused", True)

    def test_quality_and_speed_are_chosen(self):
        page = self.open_clip(self.clip)
        quality = page.get_by_label("Quality")
        expect(quality.locator("option").first).to_have_text(re.compile(r"^Auto \(\d+p\)$"))
        labels = quality.locator("option").all_inner_texts()[1:]
        self.assertEqual(labels, sorted(labels, key=lambda it: -int(it.rstrip("p"))))
        quality.select_option(label="360p")
        page.evaluate("document.querySelector('video').play()")
        video = page.locator("video")
        eventually(lambda: video.evaluate("it => it.videoHeight") == 360, "still not 360p")
        page.get_by_label("Speed").select_option("2")
        self.assertEqual(video.evaluate("it => it.playbackRate"), 2)

    def test_captions_are_offered_if_the_clip_has_some(self):
        def add_captions(route: Route):
            text = route.fetch().text()
            media = 'TYPE=SUBTITLES,GROUP-ID="s",NAME="English",LANGUAGE="en",URI="words.m3u8"'
            text = text.replace("#EXT-X-STREAM-INF:", '#EXT-X-STREAM-INF:SUBTITLES="s",')
            text = text.replace("#EXT-X-STREAM-INF", f"#EXT-X-MEDIA:{media}\n#EXT-X-STREAM-INF", 1)
            route.fulfill(body=text, content_type="application/vnd.apple.mpegurl")

        playlist = (
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:60\n#EXT-X-PLAYLIST-TYPE:VOD\n"
            "#EXTINF:60.0,\nwords.vtt\n#EXT-X-ENDLIST\n"
        )
        words = "WEBVTT\n\n00:00.000 --> 01:00.000\nAnd they are off!\n"
        page = self.new_context().new_page()
        page.route("**/index.m3u8", add_captions)
        page.route("**/words.m3u8", lambda route: route.fulfill(body=playlist))
        page.route("**/words.vtt", lambda route: route.fulfill(body=words))
        page.goto(clip_path(self.clip))
        self.wait_until_playing(page)
        page.get_by_label("Captions").select_option(label="English")
        cues = (
            "video => [...video.textTracks].filter(it => it.mode === 'showing')"
            ".flatMap(it => [...it.activeCues ?? []]).map(it => it.text)"
        )
        video = page.locator("video")
        found = eventually(lambda: video.evaluate(cues), "no caption was shown")
        self.assertEqual(found, ["And they are off!"])

    def test_the_player_is_used_by_keyboard(self):
        page = self.open_list()
        self.card(page, self.clip).focus()
        page.keyboard.press("Enter")
        self.wait_until_playing(page)
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        page.keyboard.press("Space")
        expect(page.locator("video")).to_have_js_property("paused", True)
        number = frame_number(page)
        page.keyboard.press("ArrowLeft")
        eventually(lambda: frame_number(page) == self.first, "the player did not skip")
        self.assertNotEqual(number, self.first)
        page.locator("video").focus()
        page.keyboard.press("m")
        expect(page.locator("video")).to_have_js_property("muted", True)

    def test_the_seek_bar_shows_the_picture_of_the_moment(self):
        clip = eventually(self.pictured_clip, "the clip got no storyboard")
        last = len(clip["thumbnails"]) - 1
        page = self.new_context().new_page()
        requested = self.follow_pictures(page)
        page.goto(clip_path(clip))
        self.wait_until_playing(page)
        bar = page.get_by_role("slider", name="Position in the clip")
        expect(bar).to_be_enabled()
        self.assertEqual(requested, [], "pictures were loaded before somebody seeks")
        heading = page.get_by_role("heading", level=1).bounding_box()
        picture = page.locator(".seek .picture img")
        box = bar.bounding_box() or self.fail("the seek bar is not shown")
        bar.hover(position={"x": box["width"] - 1, "y": box["height"] / 2})
        expect(picture).to_have_attribute("src", re.compile(rf"0{last}\.jpg$"))
        expect(picture).to_have_js_property("complete", True)
        bar.hover(position={"x": 1, "y": box["height"] / 2})
        expect(picture).to_have_attribute("src", re.compile(r"00\.jpg$"))
        self.assertEqual(page.get_by_role("heading", level=1).bounding_box(), heading)
        self.assert_accessible(page)
        page.mouse.move(0, 0)
        expect(picture).to_have_count(0)
        bar.focus()
        page.keyboard.press("End")
        expect(picture).to_have_attribute("src", re.compile(rf"0{last}\.jpg$"))
        expect(page.locator("video")).to_have_js_property("paused", True)
        self.assertEqual(requested.count("storyboard.vtt"), 1)

    def test_the_embedded_player_shows_it_too(self):
        clip = eventually(self.pictured_clip, "the clip got no storyboard")
        page = self.new_context().new_page()
        requested = self.follow_pictures(page)
        page.goto(clip_path(clip).replace("/c/", "/embed/"))
        page.get_by_role("button", name="Play").click()
        bar = page.get_by_role("slider", name="Position in the clip")
        expect(bar).to_be_visible()
        self.assertNotIn("storyboard.vtt", requested)
        bar.hover(position={"x": 8, "y": 8})
        expect(page.locator(".seek .picture img")).to_have_attribute("src", re.compile(r"00\.jpg$"))
        bar.press("End")
        eventually(lambda: frame_number(page) == self.last, "the last frame was not shown")

    def test_the_console_shows_it_too_and_makes_a_picture_the_poster(self):
        clip = eventually(self.pictured_clip, "the clip got no storyboard")
        path = f"/console#competition={self.COMPETITION}&clip={clip['clip']}"
        page = self.open_console(path=path)
        requested = self.follow_pictures(page)
        expect(page.locator(".player")).to_have_attribute("data-stage", "playable")
        bar = page.get_by_role("slider", name="Position in the clip")
        self.assertNotIn("storyboard.vtt", requested)
        bar.hover(position={"x": 8, "y": 8})
        expect(page.locator(".seek .picture img")).to_have_attribute("src", re.compile(r"00\.jpg$"))
        bar.focus()
        page.keyboard.press("End")
        last = f"{self.last}"
        eventually(lambda: f"{frame_number(page, '.player video')}" == last, "the last frame")
        part = page.locator("[data-poster-of]")
        expect(part).to_contain_text("From the middle of the clip")
        part.get_by_role("button", name="Use this picture").click()
        expect(part).to_contain_text("The picture at")
        self.assert_accessible(page)

        def has_new_poster() -> bool:
            poster = self.call("GET", self.api_path(clip))["poster"]
            return poster != clip["poster"] and read_numbers(poster, 16) == [self.last]

        eventually(has_new_poster, "the picture did not become the poster")

    def pictured_clip(self) -> dict | None:
        """The clip, once it has its pictures."""
        shown = self.call("GET", self.api_path(self.clip))
        return shown if "storyboard" in shown else None

    def follow_pictures(self, page: Page) -> list[str]:
        """The names of the storyboards and thumbnails that a page requests from now on."""
        requested: list[str] = []

        def keep(request: Request):
            name = request.url.rpartition("/")[2]
            if name == "storyboard.vtt" or "thumbnail" in name:
                requested.append(name)

        page.on("request", keep)
        return requested

    def test_the_clips_before_it_come_next(self):
        self.copy_clip(self.clip, 9)
        page = self.open_clip(self.clip)
        titles = page.get_by_role("complementary").locator("li strong")
        expect(titles).to_have_text([f"Copy {number}" for number in range(1, 9)])
        expect(page.locator("video")).to_be_visible()
        self.assertEqual(page.evaluate("navigator.mediaSession.metadata.title"), "Exact")
        titles.first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Copy 1")
        self.wait_until_playing(page)

    def test_a_clip_that_has_not_ended_starts_when_it_is_ready(self):
        now = self.segments(4)[-1].end
        window = {"start": format_time(now - timedelta(seconds=2))}
        window["end"] = format_time(now + timedelta(seconds=8))
        clip = self.announce_clip(title="On its way", **window)
        page = self.open(clip_path(clip))
        expect(page.get_by_text("This clip has not ended yet")).to_be_visible()
        self.assert_accessible(page)
        self.wait_until_ready(clip)
        self.wait_until_playing(page)

    def test_a_deleted_clip_says_so(self):
        clip = self.cut(title="Gone")
        self.call("DELETE", self.api_path(clip))
        gone = f"/api/competitions/{self.COMPETITION}/clips?limit=100"
        eventually(lambda: clip["clip"] not in json.dumps(self.call("GET", gone)), "still listed")
        with self.errors_allowed("404|410"):
            page = self.open(clip_path(clip))
            notice = page.get_by_text("It has been deleted, or the link is wrong.")
            expect(notice).to_be_visible()
            self.assert_accessible(page)
        page.get_by_role("main").get_by_role("link", name="All clips").first.click()
        expect(page).to_have_url(self.origin + self.list_path)
