"""Tests how viewers sign in to a private library, and that its clips play only then."""

from playwright.sync_api import Page, expect

from console.players import Players, serve_players
from console.viewer import ViewerTest, clip_path
from frames import numbered_video

# The lists are public. The media is refused without cookies.
REFUSED = "403"


class TestPrivateLibrary(ViewerTest):
    OPTIONS = ("--source", numbered_video(), "--startover", "300", "--private")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clip = cls.cut(title="For members")

    def open_list_as(self, group: str) -> Page:
        """Opens the list in the context of somebody whom the login page knows."""
        context = self.new_context()
        self.choose_user(context, "anna", group)
        page = context.new_page()
        with self.errors_allowed(REFUSED):
            page.goto(self.list_path)
            expect(page.get_by_text("Sign in to watch the clips")).to_be_visible()
        return page

    def test_a_viewer_signs_in_and_comes_back_to_the_clip(self):
        page = self.open_list_as("viewer")
        self.assert_accessible(page)
        expect(self.card(page, self.clip)).to_contain_text("For members")
        expect(self.card(page, self.clip).locator("img")).to_have_count(0)
        self.card(page, self.clip).click()
        expect(page.get_by_text("Sign in to watch this clip")).to_be_visible()
        self.assert_accessible(page)
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
        self.wait_until_playing(page)
        expect(page).to_have_url(self.origin + clip_path(self.clip))
        kept = page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
        self.assertEqual(kept, '[{},{},""]', "the page keeps a token or cookies")

        # The cookies of the competition play its clips on pages without a login, too.
        other = page.context.new_page()
        other.goto(self.list_path)
        self.play_from_list(other, self.clip)
        expect(other.get_by_text("Sign in")).to_have_count(0)

    def test_the_list_shows_pictures_after_the_sign_in(self):
        page = self.open_list_as("viewer")
        page.get_by_role("button", name="Sign in").click()
        expect(self.card(page, self.clip).locator("img")).to_be_visible()
        expect(page.get_by_role("button", name="Sign in")).to_have_count(0)
        expect(page).to_have_url(self.origin + self.list_path)

    def test_cookies_of_another_competition_do_not_play(self):
        page = self.open_list_as("viewer")
        page.get_by_role("button", name="Sign in").click()
        expect(self.card(page, self.clip).locator("img")).to_be_visible()
        other = self.cut(title="Another", competition="relay")
        with self.errors_allowed(REFUSED):
            page = page.context.new_page()
            page.goto("/w/relay")
            expect(page.get_by_text("Sign in to watch the clips")).to_be_visible()
            self.card(page, other).click()
            expect(page.get_by_text("Sign in to watch this clip")).to_be_visible()

    def test_cookies_that_have_ended_are_renewed_while_a_clip_plays(self):
        page = self.open_list_as("viewer")
        page.get_by_role("button", name="Sign in").click()
        self.play_from_list(page, self.clip)
        page.context.clear_cookies()
        with self.errors_allowed(REFUSED):
            page.get_by_role("banner").get_by_role("link", name=self.COMPETITION).click()
            # Another player reads the manifest anew, and is refused.
            self.play_from_list(page, self.clip)

    def test_an_embedded_private_clip_leads_to_its_page(self):
        with self.errors_allowed(REFUSED):
            page = self.open(clip_path(self.clip).replace("/c/", "/embed/"))
            page.get_by_role("button", name="Play: For members").click()
            expect(page.get_by_text("Sign in on its page to watch this clip.")).to_be_visible()
        link = page.get_by_role("link", name="For members")
        expect(link).to_have_attribute("href", clip_path(self.clip))


class TestPlayers(ViewerTest):
    OPTIONS = TestPrivateLibrary.OPTIONS
    CHROMIUM = ("--autoplay-policy=no-user-gesture-required",)

    def test_players_of_others_play_with_the_cookies_of_the_site(self):
        clip = self.cut(title="For players")
        context = self.new_context()
        self.choose_user(context, "anna", "viewer")
        page = context.new_page()
        with self.errors_allowed(REFUSED):
            page.goto(clip_path(clip))
            page.get_by_role("main").get_by_role("button", name="Sign in").click()
        self.wait_until_playing(page)
        serve_players(page)
        players = Players(page, self.origin)
        opened = players.open(clip["manifests"])
        for it in opened:
            it.wait(lambda shown: shown["frames"] > 10 and shown["pitch"], "nothing plays")
        self.assertEqual(players.complaints(opened), [])
