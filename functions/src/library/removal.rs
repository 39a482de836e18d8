//! Removes deleted clips, until nothing is left of them.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use super::{Clip, Library, LibraryError, Source};
use crate::asset::{AssetError, Publisher};
use crate::clip::{HarvestError, Harvested, Harvester};
use crate::config::{ConfigError, Variables};
use crate::upload::{Intake, IntakeError, Leftovers, LeftoversError};

/// Removes what there is of a clip in AWS.
#[derive(Clone, Debug)]
pub struct Removal {
    library: Library,
    harvester: Harvester,
    publisher: Publisher,
    intake: Intake,
    leftovers: Leftovers,
}

#[derive(Debug, thiserror::Error)]
pub enum RemovalError {
    #[error("whether its harvest is over is unknown")]
    Harvest(#[from] HarvestError),
    #[error("its asset is still there")]
    Asset(#[from] AssetError),
    #[error("its file is still there")]
    Upload(#[from] IntakeError),
    #[error("its media is still there")]
    Leftovers(#[from] LeftoversError),
    #[error("its row is still there")]
    Library(#[from] LibraryError),
}

impl Removal {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            harvester: Harvester::from_variables(sdk, variables)?,
            publisher: Publisher::from_variables(sdk, variables)?,
            intake: Intake::new(sdk, variables)?,
            leftovers: Leftovers::from_variables(sdk, variables)?,
        })
    }

    /// Removes what is there of a deleted clip; `true` once nothing is.
    ///
    /// A harvest or transcode that runs is let finish, for it would go on writing. Assets go
    /// first, so that nothing plays by halves; the row goes last, and not before everything that
    /// was at work when the clip was deleted must have ended: until then, whatever appears is
    /// found by the next run. Each step can be done again.
    pub async fn remove(&self, clip: &Clip, now: DateTime<Utc>) -> Result<bool, RemovalError> {
        if self.is_being_made(clip).await? {
            return Ok(false);
        }
        for attempt in clip.current().up_to_this() {
            self.publisher.remove(&attempt).await?;
        }
        self.leftovers.remove_all(&clip.key()).await?;
        self.intake.discard(clip).await?;
        let quiet = clip.gone_after().is_some_and(|moment| moment <= now);
        Ok(quiet && self.library.forget(clip).await?)
    }

    async fn is_being_made(&self, clip: &Clip) -> Result<bool, RemovalError> {
        Ok(match &clip.source {
            // Of earlier attempts, the jobs have ended: that is why there was another.
            Source::Live { .. } => {
                self.harvester.look(&clip.media()).await? == Harvested::InProgress
            }
            Source::Upload(_) => self.intake.is_transcoding(clip).await?,
        })
    }
}
