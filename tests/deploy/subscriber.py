"""A subscriber: a third-party system that gets webhook messages."""

import json
import secrets
import threading
from base64 import b64encode
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook


class Subscriber:
    """Keeps the messages with a valid signature. Can refuse the first attempts."""

    def __init__(self):
        self.secret = f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"
        self.received = []
        self.invalid = []
        # How many messages are answered with 503 before one is accepted, by the clip's title.
        self.refusals = {}
        subscriber = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(subscriber.receive(self.path, self.headers, body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def receive(self, path: str, headers: Message, body: bytes) -> int:
        lower_case = {name.lower(): value for name, value in headers.items()}
        try:
            Webhook(self.secret).verify(body, lower_case)
        except Exception as error:
            self.invalid.append((path, error))
            return 401
        message = json.loads(body)
        title = message["data"]["meta"]["title"]
        if self.refusals.get(title, 0) > 0:
            self.refusals[title] -= 1
            return 503
        self.received.append((lower_case["webhook-id"], message))
        return 204

    def messages_about(self, clip: dict) -> dict[str, dict]:
        """The messages about a clip, by `webhook-id`."""
        return {
            webhook_id: message
            for webhook_id, message in self.received
            if message["data"]["clip"] == clip["clip"]
        }

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
