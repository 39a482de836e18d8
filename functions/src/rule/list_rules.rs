//! `GET /api/rules`: lists the rules.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use serde_json::{Value, json};

use super::to_json;
use crate::api::{Problem, Reply, Request, Route};
use crate::config::{ConfigError, Variables};
use crate::library::Library;

/// The route of `list-rules`.
#[derive(Clone, Debug)]
pub struct ListRules {
    library: Library,
}

impl Route for ListRules {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self { library: Library::from_variables(sdk, variables)? })
    }

    async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    async fn answer(&self, _: &Request, _: DateTime<Utc>) -> Result<Reply, Problem> {
        let rules = self.library.list_rules().await?;
        let rules: Vec<Value> = rules.iter().map(to_json).collect();
        Ok(Reply::json(200, &json!({ "rules": rules })))
    }
}
