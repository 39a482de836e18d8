//! `DELETE /api/rules/{ruleId}`: deletes a rule.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use crate::api::{Problem, ProblemKind, Reply, Request, Route};
use crate::clip::RuleId;
use crate::config::{ConfigError, Variables};
use crate::library::Library;

/// Most tries of one deletion. A retry is needed only if the rule changes between read and write.
const MAX_TRIES: usize = 4;

/// The route of `delete-rule`.
#[derive(Clone, Debug)]
pub struct DeleteRule {
    library: Library,
}

impl Route for DeleteRule {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self { library: Library::from_variables(sdk, variables)? })
    }

    async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    /// Deletes a rule. What it has made stays. If there is no such rule, the reply is the same 204.
    async fn answer(&self, request: &Request, _: DateTime<Utc>) -> Result<Reply, Problem> {
        let Ok(id) = request.path_parameter::<RuleId>("ruleId") else {
            return Ok(Reply::empty(204));
        };
        for _ in 0..MAX_TRIES {
            let Some(rule) = self.library.find_rule(&id).await? else {
                return Ok(Reply::empty(204));
            };
            if self.library.delete_rule(&rule).await? {
                tracing::info!("rule {id} was deleted: {}", rule.name);
                return Ok(Reply::empty(204));
            }
        }
        let detail = "The rule changed during every try. Retry in a few seconds.";
        Err(Problem::new(ProblemKind::Unavailable, detail))
    }
}
