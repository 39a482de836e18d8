//! The sweep: finds what no event told.
//!
//! MediaPackage's events are best effort. For each unfinished clip that is due, the sweep asks
//! AWS how it stands and applies the same transition the event would have.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use lambda_runtime::Diagnostic;

use super::{
    Advanced, Clip, Failure, FailureCode, Library, LibraryError, Source, Status, Trigger,
    UNFINISHED, UNFINISHED_INDEX, UNFINISHED_PARTITION, Upload, decode,
};
use crate::asset::{AssetError, Ingest, Ingested, Publisher};
use crate::clip::{HarvestError, Harvested, Harvester, Started, Window};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::live::{ChannelId, Channels};
use crate::upload::{
    Intake, IntakeError, Leftovers, LeftoversError, TakenIn, Transcoded, truncated,
};

/// Everything `sweep-library` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct Sweep {
    library: Library,
    harvester: Harvester,
    publisher: Publisher,
    intake: Intake,
    leftovers: Leftovers,
    channels: Channels,
}

/// What an account has no more of for the rest of a run; the others need not ask.
#[derive(Clone, Copy, Debug, Default)]
struct Exhausted {
    harvest_jobs: bool,
    transcodes: bool,
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
    #[error("the sweep could not see to an upload")]
    Upload(#[from] IntakeError),
    #[error("the sweep could not remove what a failed transcode left")]
    Leftovers(#[from] LeftoversError),
}

impl From<SweepError> for Diagnostic {
    fn from(failure: SweepError) -> Self {
        let name = match failure {
            SweepError::Library(_) => "Library",
            SweepError::Harvest(_) => "Harvest",
            SweepError::Asset(_) => "Asset",
            SweepError::Upload(_) => "Upload",
            SweepError::Leftovers(_) => "Leftovers",
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
            intake: Intake::new(sdk, variables)?,
            leftovers: Leftovers::from_variables(sdk, variables)?,
            channels: variables.parsed("CHANNELS")?,
        })
    }

    /// Opens the connections that the first run will need.
    pub async fn warm_up(&self) {
        tokio::join!(self.intake.warm_up(), self.harvester.warm_up(), self.publisher.warm_up());
    }

    /// Looks at the clips that are due, the longest due first.
    ///
    /// One clip's trouble is logged and keeps no other from being looked at.
    pub async fn run(&self, now: DateTime<Utc>) -> Result<Swept, SweepError> {
        let mut swept = Swept::default();
        let mut exhausted = Exhausted::default();
        for clip in self.library.due(now, Self::MOST_LOOKS).await? {
            swept.looked_at += 1;
            // Boxed, as the largest part of a future that its callers hold.
            match Box::pin(self.look(&clip, &mut exhausted, now)).await {
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
        exhausted: &mut Exhausted,
        now: DateTime<Utc>,
    ) -> Result<bool, SweepError> {
        let mut moved = false;
        for trigger in self.learn(clip, exhausted).await? {
            let advanced = self.library.advance(&clip.key(), &trigger, now).await?;
            moved |= matches!(advanced, Advanced::To(_));
        }
        if !moved {
            moved = self.take_in(clip, exhausted, now).await?;
        }
        if !moved {
            self.library.postpone(clip, now).await?;
        }
        Ok(moved)
    }

    /// What AWS knows of a clip that its row does not say yet.
    async fn learn(
        &self,
        clip: &Clip,
        exhausted: &mut Exhausted,
    ) -> Result<Vec<Trigger>, SweepError> {
        let key = clip.key();
        Ok(match (clip.status, &clip.source) {
            (Status::Queued, Source::Live { channel, requested }) => {
                self.start_harvest(clip, channel, *requested, exhausted).await?
            }
            (Status::Harvesting, Source::Live { channel, requested }) => {
                match self.harvester.look(&key).await? {
                    Harvested::InProgress => Vec::new(),
                    Harvested::Succeeded => vec![self.publisher.ensure_asset(&key).await?],
                    Harvested::Failed => vec![Trigger::Failed(Failure {
                        code: FailureCode::HarvestFailed,
                        message: "MediaPackage could not harvest the clip; its reason was lost \
                                  on the way"
                            .to_owned(),
                    })],
                    Harvested::Unknown => {
                        self.start_harvest(clip, channel, *requested, exhausted).await?
                    }
                }
            }
            (Status::Transcoding, Source::Upload(Upload { job: Some(job), .. })) => {
                vec![self.learn_of_job(clip, job).await?]
            }
            (Status::Packaging, _) => match self.publisher.look(&key).await? {
                Ingest::Unknown => {
                    self.publisher.ensure_asset(&key).await?;
                    Vec::new()
                }
                Ingest::Of(states) => states.into_iter().filter_map(ingest_trigger).collect(),
            },
            _ => Vec::new(),
        })
    }

    async fn learn_of_job(&self, clip: &Clip, job: &str) -> Result<Trigger, SweepError> {
        let key = clip.key();
        let failure = match self.intake.look(&key, job).await? {
            Transcoded::InProgress { percent } => {
                return Ok(Trigger::TranscodeProgressed { percent: percent.unwrap_or(0) });
            }
            Transcoded::Complete { seconds } => match truncated(clip, seconds) {
                None => return Ok(self.publisher.ensure_asset(&key).await?),
                Some(failure) => failure,
            },
            Transcoded::Failed(failure) => failure,
            Transcoded::Unknown => Failure {
                code: FailureCode::TranscodeFailed,
                message: "MediaConvert has no record of the job any more".to_owned(),
            },
        };
        self.leftovers.remove(&key).await?;
        Ok(Trigger::Failed(failure))
    }

    /// Starts what an upload waits for, or gives up one that never came; `true` if it moved.
    async fn take_in(
        &self,
        clip: &Clip,
        exhausted: &mut Exhausted,
        now: DateTime<Utc>,
    ) -> Result<bool, SweepError> {
        let Source::Upload(upload) = &clip.source else { return Ok(false) };
        if exhausted.transcodes || !matches!(clip.status, Status::Uploading | Status::Transcoding) {
            return Ok(false);
        }
        match self.intake.check(clip.clone(), now).await {
            Ok(TakenIn::Moved) => Ok(true),
            Ok(TakenIn::NotThere) if upload.expires_at.is_some_and(|expiry| expiry <= now) => {
                Ok(self.intake.give_up(clip).await?)
            }
            Ok(TakenIn::Unchanged | TakenIn::NotThere) => Ok(false),
            Err(failure) => {
                exhausted.transcodes = failure.is_throttling();
                Err(failure.into())
            }
        }
    }

    async fn start_harvest(
        &self,
        clip: &Clip,
        channel: &ChannelId,
        window: Window,
        exhausted: &mut Exhausted,
    ) -> Result<Vec<Trigger>, SweepError> {
        let Some(configured) = self.channels.find(channel) else {
            return Ok(vec![Trigger::Failed(Failure {
                code: FailureCode::HarvestRefused,
                message: format!("channel {channel} is not configured any more"),
            })]);
        };
        if exhausted.harvest_jobs {
            return Ok(Vec::new());
        }
        let endpoint = &configured.origin_endpoint_id;
        match self.harvester.start(&clip.key(), endpoint, window).await? {
            Started::Yes => Ok(vec![Trigger::HarvestStarted]),
            Started::NoSlot => {
                exhausted.harvest_jobs = true;
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
