"""Tests in a real browser: contexts, sign-in, accessibility, and what no page may ever do.

A test fails if any of its pages breaks the content security policy, throws an error, or writes an
error to the console. If a test fails, a picture of each page is in `target/browser`.
"""

import atexit
import functools
import json
import re
import shutil
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    WebError,
    expect,
    sync_playwright,
)

from frames import FOLDER
from stand_in import StandIn

# The tests share two cores with each other and with encoders.
TIMEOUT = 60_000
expect.set_options(timeout=TIMEOUT)

# The first needs a quarter less processor time for a page than Chromium with windows.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")

# Tells the test of each violation. It runs before the scripts of every page.
REPORT_VIOLATIONS = """
addEventListener('securitypolicyviolation', event => {
  const { violatedDirective, blockedURI, sourceFile, lineNumber, sample } = event;
  reportViolation(`${violatedDirective} ${blockedURI} at ${sourceFile}:${lineNumber} ${sample}`);
});
"""


@functools.cache
def browser(*arguments: str) -> Browser:
    """The browser of this process. Tests share it, and each has contexts of its own.

    Tests that need further arguments of Chromium have a browser of their own.
    """
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise AssertionError(
            "chromium-headless-shell is missing; install it, for example with apt-get"
        )
    launched = playwright().chromium.launch(
        executable_path=program, args=["--mute-audio", *arguments]
    )
    atexit.register(launched.close)
    return launched


@functools.cache
def playwright() -> Playwright:
    started = sync_playwright().start()
    atexit.register(started.stop)
    return started


@functools.cache
def shared_stand_in(module: str, options: tuple) -> StandIn:
    """The stand-in of a module's tests that have the same options."""
    stand_in = StandIn(*options)
    unittest.addModuleCleanup(stand_in.stop)
    return stand_in


class BrowserTest(unittest.TestCase):
    """Tests in a browser, with a stand-in that is shared by the module's tests."""

    # The tests share two cores with their encoders, so the picture is small.
    PICTURE = ("--small-picture",)
    # Further options of the stand-in.
    OPTIONS = ()
    # Further arguments of Chromium.
    CHROMIUM = ()

    @classmethod
    def setUpClass(cls):
        cls.stand_in = shared_stand_in(cls.__module__, (*cls.PICTURE, *cls.OPTIONS))
        cls.origin = cls.stand_in.origin

    @pytest.fixture(autouse=True)
    def with_contexts(self) -> Iterator[None]:
        """Closes the contexts of a test after its failure was explained."""
        with self.contexts_kept():
            yield

    @contextmanager
    def contexts_kept(self) -> Iterator[None]:
        """Keeps the contexts that are opened meanwhile, and closes them at the end."""
        self.contexts: list[BrowserContext] = []
        self.complaints: list[str] = []
        self.allowed_errors: list[re.Pattern] = []
        self.logged = len(self.stand_in.log.read_text())
        yield
        for context in self.contexts:
            context.close()

    def tearDown(self):
        self.assertEqual(self.complaints, [], "a page broke its policy or wrote an error")

    def explain_failure(self) -> dict[str, str]:
        """Takes a picture of each page into `target/browser`, and reads the log of the stand-in."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        pictures = []
        pages = [page for context in self.contexts for page in context.pages]
        for number, page in enumerate(pages, 1):
            file = FOLDER / f"{self.id()}-{number}.png"
            try:
                page.screenshot(path=file, timeout=TIMEOUT)
                pictures.append(f"{page.url}: {file}")
            except Error as error:
                # The page has closed itself, or has crashed.
                pictures.append(f"{page.url}: no picture, {error}")
        log = self.stand_in.log.read_text()[self.logged :]
        return {"pages": "\n".join(pictures), "stand-in": log}

    def new_context(self, **options: object) -> BrowserContext:
        """Opens a browser of somebody of their own: cookies, storage and cache are empty.

        The options are those of Playwright, such as `color_scheme`, `locale` and `viewport`.
        """
        defaults = {
            "base_url": self.origin,
            "locale": "en-GB",
            "timezone_id": "UTC",
            "viewport": {"width": 1280, "height": 800},
        }
        context = browser(*self.CHROMIUM).new_context(**defaults | options)
        self.contexts.append(context)
        context.set_default_timeout(TIMEOUT)
        context.expose_binding(
            "reportViolation", lambda source, text: self.complain(source["page"].url, text)
        )
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self.check_message)
        context.on("weberror", self.check_error)
        return context

    def open(self, path: str, **options: object) -> Page:
        """Opens a page in a new context."""
        page = self.new_context(**options).new_page()
        page.goto(path)
        return page

    def check_message(self, message: ConsoleMessage):
        if message.type == "error":
            url = message.page.url if message.page else "a worker"
            self.complain(url, f"{message.text} ({message.location['url']})")

    def check_error(self, error: WebError):
        self.complain(error.page.url if error.page else "a worker", str(error.error))

    def complain(self, url: str, text: str):
        """Makes the test fail at its end, unless the error is allowed."""
        if not any(pattern.search(text) for pattern in self.allowed_errors):
            self.complaints.append(f"{url}: {text}")

    @contextmanager
    def errors_allowed(self, pattern: str) -> Iterator[None]:
        """Allows errors whose text matches a pattern, such as those of a lost connection."""
        self.allowed_errors.append(re.compile(pattern))
        yield
        self.allowed_errors.pop()

    def open_console(
        self, username: str = "operator", path: str = "/console", **options: object
    ) -> Page:
        """Opens the console in a new context and signs in with its own button."""
        page = self.new_context(**options).new_page()
        self.choose_user(page.context, username)
        page.goto(path)
        self.sign_in(page)
        return page

    def sign_in(self, page: Page):
        """Presses the button of the console's first page, and waits until the operator is in."""
        page.locator("main button.primary").click()
        page.wait_for_url(re.compile(r"/console(#.*)?$"))
        expect(page.locator("header .who")).to_be_visible()

    def choose_user(self, context: BrowserContext, username: str, group: str = "operator"):
        """Makes the login page remember a user, as after an earlier sign-in.

        The next sign-in of the context asks no question.
        """
        with urlopen(f"{self.origin}/config.json") as reply:
            login = json.load(reply)["login"]
        query = {
            "response_type": "code",
            "client_id": login["clientId"],
            "redirect_uri": f"{self.origin}/console",
            "code_challenge": "A" * 43,
            "code_challenge_method": "S256",
        }
        reply = context.request.post(
            f"/login?{urlencode(query)}",
            form={"username": username, "group": group},
            max_redirects=0,
        )
        self.assertEqual(reply.status, 302, reply.text())

    def assert_accessible(self, page: Page, **options: object):
        """Fails if axe finds a barrier on a page, once the page's script has drawn it."""
        expect(page.locator("main").first).to_be_attached()
        results = Axe().run(page, options={"resultTypes": ["violations"]} | options)
        self.assertEqual(results.violations_count, 0, results.generate_report())
