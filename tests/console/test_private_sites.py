"""Tests a private library whose pages and media are hosts of one site, and of two sites.

Chromium blocks third-party cookies here, as Safari and Firefox do by themselves.
"""

import json
from urllib.parse import urlsplit

from playwright.sync_api import Page

from authorization import MACHINE, MACHINE_SCOPE, ask, sign_in_machine
from browser import BrowserTest
from console.test_app_docs import LIBRARY
from console.viewer import LocalSite
from frames import numbered_video
from stand_in import eventually

# Names that no resolver knows. Chromium finds them on this machine.
MEDIA, SITE, OTHER_SITE = "clips.matchcut.test", "www.matchcut.test", "www.elsewhere.test"
COOKIE_DOMAIN = "matchcut.test"

PAGE = b"""<!doctype html><html lang="en"><title>Race</title><video muted></video>
<script type="module">
  import Hls from './hls.mjs';
  const video = document.querySelector('video');
  window.play = manifest => new Promise(resolve => {
    const hls = new Hls({ xhrSetup: request => (request.withCredentials = true) });
    hls.on(Hls.Events.ERROR, (_, { response }) => response && resolve(response.code));
    video.ontimeupdate = () => video.currentTime > 0.2 && resolve('plays');
    hls.loadSource(manifest);
    hls.attachMedia(video);
    video.play();
  });
  window.signIn = async (url, token) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(url, { method: 'POST', credentials: 'include', headers })).status;
  };
</script></html>"""


class TestPrivateSites(BrowserTest):
    OPTIONS = (
        "--source", numbered_video(), "--startover", "300", "--private", "--domain", MEDIA,
        "--cookie-domain", COOKIE_DOMAIN, "--machine", f"{MACHINE}={MACHINE_SCOPE}",
    )  # fmt: skip
    CHROMIUM = (
        f"--host-resolver-rules=MAP *.{COOKIE_DOMAIN} 127.0.0.1, MAP {OTHER_SITE} 127.0.0.1",
        "--test-third-party-cookie-phaseout",
    )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.operator,), (cls.viewer,) = (cls.stand_in.printed(it) for it in ("token", "viewer"))
        # Only the browser knows the host of the media.
        cls.local = f"http://127.0.0.1:{cls.stand_in.port}"
        cls.clip = cls.create_clip()
        scripts = ("text/javascript", LIBRARY.read_bytes())
        files = dict.fromkeys(("/", "/watch"), ("text/html", PAGE)) | {"/hls.mjs": scripts}
        cls.site = LocalSite(files, cls.grant)
        cls.addClassCleanup(cls.site.stop)

    @classmethod
    def create_clip(cls) -> dict:
        """Cuts a clip as soon as the stream is on air, and returns it when it is ready."""

        def send(method: str, path: str, body: str | None = None) -> dict | None:
            status, _, reply = ask(method, cls.local + path, cls.operator, body)
            return json.loads(reply) if status < 300 else None

        body = json.dumps({"lastSeconds": 4})
        clip = eventually(lambda: send("POST", "/api/clip", body), "nothing was on air", every=0.5)
        path = f"/api/competitions/{clip['competition']}/changes/{clip['clip']}"

        def ready() -> dict | None:
            found = send("GET", path)
            return found if found and found["status"] == "ready" else None

        return eventually(ready, "the clip was not ready", every=0.5)

    @classmethod
    def grant(cls, path: str) -> list[str]:
        """The backend of the site: gets a viewer's cookies as a machine, and passes them on."""
        if path != "/watch":
            return []
        (machine,) = cls.stand_in.printed("machine")
        token = sign_in_machine(f"{cls.local}/oauth2/token", *machine.split())
        url = f"{cls.local}/api/competitions/{cls.clip['competition']}/playback"
        _, headers, _ = ask("POST", url, token)
        return headers.get_all("set-cookie")

    def open_page(self, host: str, path: str = "/") -> Page:
        return self.open(f"http://{host}:{self.site.port}{path}")

    def sign_in_viewer(self, page: Page) -> int:
        url = f"{self.origin}/api/competitions/{self.clip['competition']}/playback"
        return page.evaluate("([url, token]) => window.signIn(url, token)", [url, self.viewer])

    def play(self, page: Page) -> str | int:
        return page.evaluate("manifest => window.play(manifest)", self.clip["manifest"])

    def test_viewers_of_another_sign_in_play_with_the_cookies_that_their_backend_sets(self):
        self.assertEqual(urlsplit(self.clip["manifest"]).hostname, MEDIA)
        with self.errors_allowed("403"):
            self.assertEqual(self.play(self.open_page(SITE)), 403)
        page = self.open_page(SITE, "/watch")
        self.assertEqual(self.play(page), "plays")
        # No script of a page can read the cookies.
        self.assertEqual(page.evaluate("document.cookie"), "")

    def test_a_page_of_the_same_site_keeps_the_cookies(self):
        page = self.open_page(SITE)
        self.assertEqual(self.sign_in_viewer(page), 200)
        self.assertEqual(self.play(page), "plays")

    def test_a_page_of_another_site_gets_no_cookies(self):
        page = self.open_page(OTHER_SITE)
        self.assertEqual(self.sign_in_viewer(page), 200)
        with self.errors_allowed("403"):
            self.assertEqual(self.play(page), 403)
        self.assertEqual(page.context.cookies(), [])
