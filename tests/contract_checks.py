"""A check that schemathesis makes besides its own: refusals have a reason."""

from typing import Any

import schemathesis

PROBLEM = "urn:matchcut:problem:"

# Operations that may refuse a request that their schema allows, with the reasons that a schema
# cannot express. For all other operations schemathesis fails on such a refusal: see contract.toml.
REFUSALS = {
    # The windows depend on the stream, and the channels on the settings.
    "create-clip": lambda kind, field: (
        "window" in kind or field.startswith("channel") or depends_on_time(kind, field)
    ),
    # The ids are those of clips of the library, and so are the tags.
    "create-reel": lambda kind, field: (
        kind == "nothing-selected" or field.startswith("clips[") or depends_on_time(kind, field)
    ),
    # A tag must name a language, a text must have captions, and captions must differ.
    "create-upload": lambda kind, field: (
        field == "defaultSound" or field.startswith("captions[") or depends_on_time(kind, field)
    ),
    # The clip may have changed since the client read its ETag.
    "update-clip": lambda kind, field: (
        kind == "precondition-failed" or "window" in kind or depends_on_time(kind, field)
    ),
    # A cursor is opaque, and valid for one list only.
    "list-clips": lambda _, field: field == "cursor",
    "list-changes": lambda _, field: field == "cursor",
    # The URL must be one of this service.
    "describe-embed": lambda _, field: field == "url",
    # The times depend on the stream, and exclude each other.
    "create-mark": lambda kind, field: (
        kind == "mark-outside-stream" or field in ("end", "behindSeconds")
    ),
    # The lengths together, the channels and the placeholders of templates have rules of their own.
    "create-rule": lambda _, field: is_rule_refusal(field),
    "replace-rule": lambda kind, field: kind == "precondition-failed" or is_rule_refusal(field),
    "preview-rule": lambda _, field: (
        field in ("channel", "from", "to") or is_rule_refusal(field.removeprefix("rule."))
    ),
    # A cursor has the form of an id, and the time of an id exists.
    "list-marks": lambda _, field: field == "cursor",
    # The number of parts depends on the size of the file.
    "list-upload-parts": lambda _, field: field == "from",
    "complete-upload": lambda _, field: field.startswith("parts"),
}
# Statuses that do not refuse the request itself, but its token, its rate, or the state of a clip.
IGNORED_STATUSES = (401, 403, 404, 409, 429)


def is_rule_refusal(field: str) -> bool:
    """Says whether a schema cannot express why a field of a rule is refused."""
    return field in ("afterSeconds", "title") or field.startswith(("channels[", "clipTags["))


def depends_on_time(kind: str, field: str) -> bool:
    """Says whether a refusal depends on the time or on earlier requests."""
    return field == "expiresAt" or kind in ("idempotency-key-reused", "clip-gone")


@schemathesis.check
def refused_with_reason(_: Any, response: Any, case: Any) -> None:
    """Fails if a request that the schema allows is refused for a reason not in the table."""
    operation = case.operation.definition.raw["operationId"]
    allowed = case.meta and case.meta.generation.mode.is_positive
    status = response.status_code
    refused = 400 <= status < 500 and status not in IGNORED_STATUSES
    if allowed and operation in REFUSALS and refused:
        problem = response.json()
        kind, field = problem["type"].removeprefix(PROBLEM), problem.get("field", "")
        assert REFUSALS[operation](kind, field), problem["detail"]
