//! Rules: what is made of marks, and the routes for them and for suggestions.

mod apply_rules;
mod confirm_clip;
mod create_rule;
mod delete_rule;
mod list_rules;
mod preview_rule;
mod reconciliation;
mod replace_rule;
mod rule_request;
mod rule_view;

pub use apply_rules::{ApplyRules, ApplyRulesError};
pub use confirm_clip::ConfirmClip;
pub use create_rule::CreateRule;
pub use delete_rule::DeleteRule;
pub use list_rules::ListRules;
pub use preview_rule::PreviewRule;
pub use replace_rule::ReplaceRule;

use rule_request::parse_rule;
use rule_view::{check_if_match, find_rule, to_json, to_reply};
