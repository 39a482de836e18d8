//! `POST /api/channels/{channelId}/marks`: marks a moment of a live stream.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use super::mark_writer::MarkWriter;
use super::{MarkRequest, to_json};
use crate::api::{Problem, ProblemKind, Reply, Request, Route, find_channel};
use crate::clip::MarkSource;
use crate::config::{ConfigError, Variables};
use crate::library::CreatedMark;

/// The route of `create-mark`.
#[derive(Clone, Debug)]
pub struct CreateMark {
    writer: MarkWriter,
}

impl Route for CreateMark {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self { writer: MarkWriter::from_variables(sdk, variables)? })
    }

    async fn warm_up(&self) {
        self.writer.warm_up().await;
    }

    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let channel = find_channel(&self.writer.channels, request)?;
        let mark = MarkRequest::parse(&request.body()?)?;
        let source = mark.source.clone().unwrap_or_else(|| default_source(request));
        match self.writer.create(channel, mark, source, request.operator(), now).await? {
            CreatedMark::New(mark) => Ok(Reply::json(201, &to_json(&mark))),
            CreatedMark::Known(mark) => Ok(Reply::json(200, &to_json(&mark))),
            CreatedMark::Gone => {
                let detail = "The mark of this key has been deleted or has expired. Use another \
                              key for another mark.";
                Err(Problem::for_field(ProblemKind::MarkGone, "key", detail))
            }
        }
    }
}

/// The source of a mark whose request names none. A machine's token has no user name.
fn default_source(request: &Request) -> MarkSource {
    let source = if request.claim("username").is_some() { "operator" } else { "api" };
    source.parse().expect("it is a source")
}
