//! Processes an uploaded file: creates its row if needed, probes it and starts its MediaConvert job.

use aws_config::SdkConfig;
use chrono::{DateTime, TimeDelta, Utc};

use super::originals::{AccessRefusal, Original};
use super::structure::{Missing, Structure, Windows};
use super::tracks::UploadTracks;
use super::upload_request::MAX_FILENAME_LENGTH;
use super::video::Video;
use super::{
    ObjectKey, OriginalError, Originals, TranscodeJobError, TranscodeJobs, TranscodeState,
    file_checks, object_key,
};
use crate::clip::{
    Attempt, Bounds, Clip, ClipId, ClipKey, CompetitionId, Description, ExpirySettings, Failure,
    FailureCode, MAX_TAG_LENGTH, MAX_TAGS, MAX_TITLE_LENGTH, Source, Status, Trigger, Upload,
};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::library::{Advanced, Library, LibraryError};

/// Processes uploaded files, for `transcode-upload` and for the sweep.
///
/// Every step is safe to repeat: a file that was processed up to some step continues from there.
#[derive(Clone, Debug)]
pub struct UploadProcessor {
    pub(super) library: Library,
    pub(super) originals: Originals,
    jobs: TranscodeJobs,
    expiry: ExpirySettings,
    /// Whether packaging groups keep several sounds apart. If not, a clip has its default sound.
    keeps_sounds: bool,
}

/// What processing a file did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessOutcome {
    /// The clip has changed its state.
    Changed,
    /// The clip is already past this step.
    Unchanged,
    /// The file is not in the upload bucket.
    FileMissing,
}

#[derive(Debug, thiserror::Error)]
pub enum UploadProcessorError {
    #[error("could not read an original in S3")]
    Original(#[from] OriginalError),
    #[error("could not probe or transcode an original")]
    Transcode(#[from] TranscodeJobError),
    #[error("could not read or write the row of an upload")]
    Library(#[from] LibraryError),
}

impl UploadProcessorError {
    /// Whether MediaConvert throttled the call.
    pub fn is_throttled(&self) -> bool {
        matches!(self, Self::Transcode(TranscodeJobError::Throttled { .. }))
    }
}

/// How long a probe that MediaConvert does not answer, or answers with an error, is repeated. Then the
/// clip fails. AWS's failures are usually shorter.
const MAX_PROBE_RETRY: TimeDelta = TimeDelta::minutes(10);
/// Most parts of a file that are read to find its structure. A film needs about five.
const MAX_WINDOWS: usize = 64;

impl UploadProcessor {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            originals: Originals::from_variables(sdk, variables)?,
            jobs: TranscodeJobs::from_variables(sdk, variables)?,
            expiry: variables.optional("CLIP_EXPIRY_DAYS")?.unwrap_or_default(),
            keeps_sounds: variables.optional("SEVERAL_SOUNDS")?.unwrap_or_default(),
        })
    }

    /// Opens the connections that the first file needs.
    pub async fn warm_up(&self) {
        tokio::join!(self.library.warm_up(), self.originals.warm_up(), self.jobs.warm_up());
    }

    /// Processes the object with this key.
    ///
    /// If the object has no row, it gets one. The id of the clip is derived from the object, so a
    /// repeated event of the object finds the clip of the first event.
    pub(super) async fn process_object(
        &self,
        key: &str,
        parsed_key: ObjectKey,
        now: DateTime<Utc>,
    ) -> Result<ProcessOutcome, UploadProcessorError> {
        let Some(original) = self.originals.find(key).await? else {
            return Ok(ProcessOutcome::FileMissing);
        };
        let (competition, filename) = match parsed_key {
            ObjectKey::Announced(clip) => match self.library.find(&clip).await? {
                Some(clip) => {
                    let clip = self.restore_given_up(clip, now).await?;
                    return self.process(clip, Some(original), now).await;
                }
                // The row was removed long ago.
                None => (clip.competition, key.rsplit('/').next().unwrap_or_default().to_owned()),
            },
            ObjectKey::Captions(_) => return Ok(ProcessOutcome::Unchanged),
            ObjectKey::Dropped { competition, filename } => (competition, filename),
        };
        let clip = self.create_dropped(key, competition, &filename, &original, now).await?;
        self.process(clip, Some(original), now).await
    }

