"""Reads shared links, embed descriptions and feeds as other sites read them, without a browser."""

import json
import subprocess
from html.parser import HTMLParser
from urllib.parse import urlencode
from xml.etree import ElementTree

from console.viewer import ViewerTest, clip_path
from stand_in import get
from test_app_docs import WRITTEN_ADDRESS, programs

TITLE = '</title><script>alert("1")</script> & Läufer'
MEDIA = "{http://search.yahoo.com/mrss/}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


class Unfurler(HTMLParser):
    """Keeps what a site reads of a page to show a link to it."""

    def __init__(self, html: str):
        super().__init__()
        self.meta: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.title, self.data, self.scripts = "", "", []
        self.within = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]):
        found = dict(attributes)
        self.within = found.get("type") or tag if tag in ("title", "script") else ""
        if tag == "meta" and (name := found.get("property") or found.get("name")):
            self.meta[name] = found["content"]
        if tag == "link":
            self.links[found.get("type") or found["rel"]] = found["href"]
        if tag == "script":
            self.scripts.append(found.get("src"))

    def handle_endtag(self, tag: str):
        self.within = ""

    def handle_data(self, data: str):
        if self.within == "title":
            self.title += data
        elif self.within == "application/ld+json":
            self.data += data


class TestSharePage(ViewerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clip = cls.cut(title=TITLE, description="Two\nlines <b>", tags=["final"])
        cls.page = cls.origin + clip_path(cls.clip)
        cls.embed = cls.page.replace("/c/", "/embed/")

    def read(self, url: str) -> str:
        status, body = get(url)
        self.assertEqual(status, 200, body)
        return body.decode()

    def test_a_link_has_a_title_and_a_player(self):
        page = Unfurler(self.read(self.page))
        self.assertIn(TITLE, page.title)
        self.assertEqual(page.scripts, [None, "/assets/watch.js"])
        self.assertEqual(page.links["canonical"], self.page)
        expected = {
            "og:title": TITLE,
            "og:url": self.page,
            "og:type": "video.other",
            "og:description": "Two\nlines <b>",
            "og:video:secure_url": self.embed,
            "og:video:type": "text/html",
            "twitter:card": "player",
            "twitter:player": self.embed,
        }
        self.assertEqual(page.meta | expected, page.meta)
        data = json.loads(page.data)
        self.assertEqual((data["@type"], data["name"]), ("VideoObject", TITLE))
        self.assertEqual(data["embedUrl"], self.embed)

    def test_a_site_embeds_the_player_of_a_link(self):
        page = Unfurler(self.read(self.page))
        described = json.loads(self.read(page.links["application/json+oembed"]))
        self.assertEqual((described["type"], described["title"]), ("video", TITLE))
        self.assertIn(f'src="{self.embed}"', described["html"])
        query = urlencode({"url": self.page, "maxwidth": 320})
        small = json.loads(self.read(f"{self.origin}/api/oembed?{query}"))
        self.assertEqual((small["width"], small["height"]), (320, 180))

    def test_the_feeds_list_the_clip(self):
        feed = ElementTree.fromstring(self.read(f"{self.origin}/feeds/demo/media.rss"))
        items = {item.findtext("link"): item for item in feed.iter("item")}
        item = items[self.page]
        self.assertEqual(item.findtext("title"), TITLE)
        contents = [content.get("url") for content in item.iter(f"{MEDIA}content")]
        self.assertIn(self.clip["manifest"], contents)
        sitemap = ElementTree.fromstring(self.read(f"{self.origin}/feeds/demo/sitemap.xml"))
        self.assertIn(self.page, [loc.text for loc in sitemap.iter(f"{SITEMAP}loc")])

    def test_the_commands_of_the_docs_work(self):
        script = "".join(programs("sh")).replace(WRITTEN_ADDRESS, self.origin)
        command = ["sh", "-eux", "-c", script]
        folder = self.stand_in.folder.name
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        lines = ran.stdout.splitlines()
        self.assertEqual(lines[0], "304")
        self.assertIn("og:title", lines[1])
        self.assertIn(f'<iframe src="{self.embed}"', lines[2])
        self.assertEqual(lines[3:], ["1", "1"])
