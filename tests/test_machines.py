"""Tests how machines sign in with the credentials of a client, and what they may do."""

import base64
import json
from urllib.parse import urlencode

from authorization import ask, claims
from stand_in import WireTest


class TestMachines(WireTest):
    OPTIONS = (
        "--machine", "newsroom=matchcut/clips.write",
        "--machine", "backend=matchcut/playback.grant,matchcut/clips.read",
    )  # fmt: skip

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.api,) = cls.printed("api")
        cls.url = cls.api.removesuffix("/api") + "/oauth2/token"
        cls.secrets = dict(line.split() for line in cls.printed("machine"))

    def sign_in(self, basic: str | None = None, **form: str) -> tuple[int, dict]:
        """Asks for a token with these fields and, if given, `id:secret` as Basic authorization."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if basic is not None:
            text = base64.b64encode(basic.encode()).decode()
            headers["Authorization"] = f"Basic {text}"
        form = {"grant_type": "client_credentials"} | form
        status, headers, body = ask("POST", self.url, None, urlencode(form), headers)
        self.assertEqual(headers["cache-control"], "no-store")
        return status, json.loads(body)

    def token(self, machine: str, **form: str) -> str:
        status, reply = self.sign_in(f"{machine}:{self.secrets[machine]}", **form)
        self.assertEqual(status, 200, reply)
        self.assertEqual(reply.keys(), {"access_token", "token_type", "expires_in"})
        return reply["access_token"]

    def test_a_machine_signs_in_with_its_secret_and_has_scopes_of_its_own(self):
        token = claims(self.token("newsroom"))
        self.assertEqual(token["scope"], "matchcut/clips.write")
        self.assertEqual((token["sub"], token["client_id"]), ("newsroom", "newsroom"))
        self.assertNotIn("username", token)

        in_form = {"client_id": "backend", "client_secret": self.secrets["backend"]}
        status, reply = self.sign_in(**in_form)
        self.assertEqual(status, 200, reply)
        scopes = claims(reply["access_token"])["scope"]
        self.assertEqual(scopes, "matchcut/playback.grant matchcut/clips.read")
        less = claims(self.token("backend", scope="matchcut/clips.read"))
        self.assertEqual(less["scope"], "matchcut/clips.read")

    def test_a_machine_may_use_the_routes_of_its_scopes_only(self):
        # The body is no object and the library is public, so nothing happens.
        for machine, path, status in (
            ("newsroom", "/clip", 400),
            ("newsroom", "/channels/main/stop", 403),
            ("newsroom", "/competitions/demo/playback", 409),
            ("backend", "/clip", 403),
            ("backend", "/competitions/demo/playback", 409),
        ):
            with self.subTest(f"{machine} {path}"):
                reply = ask("POST", self.api + path, self.token(machine), "[]")
                self.assertEqual(reply[0], status, reply[2])

    def test_a_clip_and_the_log_name_the_machine_that_made_it(self):
        self.window(count=4)
        token = self.token("newsroom")
        body = json.dumps({"lastSeconds": 4})
        status, _, reply = ask("POST", f"{self.api}/clip", token, body)
        self.assertEqual(status, 202, reply)
        self.assertEqual(json.loads(reply)["createdBy"], "newsroom")
        self.assertRegex(self.log.read_text(), r"operator newsroom sent POST /api/clip: status 202")

    def test_a_wrong_client_gets_no_token(self):
        secret = self.secrets["newsroom"]
        for status, error, basic, form in (
            (401, "invalid_client", "newsroom:wrong", {}),
            (401, "invalid_client", f"backend:{secret}", {}),
            (401, "invalid_client", f"other:{secret}", {}),
            (401, "invalid_client", "newsroom", {}),
            (401, "invalid_client", f"newsroom:{secret}", {"client_id": "backend"}),
            (401, "invalid_client", None, {"client_id": "newsroom", "client_secret": "wrong"}),
            (400, "invalid_client", None, {"client_id": "newsroom"}),
            (400, "invalid_scope", f"newsroom:{secret}", {"scope": "matchcut/channels.write"}),
            (400, "unauthorized_client", f"newsroom:{secret}", {"grant_type": "refresh_token"}),
        ):
            with self.subTest(error, basic=basic, **form):
                reply = self.sign_in(basic, **form)
                self.assertEqual((reply[0], reply[1]["error"]), (status, error))
