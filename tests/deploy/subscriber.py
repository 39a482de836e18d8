"""A system of somebody else's that is told of changes of clips by calls to its webhook."""

import json
import secrets
import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook


class Subscriber:
    """Keeps what it is told, once its signature was verified; refuses the first tries if asked to."""

    def __init__(self):
        self.secret = f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"
        self.told = []
        self.forged = []
        # How many calls about a clip are answered 503 before one is taken, by the clip's title.
        self.refusals = {}
        subscriber = self

        class Call(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(subscriber.take(self.path, self.headers, body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Call)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path, headers, body):
        headers = {name.lower(): value for name, value in headers.items()}
        try:
            Webhook(self.secret).verify(body, headers)
        except Exception as fault:
            self.forged.append((path, fault))
            return 401
        call = json.loads(body)
        title = call["data"]["meta"]["title"]
        if self.refusals.get(title, 0) > 0:
            self.refusals[title] -= 1
            return 503
        self.told.append((headers["webhook-id"], call))
        return 204

    def of(self, clip):
        """What it was told of a clip, by the id of the call."""
        return {
            call_id: call for call_id, call in self.told if call["data"]["clip"] == clip["clip"]
        }

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
