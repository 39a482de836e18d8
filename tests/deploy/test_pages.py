"""The pages: signing in, cutting, playing and sharing, as a browser does it."""

import json
import re
from html import unescape
from urllib.parse import quote, urlencode

from clips import ClipTest
from deployment import CONSOLE, PASSWORD, deployed
from login_page import Browser, read_claims


class TestPages(ClipTest):
    @classmethod
    def setUpClass(cls):
        cls.use(deployed())
        cls.deployment.publish()
        cls.browser = Browser(cls.deployment)

    def directives(self, headers: dict) -> dict[str, str]:
        """The directives of a Content Security Policy."""
        parts = (it.split(" ", 1) for it in headers["Content-Security-Policy"].split("; "))
        return {name: " ".join(values) for name, *values in parts}

    def sign_in(self, group: str = "operator", page: str = "/console") -> dict:
        """Signs in a user of a group on the login page. Returns the tokens."""
        self.deployment.sign_in(group)
        code = self.browser.authorize(page, f"{group}@example.com")
        status, tokens = self.browser.redeem(code, page)
        self.assertEqual(status, 200, tokens)
        return tokens

    def test_an_operator_signs_in_on_the_login_page_and_out(self):
        tokens = self.sign_in()
        claims = read_claims(tokens["access_token"])
        self.assertLessEqual(
            {"matchcut/clips.write", "matchcut/channels.write"}, set(claims["scope"].split())
        )
        self.assertNotIn("matchcut/clips.read", claims["scope"].split())
        self.assertEqual(claims["name"], "operator")
        status, reply, _ = self.deployment.ask("GET", "/api/channels", tokens["access_token"])
        self.assertEqual((status, len(reply["channels"])), (200, 1), reply)

        status, refreshed = self.browser.exchange(
            grant_type="refresh_token", refresh_token=tokens["refresh_token"]
        )
        self.assertEqual(status, 200, refreshed)
        self.assertEqual(read_claims(refreshed["access_token"])["sub"], claims["sub"])

        left = {"client_id": self.browser.login["clientId"]}
        left["logout_uri"] = f"{self.browser.site}/console"
        endpoint = self.browser.login["logoutEndpoint"]
        status, headers, _ = self.browser.get(f"{endpoint}?{urlencode(left)}")
        self.assertEqual((status, headers["Location"]), (302, left["logout_uri"]))

    def test_a_code_is_worthless_without_its_verifier_and_for_other_pages(self):
        self.deployment.sign_in("operator")
        code = self.browser.authorize("/console", "operator@example.com")
        status, problem = self.browser.redeem(code, "/console", verifier="x" * 64)
        self.assertEqual((status, problem["error"]), (400, "invalid_grant"))
        asked = {
            "client_id": self.browser.login["clientId"],
            "redirect_uri": "https://evil.example/console",
            "response_type": "code",
        }
        endpoint = self.browser.login["authorizationEndpoint"]
        status, headers, _ = self.browser.get(f"{endpoint}?{urlencode(asked)}")
        self.assertEqual((status, headers["Location"]), (400, None))

    def test_a_viewer_may_not_do_what_operators_do(self):
        token = self.sign_in("viewer", "/w")["access_token"]
        scopes = read_claims(token)["scope"].split()
        self.assertIn("matchcut/clips.read", scopes)
        self.assertNotIn("matchcut/clips.write", scopes)
        self.assertEqual(self.deployment.ask("GET", "/api/channels", token)[0], 403)

    def test_pages_have_their_files_and_headers(self):
        status, headers, _ = self.browser.get("/")
        self.assertEqual((status, headers["Location"]), (302, "/console"))
        for path, file in {
            "/console": "console.html",
            "/w/demo": "watch.html",
            "/embed/demo/a": "embed.html",
        }.items():
            with self.subTest(path):
                status, headers, text = self.browser.get(path)
                self.assertEqual((status, text), (200, (CONSOLE / file).read_bytes()))
                self.assertEqual(headers["Content-Type"], "text/html; charset=utf-8")
                self.assertEqual(headers["Cache-Control"], "public, max-age=60")
                self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
                self.assertIn("max-age", headers["Strict-Transport-Security"])
                directives = self.directives(headers)
                self.assertEqual(directives["script-src"], "'self'")
                self.assertEqual(directives["require-trusted-types-for"], "'script'")
                if path.startswith("/embed"):
                    self.assertEqual(directives["frame-ancestors"], "'self' *")
                    self.assertIsNone(headers["X-Frame-Options"])
                    continue
                self.assertEqual(directives["frame-ancestors"], "'none'")
                self.assertEqual(headers["X-Frame-Options"], "DENY")
                login = self.browser.login["tokenEndpoint"].removesuffix("/oauth2/token")
                uploads = self.browser.config["uploads"]
                self.assertEqual(directives["connect-src"], f"'self' {login} {uploads}")

    def test_files_of_pages_are_cached_by_their_names(self):
        files = sorted(it.relative_to(CONSOLE).as_posix() for it in CONSOLE.glob("assets/*"))
        kept = {}
        for file in files:
            status, headers, data = self.browser.get(f"/{file}")
            self.assertEqual((status, data), (200, (CONSOLE / file).read_bytes()), file)
            kept[file] = headers["Cache-Control"]
        entries = {f"assets/{page}.js" for page in ("console", "watch", "embed")}
        self.assertLessEqual(entries, kept.keys())
        for file, cache_control in kept.items():
            has_hash = re.search(r"-[\w-]{8}\.\w+$", file) is not None
            self.assertEqual("immutable" in cache_control, has_hash, file)
        self.assertIn(self.browser.get("/assets/nothing.js")[0], (403, 404))

    def test_an_operator_cuts_a_clip_that_a_viewer_plays_and_shares(self):
        token = self.sign_in()["access_token"]
        status, clip, _ = self.deployment.ask(
            "POST", "/api/clip", token, {"lastSeconds": 6, "title": "Photo <finish>"}
        )
        self.assertEqual((status, clip["createdBy"]), (202, "operator"), clip)
        path = f"/api/competitions/{clip['competition']}/changes"
        status, changes, _ = self.deployment.ask("GET", path, token)
        found = [it for it in changes["clips"] if it["clip"] == clip["clip"]]
        self.assertEqual((status, len(found)), (200, 1), changes)
        self.assertEqual(found[0]["createdBy"], "operator")
        self.assertEqual(self.deployment.ask("GET", path)[0], 401)

        listed = self.wait_until_listed(clip, 60)
        self.assertNotIn("createdBy", listed)
        self.assert_plays(listed["manifest"], clip["actual"]["durationSeconds"])

        page = f"/c/{clip['competition']}/{clip['clip']}"
        status, headers, text = self.browser.get(page)
        shown = text.decode()
        self.assertEqual(status, 200, shown)
        self.assertTrue(headers["Content-Type"].startswith("text/html"))
        self.assertIn("Photo <finish>", unescape(shown))
        self.assertNotIn("Photo <finish>", shown)
        self.assertIn("/assets/watch.js", shown)
        self.assertEqual(self.directives(headers)["frame-ancestors"], "'none'")

        url = f"{self.browser.site}{page}"
        status, _, text = self.browser.get(f"/api/oembed?url={quote(url, safe='')}")
        embed = json.loads(text)
        self.assertEqual((status, embed["type"]), (200, "video"), embed)
        self.assertIn(f"{self.browser.site}/embed/{clip['competition']}/", embed["html"])
        for feed in ("media.rss", "sitemap.xml"):
            status, _, text = self.browser.get(f"/feeds/{clip['competition']}/{feed}")
            self.assertEqual(status, 200, text)
            self.assertIn(clip["clip"], text.decode())

    def test_an_encoder_that_is_not_ours_cannot_be_started(self):
        token = self.sign_in()["access_token"]
        status, problem, _ = self.deployment.ask("POST", "/api/channels/main/start", token)
        self.assertEqual(
            (status, problem["type"]), (409, "urn:matchcut:problem:channel-not-controlled")
        )

    def test_a_wrong_password_is_refused(self):
        self.deployment.sign_in("operator")
        with self.assertRaisesRegex(AssertionError, "the sign-in answered 200"):
            self.browser.authorize("/console", "operator@example.com", PASSWORD + "x")
