"""The table of who may do what, on this machine."""

import base64
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from authorization import AuthorizationTable
from stand_in import WireTest


class TestAuthorization(AuthorizationTable, WireTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.api,) = cls.printed("api")
        (operator,), (viewer,) = cls.printed("token"), cls.printed("viewer")
        key = (cls.log.parent / "data/issuer.der").read_bytes()
        key = serialization.load_der_private_key(key, password=None)
        claims = read(operator)
        identity = {name: claims[name] for name in ("sub", "iss", "iat", "exp")}
        cls.tokens = {
            "viewer": viewer,
            "operator": operator,
            "expired": sign(key, claims | {"exp": int(time.time()) - 1}),
            "stranger": sign(key, claims | {"iss": "https://issuer.example"}),
            "identity": sign(key, identity | {"aud": claims["client_id"], "token_use": "id"}),
        }


def read(token):
    """The claims of a token."""
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def sign(key, claims):
    parts = [encode(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "RS256"}, claims)]
    signature = key.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
    return ".".join([*parts, encode(signature)])


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
