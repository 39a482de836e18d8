"""Deploys the stack Vod with the cdk command to the emulator, next to the stand-in."""

import atexit
import contextlib
import functools
import json
import os
import re
import secrets
import shutil
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

from authorization import MACHINE, MACHINE_SCOPE, ask
from emulator import ACCOUNT, REGION, Emulator
from stand_in import ENDPOINT, PROGRAM, ROOT, eventually
from subscriber import Subscriber

CONSOLE = Path(os.environ.get("CONSOLE", ROOT / "console/dist")).absolute()
FUNCTIONS = Path(os.environ.get("FUNCTIONS", ROOT / "target/lambda-proof")).absolute()
CDK = ROOT / "cdk"
# The live origin's host in the settings. A deployment accepts only https origins.
LIVE_HOST = "live.stand-in.test"
SUBSCRIBER_HOST = "newsroom.test"
ALARM = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:stand-in"
PASSWORD = "Correct-horse-1"


class Deployment:
    """An emulator and a stand-in. Both stop at the end of the process at the latest."""

    def __init__(self):
        cleanup = contextlib.ExitStack()
        self.stop = cleanup.close
        atexit.register(self.stop)
        folder = self.folder = Path(tempfile.mkdtemp(prefix="matchcut-proof-"))
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        self.emulator = Emulator(folder / "ministack")
        cleanup.callback(self.emulator.stop)
        self.emulator.wait()
        identifier = secrets.token_hex(16)
        self.identifier_secret = self.client("secretsmanager").create_secret(
            Name="live-origin", SecretString=json.dumps({"MediaPackageCDNIdentifier": identifier})
        )["ARN"]
        self.elemental = Elemental(folder, self.emulator.environment, identifier)
        cleanup.callback(self.elemental.stop)
        self.elemental.wait()
        self.subscriber = Subscriber()
        cleanup.callback(self.subscriber.stop)
        self.webhook_secret = self.client("secretsmanager").create_secret(
            Name="newsroom-hook", SecretString=self.subscriber.secret
        )["ARN"]
        proxy = Proxy(self.emulator.port)
        cleanup.callback(proxy.stop)
        self.proxy = proxy.url
        trust = ssl.create_default_context(cafile=self.emulator.authority)
        self.opener = build_opener(ProxyHandler({"https": self.proxy}), HTTPSHandler(context=trust))
        self.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}")

    def write_settings(self, others: dict):
        origin = self.elemental.origin
        manifest = self.elemental.live.replace(origin, f"https://{LIVE_HOST}")
        endpoint = {
            "id": ENDPOINT,
            "manifest": manifest,
            "cdnIdentifierSecretArn": self.identifier_secret,
        }
        settings = {
            "region": REGION,
            "account": ACCOUNT,
            "functions": str(FUNCTIONS),
            "console": str(CONSOLE),
            "channels": [{"id": "main", "competition": "demo", "originEndpoint": endpoint}],
            "webhooks": [
                {
                    "name": "newsroom",
                    "url": f"https://{SUBSCRIBER_HOST}/clips",
                    "secretArn": self.webhook_secret,
                }
            ],
            "marksWebhookSecretArn": self.webhook_secret,
            "machines": [{"name": MACHINE, "scopes": [MACHINE_SCOPE]}],
            "keepData": False,
            # Deleted clips are removed at once.
            "trashDays": 0,
        } | others
        stand_in = {
            "gateway": self.emulator.gateway,
            "resources": {
                "AWS::MediaPackage::PackagingGroup": {"Ref": "default", "DomainName": origin},
                "AWS::CloudFront::PublicKey": {"Ref": "KSTANDIN"},
                "AWS::CloudFront::KeyGroup": {"Ref": "stand-in"},
                "AWS::CloudWatch::Alarm": {"Arn": ALARM},
                "AWS::CloudWatch::CompositeAlarm": {"Arn": ALARM},
            },
            "eventSources": {
                f"aws.{name}": f"standin.{name}" for name in ("mediapackage", "mediaconvert")
            },
            "environment": self.elemental.environment,
            "origins": {LIVE_HOST: origin, SUBSCRIBER_HOST: self.subscriber.url},
        }
        (self.folder / "settings.json").write_text(json.dumps(settings))
        (self.folder / "emulator.json").write_text(json.dumps(stand_in))

    def cdk(self, *arguments: str | Path, **settings: object) -> str:
        """Runs the cdk command. Returns its output."""
        self.write_settings(settings)
        given = [f"settings={self.folder}/settings.json", f"emulator={self.folder}/emulator.json"]
        context = [option for pair in given for option in ("-c", pair)]
        command = [CDK / "node_modules/.bin/cdk", *arguments, "--output", self.folder / "cdk.out"]
        return self.run(*command, *context)

    def run(self, *command: str | Path) -> str:
        """Runs a command in the folder of the CDK app. Returns its output."""
        environment = self.emulator.environment | self.elemental.environment
        environment |= {"CI": "true", "CDK_DISABLE_CLI_TELEMETRY": "true"}
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        ran = subprocess.run(command, cwd=CDK, env=environment, **output)
        if ran.returncode != 0:
            raise AssertionError(f"{command} failed: {ran.stdout[-5000:]}")
        return ran.stdout

    def deploy(self, **settings: object) -> str:
        """Deploys the stack with additional settings. Returns the output of cdk."""
        outputs = self.folder / "outputs.json"
        options = ["--require-approval", "never", "--outputs-file", outputs]
        printed = self.cdk("deploy", "Vod", *options, **settings)
        (self.outputs,) = json.loads(outputs.read_text()).values()
        return printed

    def publish(self, **settings: object) -> str:
        """Uploads the pages with additional settings. Returns the output of the tool."""
        self.write_settings(settings)
        given = ["-c", f"settings={self.folder}/settings.json", "--pages-only"]
        return self.run("node", "--import", "tsx", "tools/deploy.ts", *given)

    def client(self, service: str, *arguments: Any, **options: Any) -> Any:
        return self.emulator.client(service, *arguments, **options)

    def ask(
        self, method: str, path: str, token: str | None = None, body: object = None
    ) -> tuple[int, Any, str | None]:
        """Sends a request to the API. Returns the status, the JSON and the `location`."""
        status, headers, reply = self.send(method, path, token, body)
        return status, reply, headers["Location"]

    def send(
        self,
        method: str,
        path: str,
        token: str | None = None,
        body: object = None,
        **headers: str,
    ) -> tuple[int, Message, Any]:
        """Sends a request to the API. Returns the status, the headers and the JSON, if any."""
        body = body if body is None else json.dumps(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{self.outputs['ApiUrl']}{path}"
        status, received, text = ask(method, url, token, body, sent, opener=self.opener)
        return status, received, json.loads(text) if text else None

    def sign_in(self, group: str) -> dict[str, str]:
        """Signs in a user of a group, and creates the user if needed. Returns the tokens."""
        users, pool = self.client("cognito-idp"), {"UserPoolId": self.outputs["UserPoolId"]}
        user = pool | {"Username": f"{group}@example.com"}
        with contextlib.suppress(users.exceptions.UsernameExistsException):
            users.admin_create_user(**user, MessageAction="SUPPRESS")
            users.admin_set_user_password(**user, Password=PASSWORD, Permanent=True)
            users.admin_add_user_to_group(**user, GroupName=group)
        return users.admin_initiate_auth(
            **pool,
            ClientId=self.outputs["OperatorClientId"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": user["Username"], "PASSWORD": PASSWORD},
        )["AuthenticationResult"]


class Elemental:
    """Our stand-in for AWS Elemental. It uses the buckets and the event bus of the emulator.

    Its live origin requires the CDN identifier.
    """

    def __init__(self, folder: Path, environment: dict[str, str], identifier: str):
        if not PROGRAM.exists():
            raise AssertionError(f"{PROGRAM} was not found: `make test-deploy` builds it")
        self.log = folder / "elemental.log"
        with self.log.open("w") as log:
            command = [PROGRAM, "--elemental-only", "--port", "0", "--data-dir", folder / "data"]
            command += ["--cdn-identifier", identifier, "--print-env"]
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log
            )

    def printed(self, name: str) -> list[str]:
        text = self.log.read_text()
        if self.process.poll() is not None:
            raise AssertionError(f"the stand-in exited: {text}")
        return re.findall(rf"^{name}\b *(.*)\n", text, re.MULTILINE)

    def wait(self):
        eventually(lambda: self.printed("ready"), "the stand-in was not ready")

    @property
    def live(self) -> str:
        return self.printed("live")[0]

    @property
    def origin(self) -> str:
        return self.live.split("/out/")[0]

    @property
    def environment(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.printed("env"))

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        finally:
            self.process.kill()
            self.process.wait()


class Proxy:
    """Connects every host to the emulator, so that viewers can use the real URLs."""

    def __init__(self, port: int):
        class Connection(socketserver.StreamRequestHandler):
            def handle(self):
                request = self.rfile.readline()
                while self.rfile.readline().strip():
                    pass
                if not request.startswith(b"CONNECT "):
                    self.wfile.write(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n")
                    return
                self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                with socket.create_connection(("127.0.0.1", port)) as emulator:
                    back = threading.Thread(
                        target=copy, args=(emulator, self.connection), daemon=True
                    )
                    back.start()
                    copy(self.connection, emulator)
                    back.join()

        def copy(source: socket.socket, sink: socket.socket):
            with contextlib.suppress(OSError):
                while data := source.recv(1 << 16):
                    sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connection)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@functools.cache
def deployed() -> Deployment:
    """The deployment that the tests share."""
    deployment = Deployment()
    deployment.deploy()
    return deployment
