"""Tests the login of the stand-in as an OpenID Connect client uses it, and misuses it."""

import base64
import hashlib
import json
import secrets
from email.message import Message
from http.client import HTTPMessage
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from authorization import ask, claims, decode
from stand_in import WireTest, eventually

OPERATOR_SCOPES = {"matchcut/clips.write", "matchcut/channels.write"}


class NoRedirects(HTTPRedirectHandler):
    """Shows a redirect instead of following it."""

    def redirect_request(self, *_: object) -> None:
        return None


OPENER = build_opener(NoRedirects)


class TestLogin(WireTest):
    OPTIONS = ("--token-lifetime", "4")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (console,) = cls.printed("console")
        cls.origin = console.removesuffix("/console")
        with urlopen(f"{cls.origin}/config.json") as reply:
            cls.config = json.load(reply)["login"]
        cls.verifier = secrets.token_urlsafe(32)
        digest = hashlib.sha256(cls.verifier.encode()).digest()
        cls.request = {
            "response_type": "code",
            "client_id": cls.config["clientId"],
            "redirect_uri": f"{cls.origin}/console",
            "scope": " ".join(cls.config["scopes"]),
            "state": "a state & more",
            "nonce": "a nonce",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }

    def ask(
        self, method: str, url: str, body: str | None = None, **headers: str
    ) -> tuple[int, Message, str]:
        """Sends a request to the login. Redirects are not followed."""
        status, headers, body = ask(method, url, None, body, headers, OPENER)
        return status, headers, body.decode()

    def authorize(self, cookie: str = "", **changes: str | None) -> tuple[int, HTTPMessage, str]:
        """Sends an authorization request with changed parameters. `None` leaves one out."""
        parameters = {k: v for k, v in (self.request | changes).items() if v is not None}
        url = f"{self.config['authorizationEndpoint']}?{urlencode(parameters)}"
        return self.ask("GET", url, Cookie=cookie)

    def code(self, **changes: str) -> str:
        """Signs in without a login page. Returns the code."""
        status, headers, _ = self.authorize(**changes)
        self.assertEqual(status, 302)
        return parse_qs(urlsplit(headers["location"]).query)["code"][0]

    def form(self, url: str, **parameters: str) -> tuple[int, Any]:
        """Posts a form with the client's id. Returns the status and the JSON of the reply."""
        body = urlencode({"client_id": self.config["clientId"]} | parameters)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, reply, text = self.ask("POST", url, body, **headers)
        if text:
            self.assertEqual(reply["cache-control"], "no-store")
        return status, json.loads(text) if text else None

    def redeem(self, code: str, **changes: str) -> tuple[int, Any]:
        parameters = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.request["redirect_uri"],
            "code_verifier": self.verifier,
        }
        return self.form(self.config["tokenEndpoint"], **parameters | changes)

    def refresh(self, token: str) -> tuple[int, Any]:
        parameters = {"grant_type": "refresh_token", "refresh_token": token}
        return self.form(self.config["tokenEndpoint"], **parameters)

    def tokens(self, **changes: str) -> dict:
        status, reply = self.redeem(
            self.code(**changes),
            **{name: value for name, value in changes.items() if name == "redirect_uri"},
        )
        self.assertEqual(status, 200, reply)
        return reply

    def api_status(self, token: str) -> int:
        """The status of a request that only an operator may send, and that has a wrong body."""
        return ask("POST", f"{self.origin}/api/clip", token, "[]")[0]

    def test_a_sign_in_gives_an_operators_tokens(self):
        status, headers, _ = self.authorize()
        self.assertEqual(status, 302)
        page, _, query = headers["location"].partition("?")
        self.assertEqual(page, f"{self.origin}/console")
        answer = parse_qs(query)
        self.assertEqual(answer.keys(), {"code", "state"})
        self.assertEqual(answer["state"], [self.request["state"]])
        status, reply = self.redeem(answer["code"][0])
        self.assertEqual(status, 200, reply)
        self.assertEqual(
            reply.keys(), {"access_token", "id_token", "refresh_token", "token_type", "expires_in"}
        )
        self.assertEqual((reply["token_type"], reply["expires_in"]), ("Bearer", 4))

        access, identity = claims(reply["access_token"]), claims(reply["id_token"])
        self.assertEqual(set(access["scope"].split()), OPERATOR_SCOPES | {"openid"})
        self.assertEqual(access["username"], "operator")
        self.assertEqual((access["token_use"], identity["token_use"]), ("access", "id"))
        self.assertEqual((access["iss"], identity["iss"]), (self.config["issuer"],) * 2)
        self.assertEqual(identity["aud"], self.config["clientId"])
        self.assertEqual(identity["nonce"], self.request["nonce"])
        self.assertEqual(access["exp"] - access["iat"], 4)
        self.assertEqual(self.api_status(reply["access_token"]), 400)
        self.assertEqual(self.api_status(reply["id_token"]), 403)
        eventually(
            lambda: self.api_status(reply["access_token"]) == 401,
            "the access token did not expire",
        )

    def test_the_documents_name_the_endpoints_and_the_key(self):
        with urlopen(f"{self.config['issuer']}/.well-known/openid-configuration") as reply:
            document = json.load(reply)
        for name, field in {
            "issuer": "issuer",
            "authorization_endpoint": "authorizationEndpoint",
            "token_endpoint": "tokenEndpoint",
            "revocation_endpoint": "revocationEndpoint",
            "end_session_endpoint": "logoutEndpoint",
        }.items():
            self.assertEqual(document[name], self.config[field])
        request = Request(document["jwks_uri"], headers={"Origin": "https://app.example"})
        with urlopen(request) as reply:
            self.assertEqual(reply.headers["access-control-allow-origin"], "*")
            (key,) = json.load(reply)["keys"]
        for token in (self.tokens()["id_token"], *self.printed("token")):
            header, body, signature = token.split(".")
            self.assertEqual(json.loads(decode(header))["kid"], key["kid"])
            numbers = [int.from_bytes(decode(key[name])) for name in ("e", "n")]
            RSAPublicNumbers(*numbers).public_key().verify(
                decode(signature), f"{header}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256()
            )

    def test_a_token_has_the_scopes_of_its_users_group_only(self):
        self.assertEqual(set(claims(*self.printed("token"))["scope"].split()), OPERATOR_SCOPES)
        for username, group, scopes in (
            ("viewer", "viewer", {"openid", "matchcut/clips.read"}),
            ("Änne <b>", "operator", OPERATOR_SCOPES | {"openid"}),
        ):
            status, headers, _ = self.authorize(prompt="login")
            self.assertEqual((status, headers["location"][:7]), (302, "/login?"))
            login = self.origin + headers["location"]
            status, headers, page = self.ask("GET", login)
            self.assertEqual(status, 200)
            self.assertNotIn("<script", page)
            self.assertIn("default-src 'none'", headers["content-security-policy"])
            form = urlencode({"username": username, "group": group})
            status, headers, _ = self.ask("POST", login, form)
            code = parse_qs(urlsplit(headers["location"]).query)["code"][0]
            access = claims(self.redeem(code)[1]["access_token"])
            self.assertEqual(access["username"], username)
            self.assertEqual(set(access["scope"].split()), scopes)

            # The next sign-in asks nothing, until the user signs out.
            cookie, _, attributes = headers["set-cookie"].partition(";")
            self.assertIn("HttpOnly", attributes)
            _, headers, _ = self.authorize(cookie)
            code = parse_qs(urlsplit(headers["location"]).query)["code"][0]
            self.assertEqual(claims(self.redeem(code)[1]["access_token"])["username"], username)
            _, headers, _ = self.ask("GET", f"{self.logout_url()}", Cookie=cookie)
            self.assertEqual(headers["location"], f"{self.origin}/console")
            self.assertIn("Max-Age=0", headers["set-cookie"])
            name, _, _ = cookie.partition("=")
            self.assertEqual(headers["set-cookie"].partition("=")[0], name)

        status, _, page = self.ask("POST", login, urlencode({"username": " ", "group": "operator"}))
        self.assertEqual(status, 200)
        self.assertIn("Type a name", page)

    def logout_url(self, **changes: str) -> str:
        parameters = {"client_id": self.config["clientId"], "logout_uri": f"{self.origin}/console"}
        return f"{self.config['logoutEndpoint']}?{urlencode(parameters | changes)}"

    def test_the_login_page_shows_what_it_was_sent_as_text(self):
        markup = "\"><script>alert('x')</script>"
        _, headers, _ = self.authorize(prompt="login", state=markup, login_hint=markup)
        _, _, page = self.ask("GET", self.origin + headers["location"])
        self.assertNotIn("<script", page)
        self.assertIn("&lt;script&gt;alert(&#39;x&#39;)", page)

    def test_nobody_is_redirected_to_an_unregistered_page(self):
        for uri in (
            "https://evil.example/console",
            f"{self.origin}/console/",
            f"{self.origin}/console?x=1",
            f"{self.origin}/consolex",
            f"{self.origin}@evil.example/console",
            f"{self.origin}/console/../assets/console.js",
            "//evil.example/console",
            "/console",
            "javascript:alert(1)",
            None,
        ):
            for refused in (
                self.authorize(redirect_uri=uri),
                self.authorize(redirect_uri=uri, prompt="login"),
                self.authorize(redirect_uri=uri, response_type="token"),
                self.ask("GET", self.logout_url(logout_uri=uri or "")),
            ):
                with self.subTest(uri):
                    status, headers, page = refused
                    self.assertEqual(status, 400)
                    self.assertNotIn("location", headers)
                    self.assertIn("Could not sign in", page)
        for unknown in ("other", None):
            self.assertEqual(self.authorize(client_id=unknown)[0], 400)
        # The login page itself checks the request again.
        uri = quote("https://evil.example", safe="")
        forged = f"{self.origin}/login?{urlencode(self.request)}&redirect_uri={uri}"
        for method, body in (("GET", None), ("POST", "username=operator&group=operator")):
            status, headers, _ = self.ask(method, forged, body)
            self.assertEqual((status, headers["location"]), (400, None))

    def test_a_wrong_authorization_request_is_answered_at_the_redirect_uri(self):
        for changes, expected in (
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"response_type": None}, "invalid_request"),
            ({"code_challenge": None}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"scope": "openid matchcut/everything"}, "invalid_scope"),
        ):
            with self.subTest(expected, **changes):
                status, headers, _ = self.authorize(**changes)
                page, _, query = headers["location"].partition("?")
                self.assertEqual((status, page), (302, f"{self.origin}/console"))
                answer = parse_qs(query)
                self.assertEqual(answer["error"], [expected])
                self.assertEqual(answer["state"], [self.request["state"]])
                self.assertNotIn("code", answer)

    def test_a_code_is_good_for_its_request_only(self):
        def refused(reply: tuple[int, Any], error: str):
            self.assertEqual(reply[0], 400, reply)
            self.assertEqual(reply[1]["error"], error)

        refused(self.redeem("unknown"), "invalid_grant")
        refused(self.redeem(self.code(), code_verifier=secrets.token_urlsafe(32)), "invalid_grant")
        refused(self.redeem(self.code(), code_verifier="short"), "invalid_request")
        refused(self.redeem(self.code(), redirect_uri=f"{self.origin}/w"), "invalid_grant")
        refused(self.redeem(self.code(), client_id="other"), "invalid_client")
        code = self.code()
        refused(self.redeem(code, code_verifier=secrets.token_urlsafe(32)), "invalid_grant")
        refused(self.redeem(code), "invalid_grant")

        # A code that is used twice was stolen, so its session ends.
        code = self.code()
        _, first = self.redeem(code)
        refused(self.redeem(code), "invalid_grant")
        refused(self.refresh(first["refresh_token"]), "invalid_grant")

    def test_a_refresh_token_is_replaced_at_each_use(self):
        first = self.tokens()
        status, second = self.refresh(first["refresh_token"])
        self.assertEqual(status, 200, second)
        self.assertNotEqual(second["refresh_token"], first["refresh_token"])
        self.assertEqual(
            claims(second["access_token"])["scope"], claims(first["access_token"])["scope"]
        )
        self.assertEqual(self.api_status(second["access_token"]), 400)
        for name in ("sub", "aud", "auth_time"):
            self.assertEqual(claims(second["id_token"])[name], claims(first["id_token"])[name])
        # The reuse of the first one ends the session.
        for token in (first, second):
            status, reply = self.refresh(token["refresh_token"])
            self.assertEqual((status, reply["error"]), (400, "invalid_grant"))

    def test_a_revoked_refresh_token_is_worth_nothing(self):
        tokens = self.tokens(redirect_uri=f"{self.origin}/w", scope="openid")
        revoke = self.config["revocationEndpoint"]
        status, reply = self.form(revoke, token=tokens["access_token"])
        self.assertEqual((status, reply["error"]), (400, "unsupported_token_type"))
        self.assertEqual(self.form(revoke, token=tokens["refresh_token"]), (200, None))
        self.assertEqual(self.refresh(tokens["refresh_token"])[1]["error"], "invalid_grant")
        self.assertEqual(self.form(revoke, token="unknown"), (200, None))
        self.assertEqual(self.form(revoke)[1]["error"], "invalid_request")
        self.assertEqual(self.form(revoke, client_id="other")[1]["error"], "invalid_client")

    def test_wrong_token_requests_are_refused(self):
        url = self.config["tokenEndpoint"]
        for parameters, expected in (
            ({}, "invalid_request"),
            ({"grant_type": "password"}, "unsupported_grant_type"),
            ({"grant_type": "client_credentials"}, "unauthorized_client"),
            ({"grant_type": "authorization_code"}, "invalid_request"),
            ({"grant_type": "refresh_token"}, "invalid_request"),
        ):
            with self.subTest(expected, **parameters):
                status, reply = self.form(url, **parameters)
                self.assertEqual((status, reply["error"]), (400, expected))
        json_type = {"Content-Type": "application/json"}
        status, _, reply = self.ask("POST", url, json.dumps({"client_id": "local"}), **json_type)
        self.assertEqual((status, json.loads(reply)["error"]), (400, "invalid_request"))
        basic = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": "Basic bG9jYWw6eA==",
        }
        status, headers, reply = self.ask("POST", url, "grant_type=refresh_token", **basic)
        self.assertEqual((status, json.loads(reply)["error"]), (401, "invalid_client"))
        self.assertEqual(headers["www-authenticate"], "Basic")
