"""Tests the list of a competition, and how the viewer's pages look."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from console.viewer import PHONE, ViewerTest, parse_time
from stand_in import eventually

# A title that would do something if a page took it for markup.
MARKUP = '<img src=x onerror="document.title = 1"> & Läufer'


class TestList(ViewerTest):
    COMPETITION = "list"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clip = cls.cut(title=MARKUP, description="Two\nlines", tags=["final", "100 m"])

    def test_a_clip_of_an_operator_is_played_by_a_viewer(self):
        page = self.open_list()
        scripts: list[str] = []
        page.on("request", lambda request: scripts.append(request.url))
        card = self.card(page, self.clip)
        expect(card).to_contain_text(MARKUP)
        self.assertFalse([url for url in scripts if "hls" in url], "hls.js is loaded too early")
        with page.expect_request("**/assets/hls*"):
            card.hover()
        self.play_from_list(page, self.clip)
        expect(page.get_by_role("heading", level=1)).to_have_text(MARKUP)
        self.assertEqual(page.title(), f"{MARKUP} \u2013 {self.COMPETITION}")
        self.assert_accessible(page)

    def test_the_first_page_loads_without_moving_anything(self):
        page = self.open_list()
        expect(page.locator(".end")).to_be_visible()
        self.assert_accessible(page)
        self.assertEqual(page.evaluate("shifts"), [])

    def test_new_clips_appear_at_the_top_and_are_announced_further_down(self):
        page = self.open_list(viewport={"width": 390, "height": 500})
        first = self.cut(title="At the top")
        self.look_for_new_clips(page)
        expect(self.card(page, first)).to_be_visible()
        self.copy_clip(self.clip, 5)
        page.reload()
        expect(self.card(page, first)).to_be_visible()
        page.mouse.wheel(0, 900)
        eventually(lambda: page.evaluate("scrollY > 400"), "the page did not scroll")
        second = self.cut(title="Announced")
        self.look_for_new_clips(page)
        button = page.get_by_role("button", name="1 new clip")
        expect(button).to_be_in_viewport()
        expect(page.get_by_role("status")).to_have_text("1 new clip")
        expect(self.card(page, second)).to_have_count(0)
        button.click()
        expect(self.card(page, second)).to_be_in_viewport()
        expect(button).to_have_count(0)

    def test_a_list_is_complete_by_scrolling_and_is_kept_on_back(self):
        self.copy_clip(self.clip, 60)
        page = self.open_list()
        end = page.get_by_text(re.compile(r"^\d+ clips$"))

        def scrolled() -> bool:
            page.mouse.wheel(0, 700)
            return end.is_visible()

        eventually(scrolled, "the list did not end")
        wanted, query = [], "limit=100"
        while query:
            reply = self.call("GET", f"/api/competitions/{self.COMPETITION}/clips?{query}")
            wanted += [clip["clip"] for clip in reply["clips"]]
            query = f"cursor={reply['next']}" if "next" in reply else ""
        links = self.cards(page).evaluate_all("all => all.map(it => it.getAttribute('href'))")
        self.assertGreater(len(wanted), 60)
        self.assertEqual([link.rpartition("/")[2] for link in links], wanted)
        self.assertEqual(page.evaluate("shifts"), [])

        card = self.cards(page).nth(40)
        card.scroll_into_view_if_needed()
        place = page.evaluate("scrollY")
        card.click()
        expect(page.locator("video")).to_be_visible()
        self.assertEqual(page.evaluate("scrollY"), 0)
        page.go_back()
        expect(card).to_be_in_viewport()
        self.assertEqual(page.evaluate("scrollY"), place)
        page.reload()
        expect(card).to_be_in_viewport()
        self.assertGreater(self.cards(page).count(), 40)

    def test_tags_and_the_order_stand_in_the_address(self):
        self.cut(title="Without a tag")
        page = self.open_list()
        tags = page.get_by_role("navigation", name="Tags")
        tags.get_by_role("link", name="100 m").click()
        expect(page).to_have_url(f"{self.origin}{self.list_path}?tag=100+m")
        expect(self.card(page, self.clip)).to_be_visible()
        expect(page.get_by_text("Without a tag")).to_have_count(0)
        page.get_by_label("Order").select_option("oldest")
        expect(page).to_have_url(f"{self.origin}{self.list_path}?tag=100+m&order=oldest")
        page.reload()
        expect(tags.get_by_role("link", name="100 m")).to_have_attribute("aria-current", "page")
        expect(page.get_by_label("Order")).to_have_value("oldest")
        tags.get_by_role("link", name="All clips").click()
        page.get_by_label("Order").select_option("newest")
        expect(page.get_by_text("Without a tag")).to_be_visible()
        page.go_back()
        page.go_back()
        expect(page.get_by_text("Without a tag")).to_have_count(0)

    def test_a_deleted_clip_leaves_the_list(self):
        clip = self.cut(title="Deleted soon")
        page = self.open_list()
        expect(self.card(page, clip)).to_be_visible()
        self.call("DELETE", self.api_path(clip))

        def gone() -> bool:
            self.look_for_new_clips(page)
            return self.card(page, clip).count() == 0

        eventually(gone, "the deleted clip was still shown")
        expect(self.card(page, self.clip)).to_be_visible()

    def test_a_competition_without_clips_says_so(self):
        page = self.open("/w/long-jump")
        expect(page.get_by_role("heading", name="No clips yet")).to_be_visible()
        self.assert_accessible(page)

    def test_an_address_that_names_nothing_says_so(self):
        page = self.open("/w/a_b")
        expect(page.get_by_role("heading", name="This page does not exist")).to_be_visible()
        self.assert_accessible(page)

    def test_a_list_stays_while_the_connection_is_lost(self):
        page = self.open_list()
        with self.errors_allowed("Failed to load resource|ERR_INTERNET_DISCONNECTED"):
            page.context.set_offline(True)
            self.look_for_new_clips(page)
            expect(page.get_by_role("alert")).to_contain_text("No connection")
            expect(self.card(page, self.clip)).to_be_visible()
            page.context.set_offline(False)
        self.look_for_new_clips(page)
        expect(page.get_by_role("alert")).to_have_count(0)

    def test_cards_get_a_picture_from_the_media(self):
        page = self.open_list()
        picture = self.card(page, self.clip).locator("img")
        expect(picture).to_be_visible()
        self.assertTrue(picture.get_attribute("src").startswith("blob:"))
        loaded = "image => image.complete && image.naturalWidth"
        self.assertEqual(eventually(lambda: picture.evaluate(loaded), "no picture"), 640)

    def test_a_line_that_saves_data_loads_no_pictures(self):
        context = self.new_context()
        context.add_init_script(
            "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })"
        )
        page = context.new_page()
        media: list[str] = []
        page.on("request", lambda request: media.append(request.url))
        page.goto(self.list_path)
        expect(self.card(page, self.clip)).to_contain_text(":")
        page.wait_for_load_state("networkidle")
        self.assertFalse([url for url in media if "/vod/" in url])


class TestLooks(ViewerTest):
    """How the pages look: on a phone, in the dark, in other languages, for other needs."""

    COMPETITION = "looks"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        title = "The long wait of the runners in lane 4 until the officials had decided"
        cls.clip = cls.cut(title=title, description="In\ntwo lines", tags=["final", "false start"])

    def check_looks(self, query: str = "", **options: object) -> Page:
        """Opens a list, a clip and its share sheet, and checks that nothing is cut off."""
        page = self.open_list(query, **options)
        self.assert_fits(page)
        self.assert_accessible(page)
        self.play_from_list(page, self.clip)
        self.assert_fits(page)
        self.assert_accessible(page)
        page.locator("button.share").click()
        expect(page.locator("dialog[open]")).to_be_visible()
        self.assert_fits(page)
        self.assert_accessible(page)
        return page

    def test_on_a_phone(self):
        self.check_looks(**PHONE)

    def test_in_a_window_as_narrow_as_a_page_at_400_percent(self):
        self.check_looks("?lang=xx", viewport={"width": 320, "height": 600})

    def test_in_the_dark(self):
        page = self.check_looks(color_scheme="dark")
        background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        self.assertEqual(background, "rgb(11, 13, 16)")

    def test_in_the_language_of_the_browser(self):
        page = self.check_looks(locale="de-AT", **PHONE)
        self.assertEqual(page.evaluate("document.documentElement.lang"), "de")
        expect(page.locator("dialog[open] h2")).to_have_text("Diesen Clip teilen")

    def test_in_a_language_that_is_chosen(self):
        page = self.open_list()
        page.get_by_label("Language").select_option("de")
        expect(page.get_by_label("Reihenfolge")).to_be_visible()
        page.reload()
        expect(page.get_by_label("Reihenfolge")).to_be_visible()

    def test_in_a_language_that_is_longer(self):
        self.check_looks("?lang=xx")

    def test_in_a_language_from_right_to_left(self):
        page = self.check_looks("?lang=xr", **PHONE)
        self.assertEqual(page.evaluate("document.documentElement.dir"), "rtl")

    def test_with_forced_colors(self):
        self.check_looks(forced_colors="active")

    def test_with_reduced_motion(self):
        page = self.check_looks(reduced_motion="reduce")
        moving = page.evaluate(
            "document.getAnimations().filter(it => it.effect.getTiming().duration > 1).length"
        )
        self.assertEqual(moving, 0)

    def test_in_the_time_zone_of_the_viewer(self):
        page = self.new_context(timezone_id="Asia/Kolkata").new_page()
        branding = {"times": "local"}
        page.route("**/branding.json", lambda route: route.fulfill(json=branding))
        page.goto(self.list_path)
        self.play_from_list(page, self.clip)
        start = parse_time(self.clip["requested"]["start"])
        there = start + timedelta(hours=5, minutes=30)
        shown = page.locator("article time")
        expect(shown).to_contain_text(f"{there:%H:%M} your time ({start:%H:%M} UTC)")
        moment = datetime.fromisoformat(shown.get_attribute("datetime").replace("Z", "+00:00"))
        self.assertEqual(moment.astimezone(UTC), start)
