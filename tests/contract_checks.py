"""What schemathesis checks of this service beyond what it checks of any."""

import schemathesis

PROBLEM = "urn:matchcut:problem:"

# The operations that may refuse what their schemas allow, and why those cannot say it. All others
# are held to taking it by schemathesis itself: see contract.toml.
REFUSALS = {
    # Which windows there are depends on the stream, which channels on how the service is set up.
    "create-clip": lambda kind, field: "window" in kind or field == "channel",
    # A cursor is opaque, and bound to its list.
    "list-clips": lambda _, field: field == "cursor",
    # How many parts there are depends on the size of the file.
    "list-upload-parts": lambda _, field: field == "from",
    "complete-upload": lambda _, field: field.startswith("parts"),
}


@schemathesis.check
def refused_with_reason(_, response, case):
    """What is refused although the schema allows it is refused for a reason of the table."""
    operation = case.operation.definition.raw["operationId"]
    allowed = case.meta and case.meta.generation.mode.is_positive
    if allowed and operation in REFUSALS and response.status_code in (400, 422):
        problem = response.json()
        kind, field = problem["type"].removeprefix(PROBLEM), problem.get("field", "")
        assert REFUSALS[operation](kind, field), problem["detail"]
