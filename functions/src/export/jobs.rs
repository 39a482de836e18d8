//! Starts, finds and describes the MediaConvert jobs of exports, and records their state.

use aws_config::SdkConfig;
use aws_sdk_mediaconvert::types::StatusUpdateInterval;
use chrono::{DateTime, Utc};

use super::job_settings;
use crate::asset::{ClipMedia, ClipMediaError};
use crate::clip::{Attempt, Clip, Export, ExportChange, ExportId, Trigger};
use crate::config::{ConfigError, Variables};
use crate::encode::{JobCreation, JobState, MediaJob, MediaJobError, MediaJobs};
use crate::library::{Advanced, Library, LibraryError};

/// The exports of clips: their rows, jobs and files.
#[derive(Clone, Debug)]
pub struct Exports {
    library: Library,
    media: ClipMedia,
    jobs: MediaJobs,
}

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("could not start or describe the job of an export")]
    Job(#[from] MediaJobError),
    #[error("could not read the media of a clip, or its exports")]
    Media(#[from] ClipMediaError),
    #[error("could not record the state of an export")]
    Library(#[from] LibraryError),
}

/// The key of a job's `userMetadata` with the id of the export. Other jobs do not have it.
pub(super) const EXPORT: &str = "export";

impl Exports {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            media: ClipMedia::from_variables(sdk, variables)?,
            jobs: MediaJobs::from_variables(sdk, variables)?,
        })
    }

    pub fn library(&self) -> &Library {
        &self.library
    }

    pub fn media(&self) -> &ClipMedia {
        &self.media
    }

    /// Opens the connections that the first request needs.
    pub async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    /// Checks every export of a clip: starts jobs that do not exist, records the state of the others,
    /// and deletes files whose time is over. Returns whether an export has changed.
    pub async fn check(&self, clip: &Clip, now: DateTime<Utc>) -> Result<bool, ExportError> {
        let mut is_changed = false;
        for (id, export) in &clip.exports {
            let change = if export.status.is_in_progress() {
                self.find_change(clip, id, export).await?
            } else if export.is_expired(now) {
                self.media.delete_export(&clip.key(), id).await?;
                Some(ExportChange::Removed)
            } else {
                None
            };
            if let Some(change) = change {
                is_changed |= self.record(clip, id, change, now).await?.is_some();
            }
        }
        Ok(is_changed)
    }

    /// Records a change. Returns the changed clip, or `None` if the export was already past the change.
    pub(super) async fn record(
        &self,
        clip: &Clip,
        id: &ExportId,
        change: ExportChange,
        now: DateTime<Utc>,
    ) -> Result<Option<Clip>, LibraryError> {
        let trigger = Trigger::ExportChanged { id: id.clone(), change };
        Ok(match self.library.advance(&clip.current_attempt(), &trigger, now).await? {
            Advanced::Changed(clip) => Some(*clip),
            Advanced::Unchanged(_) | Advanced::NotFound => None,
        })
    }

    /// Whether a job may be writing a file of the clip.
    pub async fn is_running(&self, clip: &Clip) -> Result<bool, ExportError> {
        let in_progress = |(_, export): &(&ExportId, &Export)| export.status.is_in_progress();
        for (id, export) in clip.exports.iter().filter(in_progress) {
            let job = job_of(clip, id, export);
            if self.jobs.is_running(&job, export.job.as_deref()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Starts or describes the job of an export. Returns the change of the export, if there is one.
    async fn find_change(
        &self,
        clip: &Clip,
        id: &ExportId,
        export: &Export,
    ) -> Result<Option<ExportChange>, ExportError> {
        let job = job_of(clip, id, export);
        let Some(job_id) = &export.job else {
            return match self.jobs.find(&job).await? {
                Some(job) => Ok(Some(ExportChange::Started { job })),
                None => self.start(clip, id, export).await,
            };
        };
        Ok(match self.jobs.describe(&job, job_id).await? {
            JobState::InProgress { percent } => {
                percent.map(|percent| ExportChange::Progressed { percent })
            }
            JobState::Complete { .. } => Some(self.find_file(clip, id).await?),
            JobState::Failed(error) => Some(ExportChange::Failed { error }),
        })
    }

    /// Creates the job of an export. Returns the change of the export, or `None` if MediaConvert
    /// accepts no further job at the moment.
    pub(super) async fn start(
        &self,
        clip: &Clip,
        id: &ExportId,
        export: &Export,
    ) -> Result<Option<ExportChange>, ExportError> {
        let job = job_of(clip, id, export);
        let Some(rendition) = self.media.find_best_rendition(&job.attempt).await? else {
            let error = "The media was replaced by a trim. Request the export again.".to_owned();
            return Ok(Some(ExportChange::Failed { error }));
        };
        let input = self.jobs.url(&job.attempt.manifest_key());
        let destination = self.jobs.url(&id.file_prefix(&clip.key()));
        let settings = job_settings::build(&export.settings, &rendition, &input, &destination);
        Ok(match self.jobs.create(&job, settings, StatusUpdateInterval::Seconds10).await? {
            JobCreation::Created(job) => Some(ExportChange::Started { job }),
            JobCreation::Refused(reason) => {
                tracing::error!(clip.id = %clip.key(), "MediaConvert refused {job}: {reason}");
                let error = "MediaConvert refused the job. Its reason is in the log.".to_owned();
                Some(ExportChange::Failed { error })
            }
            JobCreation::Throttled => None,
        })
    }

    /// Finds the file that a complete job has written.
    pub(super) async fn find_file(
        &self,
        clip: &Clip,
        id: &ExportId,
    ) -> Result<ExportChange, ExportError> {
        Ok(match self.media.export_size(&clip.key(), id).await? {
            Some(bytes) => ExportChange::Made { bytes },
            None => ExportChange::Failed {
                error:
                    "The job is complete, but the file is not in the bucket. Request the export \
                        again."
                        .to_owned(),
            },
        })
    }
}

fn job_of(clip: &Clip, id: &ExportId, export: &Export) -> MediaJob {
    let attempt = Attempt { clip: clip.key(), number: export.settings.attempt };
    MediaJob { attempt, product: EXPORT, name: id.to_string() }
}
