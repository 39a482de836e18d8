"""Tests which caller may use which route, for the stand-in and for a deployment alike."""

import base64
import json
import re
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import OpenerDirector, Request, build_opener

import yaml

CONTRACT = Path(__file__).parent.parent / "functions/openapi.yaml"


CALLERS = ("nobody", "viewer", "operator", "machine", "expired", "stranger", "identity")

# A machine that may do nothing but get playback cookies for viewers of another sign-in.
MACHINE, MACHINE_SCOPE = "backend", "matchcut/playback.grant"


def everyone(status: int) -> dict[str, int]:
    """Returns the same status for every caller."""
    return dict.fromkeys(CALLERS, status)


def only(**allowed: int) -> dict[str, int]:
    """Returns the statuses of a route that only the named callers may use.

    `machine` is a program with the scope `MACHINE_SCOPE`. `expired` is an operator's token that has
    expired. `stranger` is an operator's token of another issuer. `identity` is an operator's ID
    token, which has no scopes.
    """
    known = ("viewer", "operator", "machine", "identity")
    return everyone(401) | dict.fromkeys(known, 403) | allowed


# The expected status for each caller. Requests have no body or an invalid one, so they change
# nothing.
TABLE = {
    ("POST", "/api/clip"): only(operator=400),
    ("GET", "/api/competitions/nobody-has-this/clips"): everyone(200),
    ("GET", "/api/competitions/nobody-has-this/clips/unknown"): everyone(404),
    ("PATCH", "/api/competitions/nobody-has-this/clips/unknown"): only(operator=404),
    # Deleting a clip that does not exist succeeds.
    ("DELETE", "/api/competitions/nobody-has-this/clips/unknown"): only(operator=204),
    ("POST", "/api/competitions/nobody-has-this/clips/unknown/restore"): only(operator=404),
    ("POST", "/api/competitions/nobody-has-this/clips/unknown/retry"): only(operator=404),
    ("GET", "/api/competitions/nobody-has-this/clips/unknown/timeline.otio"): only(operator=404),
    ("GET", "/api/competitions/nobody-has-this/clips/unknown/exports"): only(operator=404),
    ("POST", "/api/competitions/nobody-has-this/clips/unknown/exports"): only(operator=400),
    ("POST", "/api/competitions/nobody-has-this/reels"): only(operator=400),
    ("GET", "/api/competitions/nobody-has-this/clips/unknown/exports/unknown"): only(operator=404),
    ("GET", "/api/competitions/nobody-has-this/changes"): only(operator=200),
    ("GET", "/api/competitions/nobody-has-this/changes/unknown"): only(operator=404),
    ("GET", "/api/channels"): only(operator=200),
    ("POST", "/api/channels/unknown/start"): only(operator=404),
    ("POST", "/api/channels/unknown/stop"): only(operator=404),
    # The machine has the scope of another route.
    ("GET", "/api/channels/unknown/marks"): only(operator=404),
    ("GET", "/api/rules"): only(operator=200),
    ("POST", "/api/rules"): only(operator=400),
    ("PUT", "/api/rules/unknown"): only(operator=400),
    ("DELETE", "/api/rules/unknown"): only(operator=204),
    ("POST", "/api/rules/preview"): only(operator=400),
    ("POST", "/api/competitions/unknown/clips/unknown/confirm"): only(operator=404),
    ("POST", "/api/channels/unknown/marks"): only(operator=404),
    ("DELETE", "/api/channels/unknown/marks/unknown"): only(operator=404),
    # The message is not signed.
    ("POST", "/api/webhooks/marks/unknown"): everyone(401),
    # The library is public.
    ("POST", "/api/competitions/nobody-has-this/playback"): only(
        viewer=409, operator=409, machine=409
    ),
    ("POST", "/api/uploads"): only(operator=400),
    ("GET", "/api/uploads/nobody-has-this/unknown/parts"): only(operator=404),
    ("POST", "/api/uploads/nobody-has-this/unknown/complete"): only(operator=404),
    ("GET", "/api/health"): everyone(200),
    # The parameter `url` is missing.
    ("GET", "/api/oembed"): everyone(400),
    ("GET", "/feeds/nobody-has-this/media.rss"): everyone(200),
    ("GET", "/feeds/nobody-has-this/sitemap.xml"): everyone(200),
    ("GET", "/c/nobody-has-this/unknown"): everyone(404),
    # Not in the contract.
    ("GET", "/api/nowhere"): everyone(404),
    ("DELETE", "/api/clip"): everyone(405),
}


OPENER = build_opener()


def ask(
    method: str,
    url: str,
    token: str | None = None,
    body: str | bytes | None = None,
    headers: Mapping[str, str] | None = None,
    opener: OpenerDirector = OPENER,
) -> tuple[int, Message, bytes]:
    """Sends a request. Returns the status, the headers and the body of the reply."""
    body = body.encode() if isinstance(body, str) else body
    request = Request(url, method=method, data=body, headers=dict(headers or {}))
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with opener.open(request, timeout=40) as reply:
            return reply.status, reply.headers, reply.read()
    except HTTPError as reply:
        with reply:
            return reply.code, reply.headers, reply.read()


def sign_in_machine(
    token_endpoint: str, client_id: str, secret: str, opener: OpenerDirector = OPENER
) -> str:
    """Returns an access token for a machine."""
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    headers = {
        "Authorization": f"Basic {basic}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    form = "grant_type=client_credentials"
    status, _, reply = ask("POST", token_endpoint, None, form, headers, opener)
    if status != 200:
        raise AssertionError(f"the token endpoint answered {status}: {reply}")
    return json.loads(reply)["access_token"]


class AuthorizationTable:
    """Tests for a class that sets `api`, the API's URL, and `tokens`, a token for each caller."""

    opener = OPENER

    def test_each_route_answers_each_caller_with_the_expected_status(self):
        for (method, path), expected in TABLE.items():
            answered = {}
            for caller in expected:
                token = None if caller == "nobody" else self.tokens[caller]
                url = self.api.removesuffix("/api") + path
                body = "[]" if method == "POST" else None
                answered[caller] = ask(method, url, token, body, opener=self.opener)[0]
            with self.subTest(f"{method} {path}"):
                self.assertEqual(answered, expected)

    def test_the_table_has_every_route_of_the_contract(self):
        paths = yaml.safe_load(CONTRACT.read_text())["paths"]
        for template, item in paths.items():
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
            for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
                asked = [path for verb, path in TABLE if verb == method.upper()]
                with self.subTest(f"{method} {template}"):
                    self.assertTrue(any(re.fullmatch(pattern, path) for path in asked))


def decode(text: str) -> bytes:
    """Decodes base64url without padding."""
    return base64.urlsafe_b64decode(text + "==")


def claims(token: str) -> dict:
    """Reads the claims of a token without a check."""
    return json.loads(decode(token.split(".")[1]))
