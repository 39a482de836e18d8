//! Removes deleted clips: asset, media, original, and finally the row.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use crate::asset::{AssetError, Assets, ClipMedia, ClipMediaError};
use crate::clip::{Clip, Source, Trigger};
use crate::config::{ConfigError, Variables};
use crate::encode::MediaMakerError;
use crate::exact::ExactMaker;
use crate::export::{ExportError, Exports};
use crate::files::{FilesError, FilesMaker};
use crate::harvest::{HarvestJobError, RunningJobs};
use crate::library::{Library, LibraryError};
use crate::reel::ReelMaker;
use crate::upload::{UploadProcessor, UploadProcessorError};

/// Removes everything that a clip has in AWS.
#[derive(Clone, Debug)]
pub struct Removal {
    library: Library,
    assets: Assets,
    uploads: UploadProcessor,
    media: ClipMedia,
    files: FilesMaker,
    exact: ExactMaker,
    reels: ReelMaker,
    exports: Exports,
}

/// What one call to remove a clip did.
#[derive(Clone, Debug, PartialEq)]
pub enum RemovalOutcome {
    /// The row is deleted, and nothing is left of the clip.
    Removed,
    /// Something is left, or may still appear. Call again later.
    Incomplete(Box<Clip>),
    /// An operator has restored the clip, or another sweep is removing it.
    Restored,
}

#[derive(Debug, thiserror::Error)]
pub enum RemovalError {
    #[error("could not find out whether the harvest of the clip has ended")]
    Harvest(#[from] HarvestJobError),
    #[error("could not delete an asset of the clip")]
    Asset(#[from] AssetError),
    #[error("could not delete the original of the clip")]
    Upload(#[from] UploadProcessorError),
    #[error("could not find out whether the job for the clip's files has ended")]
    Files(#[from] FilesError),
    #[error("could not find out whether the job for the clip's media has ended")]
    MediaJob(#[from] MediaMakerError),
    #[error("could not find out whether the exports of the clip have ended")]
    Export(#[from] ExportError),
    #[error("could not delete the media of the clip")]
    Media(#[from] ClipMediaError),
    #[error("could not write or delete the row of the clip")]
    Library(#[from] LibraryError),
}

impl Removal {
    pub fn from_variables(
        sdk: &SdkConfig,
        variables: &Variables,
        assets: Assets,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            assets,
            uploads: UploadProcessor::from_variables(sdk, variables)?,
            media: ClipMedia::from_variables(sdk, variables)?,
            files: FilesMaker::from_variables(sdk, variables)?,
            exact: ExactMaker::from_variables(sdk, variables)?,
            reels: ReelMaker::from_variables(sdk, variables)?,
            exports: Exports::from_variables(sdk, variables)?,
        })
    }

    /// Removes what exists of a deleted clip. It is safe to call this again.
    ///
    /// - A suggestion has only its row.
    /// - A running harvest or job would go on writing media, so this waits until it has ended.
    /// - The first write records in the row that the removal has started, on the condition that
    ///   nobody has restored the clip. From then on, nobody can.
    /// - The assets go first, so that no clip plays with missing segments.
    /// - The row goes last. A function that was running when the clip was deleted may still create
    ///   something. Until every such function has ended, the row stays, so that the next sweep finds
    ///   the clip and removes what has appeared.
    pub async fn remove(
        &self,
        clip: Clip,
        running: &RunningJobs<'_>,
        now: DateTime<Utc>,
    ) -> Result<RemovalOutcome, RemovalError> {
        if !clip.was_never_made() && self.has_running_job(&clip, running).await? {
            return Ok(RemovalOutcome::Incomplete(Box::new(clip)));
        }
        let Some(clip) = self.library.apply(&clip, &Trigger::RemovalStarted, now).await? else {
            return Ok(RemovalOutcome::Restored);
        };
        if !clip.was_never_made() {
            self.remove_media(&clip).await?;
        }
        let is_removable = clip.removable_at().is_some_and(|time| time <= now);
        if is_removable && self.library.delete_row(&clip).await? {
            return Ok(RemovalOutcome::Removed);
        }
        Ok(RemovalOutcome::Incomplete(Box::new(clip)))
    }

    async fn remove_media(&self, clip: &Clip) -> Result<(), RemovalError> {
        for attempt in clip.last_attempt().up_to_this() {
            self.assets.delete(&attempt).await?;
        }
        self.media.delete_all(&clip.key()).await?;
        Ok(self.uploads.delete_original(clip).await?)
    }

    /// Whether a job is running that writes media of the clip.
    ///
    /// Most jobs of earlier attempts have ended, because a retry needs a failed attempt. A remake may
    /// have been given up while its job was running.
    async fn has_running_job(
        &self,
        clip: &Clip,
        running: &RunningJobs<'_>,
    ) -> Result<bool, RemovalError> {
        if self.files.is_running(clip).await? {
            return Ok(true);
        }
        if self.exact.is_running(clip).await? {
            return Ok(true);
        }
        if self.exports.is_running(clip).await? {
            return Ok(true);
        }
        Ok(match &clip.source {
            Source::Live { .. } => {
                for attempt in clip.last_attempt().up_to_this() {
                    if running.contains(&attempt).await? {
                        return Ok(true);
                    }
                }
                false
            }
            Source::Upload(_) => self.uploads.is_transcoding(clip).await?,
            Source::Reel(reel) => self.reels.is_running(clip, reel).await?,
        })
    }
}