    /// Creates the row of a file that was dropped into the bucket, unless it exists.
    async fn create_dropped(
        &self,
        key: &str,
        competition: CompetitionId,
        filename: &str,
        original: &Original,
        now: DateTime<Utc>,
    ) -> Result<Clip, UploadProcessorError> {
        let at = original.last_modified;
        let id = ClipKey { competition, clip: derive_dropped_id(key, original) };
        if let Some(clip) = self.library.find(&id).await? {
            return Ok(clip);
        }
        let mut tags: Vec<String> = Vec::new();
        for tag in self.originals.read_tags(key).await?.iter().take(MAX_TAGS) {
            let tag = tag.chars().take(MAX_TAG_LENGTH).collect();
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        let source = Source::Upload(Upload {
            key: key.to_owned(),
            filename: filename.chars().take(MAX_FILENAME_LENGTH).collect(),
            at,
            size: None,
            uploader: None,
            multipart: None,
            joining_since: None,
            awaited_until: Some(now + TimeDelta::hours(1)),
            job: None,
            progress: None,
            thumbnails: 0,
            captions: Vec::new(),
            default_sound: None,
        });
        let title = object_key::title_from_filename(filename, MAX_TITLE_LENGTH);
        let description = Description { title, tags, ..Description::default() };
        // `now` is when the event arrived, and reading the object can take seconds.
        let now = now.max(Utc::now());
        let mut clip = Clip::new(id.clone(), Status::Uploading, source, &description, now);
        clip.set_default_expiry(self.expiry.expires_at(&id.competition, now));
        if self.library.create(&clip).await? {
            tracing::info!(clip.id = %id, "clip {id}: a file was dropped into the upload bucket");
            return Ok(clip);
        }
        // Another delivery of the same event created the row first.
        Ok(self.library.find(&id).await?.unwrap_or(clip))
    }

    /// Processes the file of a clip, if the clip waits for its file or its job.
    pub async fn process_clip(
        &self,
        clip: Clip,
        now: DateTime<Utc>,
    ) -> Result<ProcessOutcome, UploadProcessorError> {
        let Some(upload) = clip.upload() else { return Ok(ProcessOutcome::Unchanged) };
        if clip.status == Status::Transcoding && upload.job.is_some() {
            return Ok(ProcessOutcome::Unchanged);
        }
        let original = self.find_original(&clip, upload).await?;
        self.process(clip, original, now).await
    }

    /// Finds the original of a clip. If another file has been dropped under the same key since, that
    /// file is the original of another clip, and the result is `None`.
    pub(super) async fn find_original(
        &self,
        clip: &Clip,
        upload: &Upload,
    ) -> Result<Option<Original>, UploadProcessorError> {
        let found = self.originals.find(&upload.key).await?;
        let is_announced = upload.size.is_some();
        let is_own = |found: &Original| derive_dropped_id(&upload.key, found) == clip.clip;
        Ok(found.filter(|found| is_announced || is_own(found)))
    }

    pub(super) async fn process(
        &self,
        clip: Clip,
        original: Option<Original>,
        now: DateTime<Utc>,
    ) -> Result<ProcessOutcome, UploadProcessorError> {
        let attempt = clip.current_attempt();
        let Some(upload) = clip.upload() else { return Ok(ProcessOutcome::Unchanged) };
        let is_waiting = match clip.status {
            Status::Uploading => true,
            Status::Transcoding => upload.job.is_none(),
            _ => false,
        };
        if !is_waiting {
            return Ok(ProcessOutcome::Unchanged);
        }
        let Some(original) = original else {
            if clip.attempt == 1 {
                return Ok(ProcessOutcome::FileMissing);
            }
            let missing = Failure {
                code: FailureCode::FileMissing,
                message: "The file is no longer in the upload bucket. Upload it again.".to_owned(),
            };
            return self.advance(&attempt, Trigger::Failed(missing), now).await;
        };
        let url = self.originals.url(&upload.key);
        if clip.status == Status::Transcoding
            && let Some(job) = self.jobs.find(&attempt, &url).await?
        {
            return self.advance(&attempt, Trigger::TranscodeStarted { job }, now).await;
        }
        let video = match self.probe(&clip, upload, &original, now).await? {
            Ok(video) => video,
            Err(failure) => return self.advance(&attempt, Trigger::Failed(failure), now).await,
        };
        if clip.status == Status::Uploading {
            let probed = Trigger::FileProbed {
                actual: video.duration.map(|duration| Bounds {
                    start: upload.at,
                    end: upload.at + duration,
                    duration_seconds: duration.as_seconds_f64(),
                }),
            };
            if self.advance(&attempt, probed, now).await? != ProcessOutcome::Changed {
                // Only the function that records the probe creates the job. Another one was first.
                return Ok(ProcessOutcome::Unchanged);
            }
        } else if let Some(job) = self.jobs.find(&attempt, &url).await? {
            // The function that recorded the probe has created the job during this probe.
            return self.advance(&attempt, Trigger::TranscodeStarted { job }, now).await;
        }
        let captions_url = |at, format| {
            self.originals.url(&object_key::format_captions(&attempt.clip, at, format))
        };
        let mut sounds = video.sound.selections(upload.default_sound.as_ref());
        if !self.keeps_sounds {
            sounds.truncate(1);
        }
        let tracks = UploadTracks::new(sounds, &upload.captions, captions_url);
        let started = match self.jobs.start(&attempt, &url, &video, &tracks).await? {
            Ok(job) => Trigger::TranscodeStarted { job },
            Err(failure) => Trigger::Failed(failure),
        };
        self.advance(&attempt, started, now).await?;
        Ok(ProcessOutcome::Changed)
    }

    /// Probes a file. Returns its video, or why the file cannot become a clip.
    ///
    /// If MediaConvert cannot probe the file, the reason may be that S3 does not let the service read
    /// it, or is in the file's own structure. An error that may pass is returned as an error, until
    /// the file has waited for [`MAX_PROBE_RETRY`].
    async fn probe(
        &self,
        clip: &Clip,
        upload: &Upload,
        original: &Original,
        now: DateTime<Utc>,
    ) -> Result<Result<Video, Failure>, UploadProcessorError> {
        if let Some(failure) = file_checks::check_size(upload, original) {
            return Ok(Err(failure));
        }
        let structure = self.read_structure(upload, original).await?;
        let known = structure.as_ref().unwrap_or(const { &Structure::UNKNOWN });
        if let Some(failure) = file_checks::check_structure(known, original) {
            return Ok(Err(failure));
        }
        let attempt = clip.current_attempt();
        let probed = self.jobs.probe(&attempt, &self.originals.url(&upload.key), known).await;
        let is_readable = match &probed {
            Ok(Ok(_)) | Err(TranscodeJobError::Throttled { .. }) => true,
            Ok(Err(failure)) => failure.code != FailureCode::UnreadableFile,
            Err(_) => false,
        };
        if is_readable {
            return Ok(probed?);
        }
        if let Err(refusal) = structure {
            return Ok(Err(file_checks::describe_refusal(refusal, original)));
        }
        let waiting_since = original.last_modified.max(clip.updated_at);
        match probed {
            Err(cause) if now - waiting_since > MAX_PROBE_RETRY => {
                let (key, cause) = (clip.key(), error::chain(&cause));
                tracing::error!(clip.id = %key, "gave up probing the file of clip {key}: {cause}");
                Ok(Err(file_checks::describe_failed_probe()))
            }
            Ok(Err(failure)) => {
                Ok(Err(file_checks::describe_unreadable(known, original).unwrap_or(failure)))
            }
            probed => Ok(probed?),
        }
    }

    /// Reads the structure of a file, or returns why S3 does not let the service read it.
    async fn read_structure(
        &self,
        upload: &Upload,
        original: &Original,
    ) -> Result<Result<Structure, AccessRefusal>, OriginalError> {
        let mut file = Windows::new(original.size);
        for _ in 0..MAX_WINDOWS {
            let at = match Structure::parse(&file) {
                Ok(structure) => return Ok(Ok(structure)),
                Err(Missing(at)) => at,
            };
            match self.originals.read_bytes(&upload.key, at, Windows::LENGTH).await? {
                Ok(bytes) => file.insert(at, bytes),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        Ok(Ok(Structure::UNKNOWN))
    }

    pub(super) async fn advance(
        &self,
        attempt: &Attempt,
        trigger: Trigger,
        now: DateTime<Utc>,
    ) -> Result<ProcessOutcome, UploadProcessorError> {
        Ok(match self.library.advance(attempt, &trigger, now).await? {
            Advanced::Changed(_) => ProcessOutcome::Changed,
            Advanced::Unchanged(_) | Advanced::NotFound => ProcessOutcome::Unchanged,
        })
    }

    /// Returns the state of the MediaConvert job of an attempt.
    pub async fn describe_job(
        &self,
        attempt: &Attempt,
        job: &str,
    ) -> Result<TranscodeState, UploadProcessorError> {
        Ok(self.jobs.describe(attempt, job).await?)
    }

    /// Whether a MediaConvert job of the clip is running, whatever its row says.
    pub async fn is_transcoding(&self, clip: &Clip) -> Result<bool, UploadProcessorError> {
        let Some(upload) = clip.upload() else { return Ok(false) };
        let (attempt, url) = (clip.attempt_of_media(), self.originals.url(&upload.key));
        let job = match &upload.job {
            Some(job) => Some(job.clone()),
            None => self.jobs.find(&attempt, &url).await?,
        };
        let Some(job) = job else { return Ok(false) };
        let state = self.jobs.describe(&attempt, &job).await?;
        Ok(matches!(state, TranscodeState::InProgress { .. }))
    }

    /// Deletes the original of a clip with its captions, and its parts if they were never joined.
    ///
    /// A file that has been dropped under the same key since is kept: it belongs to another clip.
    pub async fn delete_original(&self, clip: &Clip) -> Result<(), UploadProcessorError> {
        let Some(upload) = clip.upload() else { return Ok(()) };
        if upload.size.is_some() {
            self.originals.abort_multipart_uploads(&upload.key).await?;
        }
        if self.find_original(clip, upload).await?.is_some() {
            self.originals.delete(&upload.key).await?;
        }
        self.originals.delete_captions(&clip.key(), &upload.captions).await?;
        Ok(())
    }
}

/// Derives the id of a file that was not announced from its key, time and ETag.
fn derive_dropped_id(key: &str, original: &Original) -> ClipId {
    ClipId::derive(original.last_modified, &format!("{key} {}", original.etag))
}
