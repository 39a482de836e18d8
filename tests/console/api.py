"""Asks the API as an operator, for tests that need clips before they open the console."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from stand_in import StandIn, eventually


def call(
    stand_in: StandIn, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, Any]:
    """Sends a request with the token that the stand-in printed. Returns the status and the body."""
    (token,) = stand_in.printed("token")
    request = Request(f"{stand_in.origin}/api{path}", method=method, headers=headers)
    request.add_header("authorization", f"Bearer {token}")
    if body is not None:
        request.add_header("content-type", "application/json")
        request.data = json.dumps(body).encode()
    try:
        with urlopen(request) as reply:
            text = reply.read()
            return reply.status, json.loads(text) if text else None
    except HTTPError as error:
        return error.code, json.loads(error.read())


def clip_path(clip: dict) -> str:
    """The path of a clip, below `/api`."""
    return f"/competitions/{clip['competition']}/clips/{clip['clip']}"


def changed_clips(stand_in: StandIn, competition: str = "demo") -> list[dict]:
    """The newest clips in every state, deleted ones too."""
    status, page = call(stand_in, "GET", f"/competitions/{competition}/changes")
    assert status == 200, page
    return page["clips"]


def wait_until_on_air(stand_in: StandIn, seconds: float) -> datetime:
    """Waits until the stream has been on air for some time. Returns the live edge."""

    def read_edge() -> datetime | None:
        _, reply = call(stand_in, "GET", "/channels")
        window = reply["channels"][0].get("window")
        if window is None:
            return None
        start, end = (datetime.fromisoformat(window[name]) for name in ("start", "end"))
        return end if end - start >= timedelta(seconds=seconds) else None

    return eventually(read_edge, f"the stream was not on air for {seconds} s")


def cut(stand_in: StandIn, seconds: float = 4, ahead: float = 0, **fields: object) -> dict:
    """Cuts the last seconds on air, or a window that ends some seconds ahead of the live edge."""
    edge = wait_until_on_air(stand_in, seconds)
    end = (edge + timedelta(seconds=ahead)).astimezone(UTC)
    window = {"start": (edge - timedelta(seconds=seconds)).isoformat(), "end": end.isoformat()}
    status, clip = call(stand_in, "POST", "/clip", window | fields)
    assert status == 202, clip
    return clip


def wait_for_status(stand_in: StandIn, clip: dict, status: str) -> dict:
    """Waits until a clip has a status. Returns the clip."""

    def read() -> dict | None:
        _, shown = call(stand_in, "GET", clip_path(clip))
        return shown if shown.get("status") == status else None

    return eventually(read, f"the clip was not {status}")
