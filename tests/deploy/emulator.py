"""Runs MiniStack, a third-party AWS emulator, on loopback, with TLS and enforced IAM policies."""

import datetime
import ipaddress
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stand_in import eventually

ACCOUNT = "000000000000"
REGION = "us-east-1"
# The emulator's host names that the tests use.
HOSTS = "localhost", "*.cloudfront.net", f"*.auth.{REGION}.amazoncognito.com"


class Emulator:
    """A running MiniStack."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir()
        certificate, key = make_certificates(folder)
        self.authority = folder / "authority.pem"
        # The emulator gets its ports and their sockets at its start. Its API Gateway reads the keys
        # of its Cognito through the plain port, because it cannot use TLS for that.
        listener, plain = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
        self.port = listener.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}"
        self.plain_url = f"http://127.0.0.1:{plain.getsockname()[1]}"
        self.gateway = f"https://localhost:{self.port}"
        self.log = folder / "ministack.log"
        command = [sys.executable, "-m", "hypercorn", "ministack.app:app", "--workers", "0"]
        command += [
            "--bind",
            f"fd://{listener.fileno()}",
            "--insecure-bind",
            f"fd://{plain.fileno()}",
        ]
        command += ["--certfile", certificate, "--keyfile", key, "--keep-alive", "75"]
        settings = {
            "AUTH": "true",
            "GATEWAY_PORT": str(plain.getsockname()[1]),
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(certificate),
            "MINISTACK_SSL_KEY": str(key),
            "LAMBDA_EXECUTOR": "local",
            "IOT_MTLS_ENABLED": "0",
            "TMPDIR": str(folder),
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=self.environment | settings,
                pass_fds=[listener.fileno(), plain.fileno()],
                stdout=log,
                stderr=log,
            )
        listener.close()
        plain.close()

    @property
    def environment(self) -> dict[str, str]:
        """The environment for AWS SDKs, with the credentials of the account's root user."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        trust = dict.fromkeys(
            ("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"), str(self.authority)
        )
        return (
            kept
            | trust
            | {
                "AWS_ENDPOINT_URL": self.url,
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
            }
        )

    def wait(self):
        def answers() -> bool:
            if self.process.poll() is not None:
                raise AssertionError(f"the emulator exited: {self.log.read_text()}")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        eventually(answers, "the emulator did not answer")
        self.client("sts").get_caller_identity()

    def client(
        self, service: str, credentials: dict[str, str] | None = None, url: str | None = None
    ) -> Any:
        """Creates a client of a service, by default with the credentials of the root user."""
        keys = credentials or {"AccessKeyId": "test", "SecretAccessKey": "test"}
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=url or self.url,
            verify=str(self.authority),
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
            config=Config(retries={"max_attempts": 0}),
        )

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        finally:
            self.process.kill()
            self.process.wait()


def make_certificates(folder: Path) -> tuple[Path, Path]:
    """Creates a certificate authority for this run, and the emulator's certificate."""
    now = datetime.datetime.now(datetime.UTC)

    def sign(
        name: x509.Name,
        public_key: ec.EllipticCurvePublicKey,
        issuer: x509.Name,
        issuer_key: ec.EllipticCurvePrivateKey,
        extensions: list[tuple[x509.ExtensionType, bool]],
    ) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def common_name(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])

    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = common_name("Authority of a test")
    names = [x509.DNSName(host) for host in HOSTS] + [
        x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    ]
    pem = sign(
        authority,
        authority_key.public_key(),
        authority,
        authority_key,
        [(x509.BasicConstraints(ca=True, path_length=0), True)],
    )
    (folder / "authority.pem").write_bytes(pem)
    pem = sign(
        common_name("Emulator"),
        key.public_key(),
        authority,
        authority_key,
        [(x509.SubjectAlternativeName(names), False)],
    )
    (folder / "certificate.pem").write_bytes(pem)
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "certificate.pem", folder / "key.pem"
