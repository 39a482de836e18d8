//! `DELETE /api/channels/{channelId}/marks/{markId}`: deletes a mark.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use crate::api::{Problem, Reply, Request, Route, find_channel};
use crate::clip::MarkId;
use crate::config::{ConfigError, Variables};
use crate::library::Library;
use crate::live::Channels;

/// The route of `delete-mark`.
#[derive(Clone, Debug)]
pub struct DeleteMark {
    channels: Channels,
    library: Library,
}

impl Route for DeleteMark {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            channels: variables.parsed("CHANNELS")?,
            library: Library::from_variables(sdk, variables)?,
        })
    }

    async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    /// Deletes a mark. If there is no such mark, the reply is the same 204.
    async fn answer(&self, request: &Request, _: DateTime<Utc>) -> Result<Reply, Problem> {
        let channel = find_channel(&self.channels, request)?;
        if let Ok(mark) = request.path_parameter::<MarkId>("markId") {
            self.library.delete_mark(&channel.id, &mark).await?;
            tracing::info!(mark.id = %mark, "mark {mark} of channel {}: deleted", channel.id);
        }
        Ok(Reply::empty(204))
    }
}
