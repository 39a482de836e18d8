//! `PUT /api/rules/{ruleId}`: replaces a rule.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use super::{check_if_match, find_rule, parse_rule, to_reply};
use crate::api::{Problem, ProblemKind, Reply, Request, Route};
use crate::clip::Rule;
use crate::config::{ConfigError, Variables};
use crate::library::Library;
use crate::live::Channels;

/// The route of `replace-rule`.
#[derive(Clone, Debug)]
pub struct ReplaceRule {
    channels: Channels,
    library: Library,
}

impl Route for ReplaceRule {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            channels: variables.parsed("CHANNELS")?,
            library: Library::from_variables(sdk, variables)?,
        })
    }

    async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    /// Replaces all fields of a rule. The rule is for the marks that are received from now on: what it has
    /// made before stays as it is.
    ///
    /// A request that was repeated because its reply was lost finds its own change.
    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let wanted = parse_rule(&request.body()?, &self.channels, request.operator(), now)?;
        let rule = find_rule(&self.library, request).await?;
        if let Err(problem) = check_if_match(request, &rule) {
            let is_repeated = request.matches_edit_digest(&(rule.version - 1).to_string());
            let is_own = is_repeated == Some(true) && has_same_fields(&rule, &wanted);
            return if is_own { Ok(to_reply(&rule)) } else { Err(problem) };
        }
        let next = Rule {
            id: rule.id.clone(),
            version: rule.version + 1,
            created_at: rule.created_at,
            // The clocks of functions differ.
            updated_at: wanted.updated_at.max(rule.updated_at),
            ..wanted
        };
        if !self.library.put_rule(&next, Some(rule.version)).await? {
            let detail = "The rule has been changed since. Get it again, then repeat the change.";
            return Err(Problem::for_field(ProblemKind::PreconditionFailed, "If-Match", detail));
        }
        tracing::info!("rule {} was replaced: {}", next.id, next.name);
        Ok(to_reply(&next))
    }
}

/// Whether two rules are the same but for what the service adds.
fn has_same_fields(rule: &Rule, other: &Rule) -> bool {
    let other = Rule {
        id: rule.id.clone(),
        version: rule.version,
        created_at: rule.created_at,
        updated_at: rule.updated_at,
        ..other.clone()
    };
    *rule == other
}
