//! From a file in the upload bucket to its MediaConvert job, however far that got before.

use aws_config::SdkConfig;
use chrono::{DateTime, TimeDelta, Utc};

use super::originals::Original;
use super::request::LONGEST_FILENAME;
use super::transcoder::Transcoded;
use super::video::Video;
use super::{ObjectKey, OriginalError, Originals, TranscodeError, Transcoder, object_key};
use crate::clip::{Attempt, ClipId, ClipKey, CompetitionId, Expiry};
use crate::config::{ConfigError, Variables};
use crate::fields::{Description, LONGEST_TAG, LONGEST_TITLE, MOST_TAGS};
use crate::library::{
    ActualBounds, Advanced, Clip, Failure, FailureCode, Library, LibraryError, Source, Status,
    Trigger, Upload,
};

/// Takes uploaded files in; for the function S3 starts, and for the sweep.
#[derive(Clone, Debug)]
pub struct Intake {
    library: Library,
    originals: Originals,
    transcoder: Transcoder,
    expiry: Expiry,
}

/// What taking a file in came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenIn {
    /// The clip is further than it was.
    Moved,
    /// The clip is where it was: past this, or waiting.
    Unchanged,
    /// There is no file.
    NotThere,
}

#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    #[error("a file could not be looked at")]
    Original(#[from] OriginalError),
    #[error("a file could not be transcoded")]
    Transcode(#[from] TranscodeError),
    #[error("an upload was not recorded")]
    Library(#[from] LibraryError),
}

impl IntakeError {
    /// Whether MediaConvert takes no more just now.
    pub fn is_throttling(&self) -> bool {
        matches!(self, Self::Transcode(TranscodeError::Throttled { .. }))
    }
}

/// How much shorter than its file a transcode may be: the last frames and rounding, not an end
/// that is missing.
const TOLERATED_SECONDS: f64 = 2.0;
const TOLERATED_SHARE: f64 = 0.05;

impl Intake {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            originals: Originals::from_variables(sdk, variables)?,
            transcoder: Transcoder::from_variables(sdk, variables)?,
            expiry: variables.optional("CLIP_EXPIRY_DAYS")?.unwrap_or_default(),
        })
    }

    pub async fn warm_up(&self) {
        tokio::join!(self.library.warm_up(), self.originals.warm_up(), self.transcoder.warm_up());
    }

    pub(super) fn originals(&self) -> &Originals {
        &self.originals
    }

    /// Takes in the object of that key.
    ///
    /// One that no row announces gets a row first. Its id is derived from the object, so the
    /// event of one object, come twice, finds the clip that it made the first time.
    pub(super) async fn take_in_object(
        &self,
        key: &str,
        owner: ObjectKey,
        now: DateTime<Utc>,
    ) -> Result<TakenIn, IntakeError> {
        let Some(original) = self.originals.look(key).await? else { return Ok(TakenIn::NotThere) };
        let (competition, filename) = match owner {
            ObjectKey::Announced(clip) => match self.library.find(&clip).await? {
                Some(row) => return self.take_in(row, Some(original), now).await,
                // Its row expired while the file was on its way: the file is there all the same.
                None => (clip.competition, key.rsplit('/').next().unwrap_or_default().to_owned()),
            },
            ObjectKey::Dropped { competition, filename } => (competition, filename),
        };
        let row = self.record_dropped(key, competition, &filename, &original, now).await?;
        self.take_in(row, Some(original), now).await
    }

    async fn record_dropped(
        &self,
        key: &str,
        competition: CompetitionId,
        filename: &str,
        original: &Original,
        now: DateTime<Utc>,
    ) -> Result<Clip, IntakeError> {
        let at = original.last_modified;
        let id = ClipKey { competition, clip: dropped_id(key, original) };
        if let Some(row) = self.library.find(&id).await? {
            return Ok(row);
        }
        let mut tags: Vec<String> = Vec::new();
        for tag in self.originals.tags(key).await?.iter().take(MOST_TAGS) {
            let tag = tag.chars().take(LONGEST_TAG).collect();
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        let source = Source::Upload(Upload {
            key: key.to_owned(),
            filename: filename.chars().take(LONGEST_FILENAME).collect(),
            at,
            size: None,
            uploader: None,
            multipart: None,
            awaited_until: Some(now + TimeDelta::hours(1)),
            job: None,
            progress: None,
            thumbnails: 0,
        });
        let title = object_key::title(filename, LONGEST_TITLE);
        let about = Description { title, tags, ..Description::default() };
        let mut row = Clip::new(id.clone(), Status::Uploading, source, &about, now);
        row.expire_by_default(self.expiry.of(&id.competition, now));
        if self.library.create(&row).await? {
            tracing::info!(clip.id = %id, "clip {id}: a file was dropped into the bucket");
            return Ok(row);
        }
        // Another delivery of the same event was quicker.
        Ok(self.library.find(&id).await?.unwrap_or(row))
    }

    /// Looks for the file that an upload waits for, and starts its job. Done again, it changes
    /// nothing that was done.
    pub async fn check(&self, row: Clip, now: DateTime<Utc>) -> Result<TakenIn, IntakeError> {
        let Some(upload) = row.upload() else { return Ok(TakenIn::Unchanged) };
        if row.status == Status::Transcoding && upload.job.is_some() {
            return Ok(TakenIn::Unchanged);
        }
        let original = self.original_of(&row, upload).await?;
        self.take_in(row, original, now).await
    }

    /// The file of an upload; not one that was dropped under the same name since.
    async fn original_of(
        &self,
        row: &Clip,
        upload: &Upload,
    ) -> Result<Option<Original>, IntakeError> {
        let there = self.originals.look(&upload.key).await?;
        let announced = upload.size.is_some();
        Ok(there.filter(|there| announced || dropped_id(&upload.key, there) == row.clip))
    }

    async fn take_in(
        &self,
        row: Clip,
        original: Option<Original>,
        now: DateTime<Utc>,
    ) -> Result<TakenIn, IntakeError> {
        let attempt = row.current();
        let Some(upload) = row.upload() else { return Ok(TakenIn::Unchanged) };
        let waits = match row.status {
            Status::Uploading => true,
            Status::Transcoding => upload.job.is_none(),
            _ => false,
        };
        if !waits {
            return Ok(TakenIn::Unchanged);
        }
        let Some(original) = original else {
            if row.attempt == 1 {
                return Ok(TakenIn::NotThere);
            }
            let missing = Failure {
                code: FailureCode::FileMissing,
                message: "The file is not in the upload bucket any more; upload it once more."
                    .to_owned(),
            };
            return self.tell(&attempt, Trigger::Failed(missing), now).await;
        };
        let url = self.originals.url(&upload.key);
        if row.status == Status::Transcoding
            && let Some(job) = self.transcoder.find(&attempt, &url).await?
        {
            return self.tell(&attempt, Trigger::TranscodeStarted { job }, now).await;
        }
        let video = match self.examine(&attempt, upload, &original, &url).await? {
            Ok(video) => video,
            Err(failure) => return self.tell(&attempt, Trigger::Failed(failure), now).await,
        };
        if row.status == Status::Uploading {
            let probed = Trigger::FileProbed {
                actual: ActualBounds {
                    start: upload.at,
                    end: upload.at + video.duration,
                    duration_seconds: video.duration.as_seconds_f64(),
                },
                thumbnails: self.transcoder.thumbnails(&video),
            };
            if self.tell(&attempt, probed, now).await? != TakenIn::Moved {
                // Another delivery is at it, or the clip is past this.
                return Ok(TakenIn::Unchanged);
            }
        }
        let started = match self.transcoder.start(&attempt, &url, &video).await? {
            Ok(job) => Trigger::TranscodeStarted { job },
            Err(failure) => Trigger::Failed(failure),
        };
        self.tell(&attempt, started, now).await?;
        Ok(TakenIn::Moved)
    }

    /// The video of a file, or why it cannot become a clip.
    async fn examine(
        &self,
        attempt: &Attempt,
        upload: &Upload,
        original: &Original,
        url: &str,
    ) -> Result<Result<Video, Failure>, IntakeError> {
        if original.size == 0 {
            return Ok(Err(Failure {
                code: FailureCode::EmptyFile,
                message: "The file is empty: it has no bytes.".to_owned(),
            }));
        }
        if let Some(size) = upload.size.filter(|size| *size != original.size) {
            return Ok(Err(Failure {
                code: FailureCode::SizeMismatch,
                message: format!(
                    "The file has {} bytes, but {size} were announced; upload it once more.",
                    original.size
                ),
            }));
        }
        Ok(self.transcoder.probe(attempt, url).await?)
    }

    async fn tell(
        &self,
        attempt: &Attempt,
        trigger: Trigger,
        now: DateTime<Utc>,
    ) -> Result<TakenIn, IntakeError> {
        Ok(match self.library.advance(attempt, &trigger, now).await? {
            Advanced::To(_) => TakenIn::Moved,
            Advanced::Unchanged(_) | Advanced::Unknown => TakenIn::Unchanged,
        })
    }

    /// Asks where the job of an attempt stands.
    pub async fn look(&self, attempt: &Attempt, job: &str) -> Result<Transcoded, IntakeError> {
        Ok(self.transcoder.look(attempt, job).await?)
    }

    /// Whether MediaConvert is still at work on a clip, whatever its row says.
    pub async fn is_transcoding(&self, row: &Clip) -> Result<bool, IntakeError> {
        let Some(upload) = row.upload() else { return Ok(false) };
        let (attempt, url) = (row.media(), self.originals.url(&upload.key));
        let job = match &upload.job {
            Some(job) => Some(job.clone()),
            None => self.transcoder.find(&attempt, &url).await?,
        };
        let Some(job) = job else { return Ok(false) };
        let at_work = self.transcoder.look(&attempt, &job).await?;
        Ok(matches!(at_work, Transcoded::InProgress { .. }))
    }

    /// Removes the file of an upload, and the parts of one that was never joined.
    ///
    /// Whatever is being dropped under the same name since belongs to another clip.
    pub async fn discard(&self, row: &Clip) -> Result<(), IntakeError> {
        let Some(upload) = row.upload() else { return Ok(()) };
        if upload.size.is_some() {
            self.originals.give_up_parts(&upload.key).await?;
        }
        if self.original_of(row, upload).await?.is_some() {
            self.originals.remove(&upload.key).await?;
        }
        Ok(())
    }

    /// Removes what is there of an upload whose time is over, parts and then its row; `false` if
    /// its file has come after all.
    pub async fn give_up(&self, row: &Clip) -> Result<bool, IntakeError> {
        if let Some(upload) = row.upload()
            && upload.size.is_some()
        {
            self.originals.give_up_parts(&upload.key).await?;
            // Someone may have joined the parts while they were being given up.
            if self.originals.look(&upload.key).await?.is_some() {
                return Ok(false);
            }
        }
        let forgotten = self.library.forget(row).await?;
        if forgotten {
            let key = row.key();
            tracing::info!(clip.id = %key, "clip {key}: its file never came; it is given up");
        }
        Ok(forgotten)
    }
}

/// The id of a file that nobody announced: that of its content under its name.
fn dropped_id(key: &str, original: &Original) -> ClipId {
    ClipId::derived(original.last_modified, &format!("{key} {}", original.etag))
}

/// Why a clip that was transcoded to so many seconds is not the whole file; `None` if it is.
pub fn truncated(row: &Clip, seconds: Option<f64>) -> Option<Failure> {
    let (expected, seconds) = (row.actual?.duration_seconds, seconds?);
    let tolerated = TOLERATED_SECONDS.max(TOLERATED_SHARE * expected).min(expected / 2.0);
    (seconds + tolerated < expected).then(|| Failure {
        code: FailureCode::TruncatedFile,
        message: format!(
            "The file breaks off: it says that it lasts {expected:.1} s, but holds {seconds:.1} s; \
             upload it once more."
        ),
    })
}
