"""Signs in on Cognito's login page as the console does: with a code, PKCE and no secret."""

import base64
import hashlib
import html
import json
import re
import secrets
from email.message import Message
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, build_opener

from authorization import ask
from deployment import PASSWORD, Deployment


class NoRedirects(HTTPRedirectHandler):
    """Returns a redirect to the caller instead of following it."""

    def redirect_request(self, *_: object) -> None:
        return None


class Browser:
    """A browser that follows no redirects, and the console's knowledge of the login page."""

    def __init__(self, deployment: Deployment):
        kept = [it for it in deployment.opener.handlers if not isinstance(it, HTTPRedirectHandler)]
        self.opener: OpenerDirector = build_opener(*kept, NoRedirects)
        self.site = deployment.outputs["ApiUrl"]
        self.config = json.loads(self.get("/config.json")[2])
        self.login = self.config["login"]

    def send(self, method: str, url: str, **form: str) -> tuple[int, Message, bytes]:
        """Sends a form, or no body. Returns the status, the headers and the body."""
        headers = {"content-type": "application/x-www-form-urlencoded"} if form else {}
        body = urlencode(form) if form else None
        return ask(method, url, None, body, headers, opener=self.opener)

    def get(self, path: str) -> tuple[int, Message, bytes]:
        """Gets a path of the site, or a URL."""
        return self.send("GET", urljoin(self.site, path))

    def authorize(self, page: str, user: str, password: str = PASSWORD) -> str:
        """Signs in on the login page. Returns the code that it sends to a page of the site."""
        self.verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        asked = {
            "client_id": self.login["clientId"],
            "redirect_uri": f"{self.site}{page}",
            "response_type": "code",
            "scope": " ".join(self.login["scopes"]),
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        endpoint = self.login["authorizationEndpoint"]
        status, _, text = self.get(f"{endpoint}?{urlencode(asked)}")
        if status != 200:
            raise AssertionError(f"the login page answered {status}: {text!r}")
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', text.decode()))
        filled = {name: html.unescape(value) for name, value in fields.items()}
        filled |= {"username": user, "password": password}
        status, headers, text = self.send("POST", urljoin(endpoint, "/login"), **filled)
        if status != 302:
            raise AssertionError(f"the sign-in answered {status}: {text!r}")
        back = urlsplit(headers["Location"])
        sent = {name: value[0] for name, value in parse_qs(back.query).items()}
        if back.path != page or sent["state"] != state:
            raise AssertionError(f"the login page redirected to {headers['Location']}")
        return sent["code"]

    def exchange(self, **form: str) -> tuple[int, dict]:
        """Asks the token endpoint. Returns the status and the JSON."""
        endpoint, client = self.login["tokenEndpoint"], self.login["clientId"]
        status, _, text = self.send("POST", endpoint, client_id=client, **form)
        return status, json.loads(text)

    def redeem(self, code: str, page: str, verifier: str | None = None) -> tuple[int, dict]:
        """Exchanges a code for tokens, by default with its own verifier."""
        return self.exchange(
            grant_type="authorization_code",
            code=code,
            redirect_uri=f"{self.site}{page}",
            code_verifier=verifier or self.verifier,
        )


def read_claims(token: str) -> dict:
    """The claims of a token, without a check of its signature."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
