"""Tests how the stand-in serves the console and the viewer's pages: paths, headers, branding."""

import json
import subprocess
import tempfile
import unittest
from email.message import Message
from pathlib import Path

from authorization import ask
from stand_in import PROGRAM, ROOT, WireTest
from test_login import OPENER

HEADERS = json.loads((ROOT / "console/headers.json").read_text())
PAGES = {"console.html": "the console", "watch.html": "the viewer", "embed.html": "the player"}


def write_site(folder: Path):
    """Writes a folder as `make console` builds it."""
    (folder / "assets").mkdir(parents=True)
    for name, text in PAGES.items():
        (folder / name).write_text(f"<!doctype html><title>{text}</title>")
    for name in ("console.js", "hls-5f3a9c01.js"):
        (folder / "assets" / name).write_text("export {}")
    (folder / "icon.svg").write_text("<svg/>")
    (folder / "branding.json").write_text(json.dumps({"name": "built"}))


class SiteTest(WireTest):
    """A stand-in with a small site of its own."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.site = cls.folder / "site"
        cls.OPTIONS = ("--console", cls.site, *cls.more_options())
        super().setUpClass()
        (console,) = cls.printed("console")
        cls.origin = console.removesuffix("/console")

    @classmethod
    def more_options(cls) -> tuple:
        write_site(cls.site)
        return ()

    def get(self, path: str, **headers: str) -> tuple[int, Message, str]:
        status, headers, body = ask("GET", self.origin + path, headers=headers, opener=OPENER)
        return status, headers, body.decode()

    def policy(self, headers: Message) -> dict[str, str]:
        """The directives of a content security policy."""
        directives = headers["content-security-policy"].split("; ")
        return dict(directive.split(" ", 1) for directive in directives)


class TestSite(SiteTest):
    def test_each_page_is_served_at_its_paths(self):
        for path, title in {
            "/console": "the console",
            "/console/anything": "the console",
            "/w/demo": "the viewer",
            "/w": "the viewer",
            "/embed/demo/clip": "the player",
        }.items():
            with self.subTest(path):
                status, headers, body = self.get(path)
                self.assertEqual((status, headers.get_content_type()), (200, "text/html"))
                self.assertIn(f"<title>{title}</title>", body)
                self.assertEqual(headers["cache-control"], "public, max-age=60")
                status, _, body = self.get(path, **{"If-None-Match": headers["etag"]})
                self.assertEqual((status, body), (304, ""))
        status, headers, _ = self.get("/")
        self.assertEqual((status, headers["location"]), (302, "/console"))
        self.assertEqual(self.printed("watch"), [f"{self.origin}/w/demo"])

    def test_the_configuration_names_the_login_and_the_uploads(self):
        _, headers, body = self.get("/config.json")
        config = json.loads(body)
        self.assertEqual(config.keys(), {"login", "private", "uploads", "version"})
        self.assertIs(config["private"], False)
        self.assertEqual(config["uploads"], self.s3.meta.endpoint_url)
        self.assertEqual(config["login"]["issuer"], self.origin)
        self.assertEqual(headers["cache-control"], "public, max-age=60")

    def test_headers_are_those_of_the_shared_file(self):
        uploads = self.s3.meta.endpoint_url
        for path in ("/console", "/w/demo", "/assets/console.js", "/config.json", "/c/demo/none"):
            with self.subTest(path):
                _, headers, _ = self.get(path)
                for name, value in HEADERS["site"].items():
                    if name != "content-security-policy":
                        self.assertEqual(headers[name], value)
                policy = self.policy(headers)
                self.assertEqual(policy["connect-src"], f"'self' {self.origin} {uploads}")
                self.assertEqual(policy["frame-ancestors"], "'none'")
                self.assertEqual(len(policy), len(HEADERS["site"]["content-security-policy"]))
        _, headers, _ = self.get("/embed/demo/clip")
        self.assertNotIn("x-frame-options", headers)
        self.assertNotIn("cross-origin-opener-policy", headers)
        self.assertEqual(self.policy(headers)["frame-ancestors"], "'self' *")
        self.assertEqual(self.policy(headers)["connect-src"], "'self'")
        _, headers, _ = self.get("/api/health")
        self.assertNotIn("content-security-policy", headers)

    def test_files_with_a_hash_are_cached_for_ever_and_missing_ones_not_at_all(self):
        _, headers, _ = self.get("/assets/hls-5f3a9c01.js")
        self.assertEqual(headers["cache-control"], HEADERS["cacheControl"]["hashed"])
        self.assertEqual(headers.get_content_type(), "text/javascript")
        _, headers, _ = self.get("/assets/console.js")
        self.assertEqual(headers["cache-control"], "public, max-age=60")
        for path in (
            "/assets/hls-00000000.js",
            "/assets/../console.html",
            "/assets/%2e%2e/icon.svg",
        ):
            status, headers, _ = self.get(path)
            self.assertEqual((status, headers["cache-control"]), (404, "no-store"), path)
        self.assertEqual(self.get("/icon.svg")[1].get_content_type(), "image/svg+xml")

    def test_other_paths_are_problems(self):
        (self.folder / "secret.txt").write_text("secret")
        for method, path in (
            ("GET", "/nowhere"),
            ("POST", "/nowhere"),
            ("GET", "/upload"),
            ("GET", "/api/nowhere"),
            ("GET", "/console.html/x"),
            ("GET", "/..%2fsecret.txt"),
        ):
            status, headers, _ = ask(method, self.origin + path, opener=OPENER)
            media_type = headers.get_content_type()
            self.assertEqual((status, media_type), (404, "application/problem+json"), path)

    def test_pages_have_one_origin(self):
        # The login, the media and the policy name 127.0.0.1, so that the pages work only there.
        port = self.origin.rpartition(":")[2]
        for path in ("/", "/console?a=b", "/w/demo", "/embed/demo/clip"):
            status, headers, _ = self.get(path, Host=f"localhost:{port}")
            self.assertEqual((status, headers["location"]), (302, self.origin + path))
        self.assertEqual(self.get("/api/health", Host=f"localhost:{port}")[0], 200)


class TestBranding(SiteTest):
    @classmethod
    def more_options(cls) -> tuple:
        write_site(cls.site)
        (cls.folder / "logo.svg").write_text("<svg/>")
        (cls.folder / "other.svg").write_text("<svg/>")
        cls.branding = cls.folder / "games.json"
        cls.write(embed=["https://news.example", "https://*.tv.example"])
        return ("--branding", cls.branding)

    @classmethod
    def write(cls, **fields: object):
        cls.branding.write_text(
            json.dumps({"name": "Games", "logo": {"light": "logo.svg"}} | fields)
        )

    def test_the_branding_file_is_served_with_its_pictures(self):
        _, headers, body = self.get("/branding.json")
        self.assertEqual(json.loads(body)["name"], "Games")
        self.assertEqual(headers.get_content_type(), "application/json")
        self.assertEqual(headers["cache-control"], "public, max-age=60")
        status, headers, _ = self.get("/branding/logo.svg")
        self.assertEqual((status, headers.get_content_type()), (200, "image/svg+xml"))
        for name in ("other.svg", "games.json", "..%2fgames.json"):
            self.assertEqual(self.get(f"/branding/{name}")[0], 404)

    def test_the_branding_file_says_who_may_embed_clips(self):
        def ancestors() -> str:
            return self.policy(self.get("/embed/demo/clip")[1])["frame-ancestors"]

        self.assertEqual(ancestors(), "'self' https://news.example https://*.tv.example")
        self.write(embed=[])
        self.assertEqual(ancestors(), "'self'")
        self.write(embed=["https://a.example; script-src *"])
        self.assertEqual(ancestors(), "'self'", "a file that is wrong now lets nobody in")
        self.write(embed=["https://news.example", "https://*.tv.example"])


class TestNotBuilt(SiteTest):
    @classmethod
    def more_options(cls) -> tuple:
        return ()

    def test_the_pages_say_how_to_build_them_and_the_api_runs(self):
        for path in ("/", "/console", "/w/demo", "/embed/demo/clip"):
            status, headers, body = self.get(path)
            self.assertEqual((status, headers["cache-control"]), (503, "no-store"), path)
            self.assertIn("make console", body)
        self.assertEqual(self.get("/assets/console.js")[0], 404)
        self.assertEqual(self.get("/branding.json")[0], 404)
        self.assertEqual(self.get("/api/health")[0], 200)
        write_site(self.site)
        self.assertEqual(self.get("/console")[0], 200, "a restart is not needed")


class TestWrongBranding(unittest.TestCase):
    def test_a_wrong_branding_file_stops_the_start_with_its_field(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "branding.json"
            for text, expected in (
                ('{"colors": {"accent": "red"}}', "branding.json: /colors/accent: "),
                ('{"icon": "missing.svg"}', "names the picture missing.svg"),
                ("{", "is not valid JSON"),
            ):
                file.write_text(text)
                command = [PROGRAM, "--port", "0", "--data-dir", f"{folder}/data"]
                started = subprocess.run(
                    [*command, "--branding", file], cwd=ROOT, capture_output=True, text=True
                )
                self.assertEqual(started.returncode, 1)
                self.assertIn(expected, started.stderr)
