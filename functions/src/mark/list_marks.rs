//! `GET /api/channels/{channelId}/marks`: lists the marks of a channel by time.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::to_json;
use crate::api::{Problem, Reply, Request, Route, find_channel};
use crate::clip::parse_time;
use crate::config::{ConfigError, Variables};
use crate::error::format_sentence;
use crate::library::{Library, MarksRequest};
use crate::live::{Channel, Channels};

const DEFAULT_LIMIT: usize = 200;
const MAX_LIMIT: usize = 500;

/// The route of `list-marks`.
#[derive(Clone, Debug)]
pub struct ListMarks {
    channels: Channels,
    library: Library,
}

impl Route for ListMarks {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            channels: variables.parsed("CHANNELS")?,
            library: Library::from_variables(sdk, variables)?,
        })
    }

    async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let channel = find_channel(&self.channels, request)?;
        let page = self.library.list_marks(&parse_request(channel, request)?, now).await?;
        let marks: Vec<Value> = page.marks.iter().map(to_json).collect();
        let mut body = json!({ "marks": marks });
        if let Some(next) = page.next {
            body["cursor"] = json!(next);
        }
        Ok(Reply::json(200, &body))
    }
}

fn parse_request(channel: &Channel, request: &Request) -> Result<MarksRequest, Problem> {
    request.check_query_parameters(&["from", "to", "cursor", "limit"])?;
    let time = |name| {
        let parsed = request.query_parameter(name).map(parse_time).transpose();
        parsed.map_err(|error| Problem::invalid_field(name, format_sentence(&error)))
    };
    let after = request.query_parameter("cursor").map(str::parse).transpose().map_err(|_| {
        let detail = "This is not a cursor of marks. Use `cursor` of a reply of this route.";
        Problem::invalid_field("cursor", detail)
    })?;
    Ok(MarksRequest {
        channel: channel.id.clone(),
        from: time("from")?,
        to: time("to")?,
        after,
        limit: request.limit(DEFAULT_LIMIT, MAX_LIMIT)?,
    })
}
