//! Makes the files of a clip: starts the job, and records its files.

use aws_config::SdkConfig;
use aws_sdk_mediaconvert::types::StatusUpdateInterval;
use chrono::{DateTime, Utc};

use super::plan::FilesPlan;
use super::{FILES, job_settings, storyboard};
use crate::asset::{ClipMedia, ClipMediaError};
use crate::clip::{
    Attempt, Clip, ClipFiles, DOWNLOAD_NAME, Download, FileKinds, FilesStatus, MadeFiles,
    POSTER_MODIFIER, STORYBOARD_NAME, THUMBNAIL_MODIFIER, Trigger, capture_name,
};
use crate::config::{ConfigError, Variables};
use crate::encode::{
    CANCELED, JobCreation, JobState, MediaJob, MediaJobError, MediaJobs, describe_failure,
};
use crate::library::{Advanced, Library, LibraryError};

/// Makes poster, thumbnails, storyboard and MP4.
///
/// A failure never changes the status of the clip. Each step can be repeated: a job has a number, and its
/// files have a folder of their own.
#[derive(Clone, Debug)]
pub struct FilesMaker {
    library: Library,
    media: ClipMedia,
    jobs: MediaJobs,
}

#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error("could not start or describe the job for the files of a clip")]
    Job(#[from] MediaJobError),
    #[error("could not read the manifest or the files of a clip in S3")]
    Media(#[from] ClipMediaError),
    #[error("could not record the state of a clip's files")]
    Library(#[from] LibraryError),
}

impl FilesMaker {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            media: ClipMedia::from_variables(sdk, variables)?,
            jobs: MediaJobs::from_variables(sdk, variables)?,
        })
    }

    /// Starts the first job of a clip whose media has just become complete.
    ///
    /// An error is only logged: the sweep starts the job if this does not.
    pub async fn start_first(&self, clip: &Clip, now: DateTime<Utc>) {
        let is_new = |files: &&ClipFiles| files.number == 1 && files.job.is_none();
        let Some(files) = waiting_files(clip).filter(is_new) else { return };
        if let Err(failure) = self.start(clip, files, now).await {
            let (key, chain) = (clip.key(), crate::error::chain(&failure));
            tracing::warn!(
                clip.id = %key,
                "could not start the job for the files of clip {key}; the sweep will retry: {chain}"
            );
        }
    }

    /// Starts or describes the job of a clip. Returns whether the row has changed.
    pub async fn check(&self, clip: &Clip, now: DateTime<Utc>) -> Result<bool, FilesError> {
        let Some(files) = waiting_files(clip) else { return Ok(false) };
        let attempt = clip.attempt_of_media();
        let job = job_of(&attempt, files.number);
        let Some(id) = &files.job else {
            // The function that created the job may have been killed before it recorded the id.
            return match self.jobs.find(&job).await? {
                Some(id) => self.advance_started(&attempt, files.number, id, now).await,
                None => self.start(clip, files, now).await,
            };
        };
        match self.jobs.describe(&job, id).await? {
            JobState::InProgress { .. } => Ok(false),
            JobState::Complete { .. } => self.finish(clip, files, now).await,
            JobState::Failed(reason) => self.fail(&attempt, files.number, reason, now).await,
        }
    }

    /// Records what an event says about the job with this number: its status and the error of
    /// MediaConvert. An event of an earlier job changes nothing.
    pub async fn record(
        &self,
        attempt: &Attempt,
        number: u32,
        status: &str,
        error: (Option<i32>, Option<&str>),
        now: DateTime<Utc>,
    ) -> Result<(), FilesError> {
        let Some(clip) = self.library.find(&attempt.clip).await? else { return Ok(()) };
        let is_current = |files: &&ClipFiles| files.number == number;
        let Some(files) = waiting_files(&clip).filter(is_current) else { return Ok(()) };
        if clip.attempt_of_media() != *attempt {
            return Ok(());
        }
        match status {
            "COMPLETE" => self.finish(&clip, files, now).await?,
            "ERROR" => self.fail(attempt, number, describe_failure(error.0, error.1), now).await?,
            "CANCELED" => self.fail(attempt, number, CANCELED.to_owned(), now).await?,
            _ => false,
        };
        Ok(())
    }

    /// Whether a job may be writing files of the clip.
    pub async fn is_running(&self, clip: &Clip) -> Result<bool, FilesError> {
        let Some(files) = waiting_files(clip) else { return Ok(false) };
        let job = job_of(&clip.attempt_of_media(), files.number);
        Ok(self.jobs.is_running(&job, files.job.as_deref()).await?)
    }

    async fn start(
        &self,
        clip: &Clip,
        files: &ClipFiles,
        now: DateTime<Utc>,
    ) -> Result<bool, FilesError> {
        let (attempt, number) = (clip.attempt_of_media(), files.number);
        let Some(rendition) = self.media.find_best_rendition(&attempt).await? else {
            let reason = "The manifest of the clip states no size and frame rate.".to_owned();
            return self.fail(&attempt, number, reason, now).await;
        };
        let plan = FilesPlan::new(clip, &rendition);
        let input = self.jobs.url(&attempt.manifest_key());
        let destination = self.jobs.url(&attempt.files_base(number));
        let settings = job_settings::build(files.kinds, &plan, &rendition, &input, &destination);
        let job = job_of(&attempt, number);
        match self.jobs.create(&job, settings, StatusUpdateInterval::Seconds60).await? {
            JobCreation::Created(id) => self.advance_started(&attempt, number, id, now).await,
            JobCreation::Refused(reason) => {
                let reason = format!("MediaConvert refused the job: {reason}");
                self.fail(&attempt, number, reason, now).await
            }
            JobCreation::Throttled => Ok(false),
        }
    }

    /// Records the files of a complete job: those that exist.
    async fn finish(
        &self,
        clip: &Clip,
        files: &ClipFiles,
        now: DateTime<Utc>,
    ) -> Result<bool, FilesError> {
        let (attempt, number) = (clip.attempt_of_media(), files.number);
        let prefix = attempt.files_prefix(number);
        let found = self.media.list_files(&attempt.clip, &prefix).await?;
        let rendition = self.media.find_best_rendition(&attempt).await?;
        let size_of = |name: &str| found.get(&format!("{prefix}{name}")).copied();
        let captured =
            |modifier: &str, number: u32| size_of(&capture_name(modifier, number)).is_some();
        let poster = (0..2).rev().find(|number| captured(POSTER_MODIFIER, *number));
        let is_absent = |number: &u32| !captured(THUMBNAIL_MODIFIER, *number);
        let thumbnails = (0..u32::MAX).find(is_absent).unwrap_or(u32::MAX);
        let bytes = size_of(DOWNLOAD_NAME).filter(|_| files.kinds == FileKinds::All);
        let (Some(rendition), true) = (rendition, poster.is_some() && thumbnails > 0) else {
            let reason = "The job is complete, but its pictures are not in the bucket.".to_owned();
            return self.fail(&attempt, number, reason, now).await;
        };
        if files.kinds == FileKinds::All && bytes.is_none() {
            let reason = "The job is complete, but its MP4 is not in the bucket.".to_owned();
            return self.fail(&attempt, number, reason, now).await;
        }
        let plan = FilesPlan::new(clip, &rendition);
        let text = storyboard::write(thumbnails, plan.thumbnails().1, plan.duration);
        let key = format!("{prefix}{STORYBOARD_NAME}");
        self.media.write_track(&attempt.clip, &key, text).await?;
        let (width, height) = (rendition.width, rendition.height);
        let made = Trigger::FilesMade(MadeFiles {
            attempt: attempt.number,
            number,
            poster,
            thumbnails,
            download: bytes.map(|bytes| Download { width, height, bytes }),
        });
        self.advance(&attempt, made, now).await
    }

    async fn advance_started(
        &self,
        attempt: &Attempt,
        number: u32,
        job: String,
        now: DateTime<Utc>,
    ) -> Result<bool, FilesError> {
        self.advance(attempt, Trigger::FilesStarted { number, job }, now).await
    }

    async fn fail(
        &self,
        attempt: &Attempt,
        number: u32,
        reason: String,
        now: DateTime<Utc>,
    ) -> Result<bool, FilesError> {
        tracing::error!(clip.id = %attempt.clip, "job {number} for the files of {attempt}: {reason}");
        self.advance(attempt, Trigger::FilesFailed { number, reason }, now).await
    }

    async fn advance(
        &self,
        attempt: &Attempt,
        trigger: Trigger,
        now: DateTime<Utc>,
    ) -> Result<bool, FilesError> {
        let advanced = self.library.advance(attempt, &trigger, now).await?;
        Ok(matches!(advanced, Advanced::Changed(_)))
    }
}

/// The files of a clip, if a job is to make them.
fn waiting_files(clip: &Clip) -> Option<&ClipFiles> {
    clip.files.as_ref().filter(|files| files.status() == FilesStatus::Making)
}

/// The job with this number that makes the files of an attempt.
fn job_of(attempt: &Attempt, number: u32) -> MediaJob {
    MediaJob { attempt: attempt.clone(), product: FILES, name: number.to_string() }
}
