"""Runs the programs of docs/app.md as they are written there."""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.request import Request

from stand_in import ROOT, WireTest, eventually, get

PAGE = (ROOT / "docs/app.md").read_text()
# Not only ASCII, because the signature covers bytes.
TITLE = "Läufer über 100 m"
WRITTEN_ADDRESS = "http://127.0.0.1:8080"


def programs(language: str) -> list[str]:
    """The programs of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


class Subscriber(BaseHTTPRequestHandler):
    """Keeps the messages that it gets, with their headers."""

    received: list[tuple[dict[str, str], bytes]]

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.received.append((dict(self.headers), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object):
        pass


class TestWebhookReceivers(WireTest):
    @classmethod
    def setUpClass(cls):
        handler = type("OneSubscriber", (Subscriber,), {"received": []})
        server = HTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        cls.received = handler.received
        cls.OPTIONS = ("--webhook", f"http://127.0.0.1:{server.server_port}/")
        super().setUpClass()
        (printed,) = cls.printed("webhook")
        cls.secret = printed.split(" ")[1]
        cls.message = cls.signed_message()

    @classmethod
    def signed_message(cls) -> tuple[dict[str, str], bytes]:
        """Cuts a clip, and returns the first message about it."""
        cls.window(4)
        (api,), (token,) = cls.printed("api"), cls.printed("token")
        body = json.dumps({"lastSeconds": 4, "title": TITLE}).encode()
        request = Request(f"{api}/clip", body)
        request.add_header("authorization", f"Bearer {token}")
        status, body = get(request)
        if status != 202:
            raise AssertionError(f"POST /api/clip answered {status}: {body}")
        eventually(lambda: cls.received, "no webhook message arrived")
        return cls.received[0]

    def check_receiver(self, name: str, command: list[str], program: str):
        """Starts a receiver, and sends it a signed message and messages that are not genuine."""
        with tempfile.TemporaryDirectory() as folder:
            file, log = Path(folder, name), Path(folder, "log")
            file.write_text(program)
            unused = "whsec_" + "A" * 32
            environment = os.environ | {"PORT": "0", "WEBHOOK_SECRET": f"{unused} {self.secret}"}
            with log.open("w") as output:
                receiver = subprocess.Popen(
                    [*command, file], env=environment, stdout=output, stderr=output
                )
            self.addCleanup(receiver.wait)
            self.addCleanup(receiver.kill)

            def port() -> str | None:
                found = re.search(r"^port (\d+)$", log.read_text(), re.MULTILINE)
                return found and found[1]

            url = f"http://127.0.0.1:{eventually(port, f'{name} did not listen')}/"
            headers, body = self.message
            headers = {name: value for name, value in headers.items() if name.startswith("webhook")}

            def send(sent: bytes = body, **changes: str) -> int:
                return get(Request(url, sent, headers | changes))[0]

            self.assertEqual(send(), 204)
            self.assertEqual(send(body.replace(b"100 m", b"200 m")), 401)
            old = str(int(time.time()) - 400)
            self.assertEqual(send(**{"webhook-timestamp": old}), 401)
            self.assertEqual(send(**{"webhook-timestamp": "soon"}), 401)
            self.assertEqual(send(**{"webhook-id": "msg_other"}), 401)
            self.assertEqual(send(**{"webhook-signature": "v1,AAAA"}), 401)
            self.assertEqual(get(Request(url, body))[0], 401)
            pattern = rf"^clip\.\w+ demo \d{{14}}_\d{{14}}_\w{{6}} {TITLE}$"
            found = re.findall(pattern, log.read_text(), re.MULTILINE)
            self.assertEqual(len(found), 1, log.read_text())

    def test_the_node_receiver_accepts_genuine_messages_only(self):
        (program,) = (it for it in programs("js") if "createHmac" in it)
        self.check_receiver("receiver.mjs", ["node"], program)

    def test_the_python_receiver_accepts_genuine_messages_only(self):
        (program,) = programs("python")
        self.check_receiver("receiver.py", [sys.executable], program)
