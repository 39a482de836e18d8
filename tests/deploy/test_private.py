"""A private library, whose clips need cookies signed by the deployed function."""

import base64
import json
import secrets
import time
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from authorization import ask
from clips import ClipTest
from deployment import Deployment
from emulator import ACCOUNT


class TestPrivate(ClipTest):
    @classmethod
    def setUpClass(cls):
        deployment = Deployment()
        cls.addClassCleanup(deployment.stop)
        cls.key = ec.generate_private_key(ec.SECP256R1())
        text = cls.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        secret = json.dumps({"privateKey": text.decode(), "sealKey": secrets.token_hex(32)})
        public = cls.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        made = deployment.client("secretsmanager").create_secret(
            Name="playback", SecretString=secret
        )
        # A private library needs a domain. MiniStack serves a distribution at its own host only, so
        # that host is the domain of the second deployment.
        deployment.deploy()
        deployment.deploy(
            viewerAccess="private",
            domain=urlsplit(deployment.outputs["ApiUrl"]).hostname,
            certificateArn=f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/clips",
            playbackKeySecretArn=made["ARN"],
            playbackPublicKey=public.decode(),
        )
        cls.use(deployment)
        cls.viewer = deployment.sign_in("viewer")["AccessToken"]

    def test_a_viewer_gets_cookies_for_one_competition(self):
        url = f"{self.deployment.outputs['ApiUrl']}/api/competitions/demo/playback"
        status, headers, _ = ask("POST", url, self.viewer, opener=self.deployment.opener)
        self.assertEqual(status, 200)
        cookies = SimpleCookie()
        for cookie in headers.get_all("Set-Cookie"):
            cookies.load(cookie)
        policy = decode(cookies["CloudFront-Policy"].value)
        signature = decode(cookies["CloudFront-Signature"].value)
        self.key.public_key().verify(signature, policy, ec.ECDSA(hashes.SHA256()))
        (statement,) = json.loads(policy)["Statement"]
        folder = f"{self.deployment.outputs['VodBaseUrl']}/private/demo/"
        self.assertEqual(statement["Resource"], f"{folder}*")
        until = statement["Condition"]["DateLessThan"]["AWS:EpochTime"]
        self.assertAlmostEqual(until, time.time() + 12 * 3600, delta=60)

    def test_the_pages_know_that_the_library_is_private(self):
        self.deployment.publish()
        status, config, _ = self.deployment.ask("GET", "/config.json")
        self.assertEqual((status, config["private"]), (200, True))

    def test_media_needs_the_seal_of_its_competition(self):
        listed = self.wait_until_listed(clip := self.create_clip(lastSeconds=4), 50)
        manifest = listed["manifests"]["hls"]
        self.assert_plays(manifest, clip["actual"]["durationSeconds"])

        base = self.deployment.outputs["VodBaseUrl"]
        competition, seal, path = manifest.removeprefix(f"{base}/private/").split("/", 2)
        self.assertEqual(competition, "demo")
        for wrong in (
            f"{base}/private/another/{seal}/{path}",
            f"{base}/private/demo/{seal[::-1]}/{path}",
            f"{base}/{path}",
        ):
            with self.subTest(wrong):
                self.assertIn(self.get(wrong)[0], (403, 404))


def decode(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "=").replace("~", "/"))
