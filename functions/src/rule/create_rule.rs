//! `POST /api/rules`: creates a rule.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use super::{parse_rule, to_json};
use crate::api::{Problem, ProblemKind, Reply, Request, Route};
use crate::config::{ConfigError, Variables};
use crate::library::{Library, MAX_RULES};
use crate::live::Channels;

/// The route of `create-rule`.
#[derive(Clone, Debug)]
pub struct CreateRule {
    channels: Channels,
    library: Library,
}

impl Route for CreateRule {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            channels: variables.parsed("CHANNELS")?,
            library: Library::from_variables(sdk, variables)?,
        })
    }

    async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    /// Creates a rule. It is for the marks that are received from now on.
    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let rule = parse_rule(&request.body()?, &self.channels, request.operator(), now)?;
        if self.library.list_rules().await?.len() >= MAX_RULES {
            let detail = format!("There are {MAX_RULES} rules, which is the limit. Delete one.");
            return Err(Problem::new(ProblemKind::TooManyRules, detail));
        }
        if !self.library.put_rule(&rule, None).await? {
            let detail = "The id of the rule is taken. Send the request again.";
            return Err(Problem::new(ProblemKind::Unavailable, detail));
        }
        tracing::info!("rule {} was created: {}", rule.id, rule.name);
        Ok(Reply::json(201, &to_json(&rule)).with_location(&format!("/api/rules/{}", rule.id)))
    }
}
