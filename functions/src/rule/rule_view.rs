//! The JSON of a rule, and its version as an entity tag.

use serde_json::{Value, json};

use crate::api::{Problem, ProblemKind, Reply, Request};
use crate::clip::{Rule, format_utc};
use crate::library::Library;

/// Shows a rule.
pub(super) fn to_json(rule: &Rule) -> Value {
    let mut shown = serde_json::to_value(rule).expect("a rule can be formatted as JSON");
    shown["createdAt"] = json!(format_utc(rule.created_at));
    shown["updatedAt"] = json!(format_utc(rule.updated_at));
    shown["etag"] = json!(format_entity_tag(rule));
    shown
}

/// The reply to a change, with the entity tag that the next one needs.
pub(super) fn to_reply(rule: &Rule) -> Reply {
    Reply::json(200, &to_json(rule)).with_entity_tag(format_entity_tag(rule))
}

/// Finds the rule that the path names.
pub(super) async fn find_rule(library: &Library, request: &Request) -> Result<Rule, Problem> {
    let id = request.path_parameter("ruleId").map_err(|_| rule_not_found())?;
    library.find_rule(&id).await?.ok_or_else(rule_not_found)
}

pub(super) fn rule_not_found() -> Problem {
    let detail = "There is no rule with this id. GET /api/rules lists the rules.";
    Problem::for_field(ProblemKind::NotFound, "ruleId", detail)
}

/// Checks `If-Match` against the version of a rule.
pub(super) fn check_if_match(request: &Request, rule: &Rule) -> Result<(), Problem> {
    match request.matches_edit_digest(&rule.version.to_string()) {
        Some(true) => Ok(()),
        Some(false) => {
            let detail = "The rule has been changed since. Get it again, then repeat the change.";
            Err(Problem::for_field(ProblemKind::PreconditionFailed, "If-Match", detail))
        }
        None => {
            let detail = "Send If-Match with the ETag of the rule, so that no other change is \
                          overwritten.";
            Err(Problem::for_field(ProblemKind::PreconditionRequired, "If-Match", detail))
        }
    }
}

fn format_entity_tag(rule: &Rule) -> String {
    format!("\"{}\"", rule.version)
}
