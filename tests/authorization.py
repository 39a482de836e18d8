"""Who may do what: every route of the contract, asked by everyone, here and deployed alike."""

import re
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, build_opener

import yaml

CONTRACT = Path(__file__).parent.parent / "functions/openapi.yaml"


def everyone(status):
    """Whoever asks is answered the same."""
    return dict.fromkeys(("nobody", "viewer", "operator", "expired", "stranger", "identity"), status)


def only(**let_in):
    """Only who is named is let in.

    `expired` is an operator's token that was good once, `stranger` an operator's of another issuer,
    `identity` an operator's ID token, which says who someone is and not what they may do.
    """
    return everyone(401) | dict.fromkeys(("viewer", "operator", "identity"), 403) | let_in


# What is answered to whom. Bodies are none or not valid, so that whoever is let in changes nothing.
TABLE = {
    ("POST", "/api/clip"): only(operator=400),
    ("GET", "/api/competitions/nobody-has-this/clips"): everyone(200),
    ("GET", "/api/competitions/nobody-has-this/clips/unknown"): everyone(404),
    ("PATCH", "/api/competitions/nobody-has-this/clips/unknown"): only(operator=404),
    # What is not there is as good as deleted.
    ("DELETE", "/api/competitions/nobody-has-this/clips/unknown"): only(operator=204),
    ("POST", "/api/competitions/nobody-has-this/clips/unknown/retry"): only(operator=404),
    # The library is public.
    ("POST", "/api/competitions/nobody-has-this/playback"): only(viewer=409, operator=409),
    ("POST", "/api/uploads"): only(operator=400),
    ("GET", "/api/uploads/nobody-has-this/unknown/parts"): only(operator=404),
    ("POST", "/api/uploads/nobody-has-this/unknown/complete"): only(operator=404),
    ("GET", "/api/health"): everyone(200),
    # Not in the contract.
    ("GET", "/api/nowhere"): everyone(404),
    ("DELETE", "/api/clip"): everyone(405),
}


def ask(method, url, token=None, body=None, headers={}, opener=build_opener()):
    """The status of the reply to a request, its headers and its body."""
    body = body.encode() if isinstance(body, str) else body
    request = Request(url, method=method, data=body, headers=headers)
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with opener.open(request, timeout=40) as reply:
            return reply.status, reply.headers, reply.read()
    except HTTPError as reply:
        with reply:
            return reply.code, reply.headers, reply.read()


class AuthorizationTable:
    """The tests of a class that says where the API is, `api`, and has a token of each, `tokens`."""

    opener = build_opener()

    def test_every_route_lets_in_whom_it_should(self):
        for (method, path), expected in TABLE.items():
            answered = {}
            for caller in expected:
                token = None if caller == "nobody" else self.tokens[caller]
                url = self.api.removesuffix("/api") + path
                body = "[]" if method == "POST" else None
                answered[caller] = ask(method, url, token, body, opener=self.opener)[0]
            with self.subTest(f"{method} {path}"):
                self.assertEqual(answered, expected)

    def test_every_route_of_the_contract_is_asked(self):
        paths = yaml.safe_load(CONTRACT.read_text())["paths"]
        for template, item in paths.items():
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
            for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
                asked = [path for verb, path in TABLE if verb == method.upper()]
                with self.subTest(f"{method} {template}"):
                    self.assertTrue(any(re.fullmatch(pattern, path) for path in asked))
