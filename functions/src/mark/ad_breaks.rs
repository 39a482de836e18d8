//! Marks the ad breaks of live streams. The sweep calls this once a minute.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use chrono::{DateTime, TimeDelta, Utc};

use crate::clip::{Mark, MarkId, Window, floor_millisecond, floor_second};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::library::{CreatedMark, Library, LibraryError};
use crate::live::{AdBreak, Channel, Channels, LiveEndpoint, ManifestReadError};

/// How far back the manifest is read. Sweeps that were missed for less than this lose no break.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(15);

const LABEL: &str = "ad-break";
const SOURCE: &str = "scte35";

/// Marks ad breaks.
#[derive(Clone, Debug)]
pub struct AdBreakMarks {
    channels: Channels,
    endpoint: LiveEndpoint,
    library: Library,
}

#[derive(Debug, thiserror::Error)]
enum AdBreakError {
    #[error("could not read the manifest of the channel")]
    Manifest(#[from] ManifestReadError),
    #[error("could not write the mark of an ad break")]
    Library(#[from] LibraryError),
}

impl AdBreakMarks {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            channels: variables.parsed("CHANNELS")?,
            endpoint: LiveEndpoint::from_variables(variables)?,
            library: Library::from_variables(sdk, variables)?,
        })
    }

    /// Marks the ad breaks of every channel. If one cannot be read, the log says why, and the next run
    /// reads it again.
    pub async fn write(&self, now: DateTime<Utc>) {
        for channel in self.channels.iter() {
            if let Err(failure) = self.write_channel(channel, now).await {
                let (id, chain) = (&channel.id, error::chain(&failure));
                tracing::warn!(channel.id = %id, "channel {id}: no ad breaks marked: {chain}");
            }
        }
    }

    async fn write_channel(
        &self,
        channel: &Channel,
        now: DateTime<Utc>,
    ) -> Result<(), AdBreakError> {
        let live = match self.endpoint.read_live(channel).await {
            // The channel has not been on air in its startover window.
            Err(ManifestReadError::NotFound) => return Ok(()),
            read => read?,
        };
        let edge = floor_second(live.timeline.end());
        let look_back = LOOK_BACK.min(channel.limits().startover);
        let breaks = match Window::new(edge - look_back, edge) {
            Ok(window) => match self.endpoint.ad_breaks(channel, window).await {
                // The stream is younger than that.
                Err(ManifestReadError::NotFound) => live.ad_breaks,
                read => read?,
            },
            Err(_) => live.ad_breaks,
        };
        for ad_break in &breaks {
            self.mark(channel, ad_break, now).await?;
        }
        Ok(())
    }

    /// Marks an ad break. If it is over, sets the true end of a mark that has the planned one.
    async fn mark(
        &self,
        channel: &Channel,
        ad_break: &AdBreak,
        now: DateTime<Utc>,
    ) -> Result<(), LibraryError> {
        let at = floor_millisecond(ad_break.start);
        let end = ad_break.end.map(|end| floor_millisecond(end).min(at + Mark::MAX_LENGTH));
        let end = end.filter(|end| *end > at);
        let received_at = floor_millisecond(now);
        let mark = Mark {
            id: MarkId::for_time(at),
            channel: channel.id.clone(),
            at,
            end,
            label: LABEL.to_owned(),
            tags: BTreeMap::new(),
            source: SOURCE.parse().expect("it is a source"),
            confidence: None,
            key: Some(ad_break.id.clone()),
            created_by: None,
            received_at,
            expires_at: Mark::expiry(at, end, received_at, channel.limits().startover),
        };
        match self.library.create_mark(&mark, now).await? {
            CreatedMark::New(mark) => {
                tracing::info!(mark.id = %mark.id, "ad break {} of channel {}", mark.id, channel.id);
            }
            CreatedMark::Known(known) if ad_break.is_over && known.end != end => {
                if let Some(end) = end {
                    // If another run was faster, it has set the same end.
                    self.library.move_mark_end(&known, end, mark.expires_at).await?;
                }
            }
            CreatedMark::Known(_) | CreatedMark::Gone => {}
        }
        Ok(())
    }
}
