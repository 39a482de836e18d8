"""A subscriber: another system whose webhook gets a message for each change of a clip."""

import json
import secrets
import threading
from base64 import b64encode
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook


class Subscriber:
    """Keeps messages with a valid signature. Can answer 503 to the first tries."""

    def __init__(self):
        self.secret = f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"
        self.messages = []
        self.forged = []
        # The number of tries to answer with 503, by the title of the clip.
        self.refusals = {}
        subscriber = self

        class Call(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(subscriber.receive(self.path, self.headers, body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Call)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def receive(self, path: str, headers: Message, body: bytes) -> int:
        """Verifies and keeps a message. Returns the status of the reply."""
        lower_case = {name.lower(): value for name, value in headers.items()}
        try:
            Webhook(self.secret).verify(body, lower_case)
        except Exception as fault:
            self.forged.append((path, fault))
            return 401
        call = json.loads(body)
        title = call["data"]["meta"]["title"]
        if self.refusals.get(title, 0) > 0:
            self.refusals[title] -= 1
            return 503
        self.messages.append((lower_case["webhook-id"], call))
        return 204

    def messages_about(self, clip: dict) -> dict[str, dict]:
        """Returns the messages about a clip, by message id."""
        return {
            call_id: call for call_id, call in self.messages if call["data"]["clip"] == clip["clip"]
        }

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
