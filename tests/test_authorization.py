"""Tests which caller may use which route of the stand-in."""

import base64
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from authorization import MACHINE, MACHINE_SCOPE, AuthorizationTable, sign_in_machine
from stand_in import WireTest


class TestAuthorization(AuthorizationTable, WireTest):
    OPTIONS = ("--machine", f"{MACHINE}={MACHINE_SCOPE}")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.api,) = cls.printed("api")
        (operator,), (viewer,) = cls.printed("token"), cls.printed("viewer")
        (machine,) = cls.printed("machine")
        der = (cls.log.parent / "data/issuer.der").read_bytes()
        key = serialization.load_der_private_key(der, password=None)
        claims = read_claims(operator)
        identity = {name: claims[name] for name in ("sub", "iss", "iat", "exp")}
        cls.tokens = {
            "viewer": viewer,
            "operator": operator,
            "machine": sign_in_machine(f"{claims['iss']}/oauth2/token", *machine.split()),
            "expired": sign_token(key, claims | {"exp": int(time.time()) - 1}),
            "stranger": sign_token(key, claims | {"iss": "https://issuer.example"}),
            "identity": sign_token(key, identity | {"aud": claims["client_id"], "token_use": "id"}),
        }


def read_claims(token: str) -> dict:
    """Reads the claims of a token."""
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def sign_token(key: RSAPrivateKey, claims: dict) -> str:
    """Makes a token with these claims."""
    parts = [
        to_base64(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "RS256"}, claims)
    ]
    signature = key.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
    return ".".join([*parts, to_base64(signature)])


def to_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
