"""What schemathesis checks of this service beyond what it checks of any."""

import schemathesis

PROBLEM = "urn:matchcut:problem:"

# The operations that may refuse what their schemas allow, and why those cannot say it. All others
# are held to taking it by schemathesis itself: see contract.toml.
REFUSALS = {
    # Which windows there are depends on the stream, which channels on how the service is set up.
    "create-clip": lambda kind, field: "window" in kind or field == "channel" or known(kind, field),
    "create-upload": lambda kind, field: known(kind, field),
    # An ETag names what the sender has seen of the clip, which may have changed since.
    "update-clip": lambda kind, field: kind == "precondition-failed" or known(kind, field),
    # A cursor is opaque, and bound to its list.
    "list-clips": lambda _, field: field == "cursor",
    # How many parts there are depends on the size of the file.
    "list-upload-parts": lambda _, field: field == "from",
    "complete-upload": lambda _, field: field.startswith("parts"),
}
# What schemathesis takes for no refusal of the request itself: its token, or that a thing is not
# there or in another state.
NO_REFUSALS = (401, 403, 404, 409, 429)


def known(kind, field):
    """What depends on the time, and on the requests before."""
    return field == "expiresAt" or kind in ("idempotency-key-reused", "clip-gone")


@schemathesis.check
def refused_with_reason(_, response, case):
    """What is refused although the schema allows it is refused for a reason of the table."""
    operation = case.operation.definition.raw["operationId"]
    allowed = case.meta and case.meta.generation.mode.is_positive
    refused = 400 <= response.status_code < 500 and response.status_code not in NO_REFUSALS
    if allowed and operation in REFUSALS and refused:
        problem = response.json()
        kind, field = problem["type"].removeprefix(PROBLEM), problem.get("field", "")
        assert REFUSALS[operation](kind, field), problem["detail"]
