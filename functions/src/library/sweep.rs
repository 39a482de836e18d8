//! The sweep: finds what no event told.
//!
//! MediaPackage's events are best effort. For each unfinished clip that is due, the sweep asks
//! AWS how it stands and applies the same transition the event would have.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use lambda_runtime::Diagnostic;

use super::{
    Advanced, Clip, Failure, FailureCode, Library, LibraryError, Status, Trigger, UNFINISHED,
    UNFINISHED_INDEX, UNFINISHED_PARTITION, decode,
};
use crate::asset::{AssetError, Ingest, Ingested, Publisher};
use crate::clip::{HarvestError, Harvested, Harvester, Started};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::live::Channels;

/// Everything `sweep-library` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct Sweep {
    library: Library,
    harvester: Harvester,
    publisher: Publisher,
    channels: Channels,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Clips that were due.
    pub looked_at: usize,
    /// Clips that were further on than their row said.
    pub moved: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error("the sweep did not get through the library")]
    Library(#[from] LibraryError),
    #[error("the sweep could not ask for a harvest")]
    Harvest(#[from] HarvestError),
    #[error("the sweep could not ask for an asset")]
    Asset(#[from] AssetError),
}

impl From<SweepError> for Diagnostic {
    fn from(failure: SweepError) -> Self {
        let name = match failure {
            SweepError::Library(_) => "Library",
            SweepError::Harvest(_) => "Harvest",
            SweepError::Asset(_) => "Asset",
        };
        error::diagnostic(name, &failure)
    }
}

impl Sweep {
    /// The most clips one run looks at; the next run, a minute later, goes on with the others.
    ///
    /// A look is a call or two of MediaPackage's API, which is said to take five a second.
    pub const MOST_LOOKS: i32 = 200;

    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            harvester: Harvester::from_variables(sdk, variables)?,
            publisher: Publisher::from_variables(sdk, variables)?,
            channels: variables.parsed("CHANNELS")?,
        })
    }

    /// Opens the connections that the first run will need.
    pub async fn warm_up(&self) {
        tokio::join!(self.library.warm_up(), self.harvester.warm_up(), self.publisher.warm_up());
    }

    /// Looks at the clips that are due, the longest due first.
    ///
    /// One clip's trouble is logged and keeps no other from being looked at.
    pub async fn run(&self, now: DateTime<Utc>) -> Result<Swept, SweepError> {
        let mut swept = Swept::default();
        // Once the account has no free harvest job, the others need not ask.
        let mut free_slots = true;
        for clip in self.library.due(now, Self::MOST_LOOKS).await? {
            swept.looked_at += 1;
            match self.look(&clip, &mut free_slots, now).await {
                Ok(moved) => swept.moved += usize::from(moved),
                Err(failure) => {
                    let (key, chain) = (clip.key(), error::chain(&failure));
                    tracing::error!(clip.id = %key, "clip {key} could not be swept: {chain}");
                    self.library.postpone(&clip, now).await?;
                }
            }
        }
        Ok(swept)
    }

    /// Asks AWS about one clip; `true` if that moved it.
    async fn look(
        &self,
        clip: &Clip,
        free_slots: &mut bool,
        now: DateTime<Utc>,
    ) -> Result<bool, SweepError> {
        let mut moved = false;
        for trigger in self.learn(clip, free_slots).await? {
            let advanced = self.library.advance(&clip.key(), &trigger, now).await?;
            moved |= matches!(advanced, Advanced::To(_));
        }
        if !moved {
            self.library.postpone(clip, now).await?;
        }
        Ok(moved)
    }

    /// What AWS knows of a clip that its row does not say yet.
    async fn learn(&self, clip: &Clip, free_slots: &mut bool) -> Result<Vec<Trigger>, SweepError> {
        let key = clip.key();
        Ok(match clip.status {
            Status::Queued => self.start_harvest(clip, free_slots).await?,
            Status::Harvesting => match self.harvester.look(&key).await? {
                Harvested::InProgress => Vec::new(),
                Harvested::Succeeded => vec![self.publisher.ensure_asset(&key).await?],
                Harvested::Failed => vec![Trigger::Failed(Failure {
                    code: FailureCode::HarvestFailed,
                    message: "MediaPackage could not harvest the clip; its reason was lost on \
                              the way"
                        .to_owned(),
                })],
                Harvested::Unknown => self.start_harvest(clip, free_slots).await?,
            },
            Status::Packaging => match self.publisher.look(&key).await? {
                Ingest::Unknown => {
                    self.publisher.ensure_asset(&key).await?;
                    Vec::new()
                }
                Ingest::Of(states) => states.into_iter().filter_map(ingest_trigger).collect(),
            },
            Status::Ready | Status::Failed => Vec::new(),
        })
    }

    async fn start_harvest(
        &self,
        clip: &Clip,
        free_slots: &mut bool,
    ) -> Result<Vec<Trigger>, SweepError> {
        let Some(channel) = self.channels.find(&clip.channel) else {
            return Ok(vec![Trigger::Failed(Failure {
                code: FailureCode::HarvestRefused,
                message: format!("channel {} is not configured any more", clip.channel),
            })]);
        };
        if !*free_slots {
            return Ok(Vec::new());
        }
        let endpoint = &channel.origin_endpoint_id;
        match self.harvester.start(&clip.key(), endpoint, clip.requested).await? {
            Started::Yes => Ok(vec![Trigger::HarvestStarted]),
            Started::NoSlot => {
                *free_slots = false;
                Ok(Vec::new())
            }
            Started::Refused { message } => Ok(vec![Trigger::Failed(Failure {
                code: FailureCode::HarvestRefused,
                message: format!("MediaPackage would not harvest this window: {message}"),
            })]),
        }
    }
}

fn ingest_trigger((configuration, state): (String, Ingested)) -> Option<Trigger> {
    match state {
        Ingested::Waiting => None,
        Ingested::Playable => Some(Trigger::Playable { configuration }),
        Ingested::Failed => Some(Trigger::Failed(Failure {
            code: FailureCode::IngestFailed,
            message: format!(
                "MediaPackage could not package the clip as {configuration}; its reason was lost \
                 on the way"
            ),
        })),
    }
}

impl Library {
    /// The unfinished clips that should be looked at by now, the longest due first.
    async fn due(&self, now: DateTime<Utc>, most: i32) -> Result<Vec<Clip>, LibraryError> {
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(UNFINISHED_INDEX)
            .key_condition_expression("#unfinished = :unfinished AND nextCheckAt <= :now")
            .expression_attribute_names("#unfinished", UNFINISHED_PARTITION)
            .expression_attribute_values(":unfinished", AttributeValue::S(UNFINISHED.to_owned()))
            .expression_attribute_values(
                ":now",
                AttributeValue::N(now.timestamp_millis().to_string()),
            )
            .limit(most)
            .send()
            .await
            .map_err(|error| LibraryError::Query {
                index: UNFINISHED_INDEX,
                source: Box::new(error.into()),
            })?;
        found.items.unwrap_or_default().into_iter().map(decode).collect()
    }
}
