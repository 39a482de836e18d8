//! MediaConvert, asked what a file is, to transcode it, and how far that is.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_mediaconvert::Error as MediaConvertError;
use aws_sdk_mediaconvert::error::SdkError;
use aws_sdk_mediaconvert::types::{
    Job, JobStatus, Order, OutputGroupDetail, ProbeInputFile, StatusUpdateInterval,
};
use sha2::{Digest as _, Sha256};

use super::job::{self, Places};
use super::ladder::Ladder;
use super::thumbnail_name;
use super::video::Video;
use crate::clip::Attempt;
use crate::config::{self, ConfigError, Variables};
use crate::library::{Failure, FailureCode};

/// Makes the renditions of uploaded files.
#[derive(Clone, Debug)]
pub struct Transcoder {
    client: aws_sdk_mediaconvert::Client,
    role_arn: String,
    bucket: String,
    ladder: Ladder,
}

/// Where a job stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Transcoded {
    InProgress {
        percent: Option<u8>,
    },
    /// How long what it made plays, where that is told.
    Complete {
        seconds: Option<f64>,
    },
    Failed(Failure),
    /// MediaConvert does not know the job, or has forgotten it after three months.
    Unknown,
}

#[derive(Debug, thiserror::Error)]
pub enum TranscodeError {
    #[error("MediaConvert did not {what} {attempt}")]
    Call {
        what: &'static str,
        attempt: Attempt,
        #[source]
        source: Box<MediaConvertError>,
    },
    #[error("MediaConvert takes no more jobs just now; {attempt} waits")]
    Throttled { attempt: Attempt },
    #[error("MediaConvert answered without what it was asked for about {attempt}")]
    Incomplete { attempt: Attempt },
}

/// The keys of a job's `userMetadata`, which comes back in each of its events.
pub(super) const COMPETITION: &str = "competition";
pub(super) const CLIP: &str = "clip";
pub(super) const ATTEMPT: &str = "attempt";

/// CreateJob is said to take two requests a second after a burst of a hundred; asking five times
/// as often loses little of that and floods nobody.
const PAUSE: Duration = Duration::from_millis(100);
/// Long, for the queue gives a file once more only after minutes, and no other before it; yet a
/// function that waits twice so long ends before its time does.
const MOST_PAUSES: usize = 500;

impl Transcoder {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        // Throttling is waited out here, and everything else by the queue or the sweep.
        let settings = aws_sdk_mediaconvert::config::Builder::from(sdk)
            .retry_config(config::no_retries())
            .build();
        Ok(Self {
            client: aws_sdk_mediaconvert::Client::from_conf(settings),
            role_arn: variables.required("TRANSCODE_ROLE_ARN")?.to_owned(),
            bucket: variables.required("CLIPS_BUCKET")?.to_owned(),
            ladder: Ladder::standard(),
        })
    }

    /// What a file is, or why nothing can be made of it.
    pub(super) async fn probe(
        &self,
        attempt: &Attempt,
        url: &str,
    ) -> Result<Result<Video, Failure>, TranscodeError> {
        let file = ProbeInputFile::builder().file_url(url).build();
        let probe = self.client.probe().input_files(file);
        let probed = patiently(attempt, || probe.clone().send()).await?;
        match probed {
            Ok(probed) => {
                let container = probed.probe_results().first().and_then(|it| it.container.as_ref());
                let container = container
                    .ok_or_else(|| TranscodeError::Incomplete { attempt: attempt.clone() })?;
                Ok(Video::of(container))
            }
            // What the file is to blame for.
            Err(
                MediaConvertError::BadRequestException(_)
                | MediaConvertError::UnprocessableEntityException(_),
            ) => Ok(Err(Failure {
                code: FailureCode::UnreadableFile,
                message: "The file cannot be read as a video: it is damaged, cut off, or not what \
                          its name says."
                    .to_owned(),
            })),
            Err(source) => Err(calling("probe the file of", attempt, source)),
        }
    }

    /// How many thumbnails a video gets.
    pub(super) fn thumbnails(&self, video: &Video) -> u32 {
        job::thumbnails(&self.ladder, video).0
    }

    /// The job that was made for a file, if there is one.
    ///
    /// MediaConvert's own token against repeats holds for a minute only.
    pub(super) async fn find(
        &self,
        attempt: &Attempt,
        url: &str,
    ) -> Result<Option<String>, TranscodeError> {
        let search = self.client.search_jobs().input_file(url).order(Order::Descending);
        let found = patiently(attempt, || search.clone().send()).await?;
        let found = found.map_err(|error| calling("search the job of", attempt, error))?;
        let of_clip = |job: &&Job| {
            let metadata = job.user_metadata.as_ref();
            metadata.is_some_and(|metadata| *metadata == identity(attempt))
        };
        Ok(found.jobs().iter().find(of_clip).and_then(|job| job.id.clone()))
    }

    /// Asks for the job of a video; its id, or why MediaConvert will not take it.
    pub(super) async fn start(
        &self,
        attempt: &Attempt,
        url: &str,
        video: &Video,
    ) -> Result<Result<String, Failure>, TranscodeError> {
        let bucket = &self.bucket;
        // The number and `.jpg` are MediaConvert's.
        let thumbnail = thumbnail_name(0).split('.').next().unwrap_or_default().to_owned();
        let places = Places {
            input: url.to_owned(),
            manifest: format!("s3://{bucket}/{}index", attempt.media_prefix()),
            thumbnail: format!("s3://{bucket}/{}{thumbnail}", attempt.thumbnail_prefix()),
        };
        let request = self
            .client
            .create_job()
            .role(&self.role_arn)
            .settings(job::settings(&self.ladder, video, &places))
            .set_user_metadata(Some(identity(attempt)))
            .client_request_token(token(attempt))
            .status_update_interval(StatusUpdateInterval::Seconds10);
        match patiently(attempt, || request.clone().send()).await? {
            Ok(created) => {
                let id = created.job.and_then(|job| job.id);
                let id =
                    id.ok_or_else(|| TranscodeError::Incomplete { attempt: attempt.clone() })?;
                Ok(Ok(id))
            }
            Err(MediaConvertError::BadRequestException(refusal)) => {
                let reason = refusal.message.unwrap_or_default();
                tracing::error!("MediaConvert refused a job of {attempt}: {reason}");
                Ok(Err(Failure {
                    code: FailureCode::TranscodeRefused,
                    message: format!("MediaConvert would not transcode the file: {reason}"),
                }))
            }
            Err(source) => Err(calling("make a job of", attempt, source)),
        }
    }

    /// Asks where a job stands.
    pub(super) async fn look(
        &self,
        attempt: &Attempt,
        job: &str,
    ) -> Result<Transcoded, TranscodeError> {
        let found = self.client.get_job().id(job).send().await.map_err(MediaConvertError::from);
        let job = match found {
            Ok(found) => {
                found.job.ok_or_else(|| TranscodeError::Incomplete { attempt: attempt.clone() })?
            }
            Err(MediaConvertError::NotFoundException(_)) => return Ok(Transcoded::Unknown),
            Err(source) => return Err(calling("tell of the job of", attempt, source)),
        };
        Ok(match job.status {
            Some(JobStatus::Complete) => {
                Transcoded::Complete { seconds: longest(job.output_group_details()) }
            }
            Some(JobStatus::Error) => {
                Transcoded::Failed(job_failure(job.error_code, job.error_message.as_deref()))
            }
            Some(JobStatus::Canceled) => Transcoded::Failed(canceled()),
            _ => {
                let percent = job.job_percent_complete;
                Transcoded::InProgress { percent: percent.and_then(|it| u8::try_from(it).ok()) }
            }
        })
    }

    /// Opens the connection to MediaConvert before the first event needs it.
    pub async fn warm_up(&self) {
        let _ = self.client.search_jobs().input_file("s3://-/-").max_results(1).send().await;
    }
}

/// Makes a call again for as long as MediaConvert has too many of them.
async fn patiently<T, E, F>(
    attempt: &Attempt,
    call: impl Fn() -> F,
) -> Result<Result<T, MediaConvertError>, TranscodeError>
where
    F: Future<Output = Result<T, SdkError<E>>>,
    MediaConvertError: From<SdkError<E>>,
{
    for _ in 0..MOST_PAUSES {
        match call().await.map_err(MediaConvertError::from) {
            Err(MediaConvertError::TooManyRequestsException(_)) => {
                tokio::time::sleep(PAUSE).await;
            }
            answer => return Ok(answer),
        }
    }
    Err(TranscodeError::Throttled { attempt: attempt.clone() })
}

/// Which attempt at a clip a job belongs to.
fn identity(attempt: &Attempt) -> HashMap<String, String> {
    let Attempt { clip, number } = attempt;
    let fields = [
        (COMPETITION, clip.competition.to_string()),
        (CLIP, clip.clip.to_string()),
        (ATTEMPT, number.to_string()),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}

/// At most 64 characters, which a competition and a clip id may exceed.
fn token(attempt: &Attempt) -> String {
    Sha256::digest(attempt.to_string())[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn longest(groups: &[OutputGroupDetail]) -> Option<f64> {
    let outputs = groups.iter().flat_map(OutputGroupDetail::output_details);
    let milliseconds = outputs.filter_map(|output| output.duration_in_ms).max();
    milliseconds.map(|milliseconds| f64::from(milliseconds) / 1000.0)
}

/// Why a job failed, in words an editor understands.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/mediaconvert_error_codes.html>
pub(super) fn job_failure(code: Option<i32>, message: Option<&str>) -> Failure {
    let reason = match code {
        Some(1010 | 1056 | 1404) => "the file could not be opened",
        Some(1030) => "the file's codec could not be decoded",
        Some(1040) => "the settings do not fit the file",
        Some(1401) => "MediaConvert may not read or write the buckets",
        Some(1432..=1434 | 1515) => "MediaConvert may not use its role",
        _ => "something went wrong while transcoding",
    };
    let code = code.map_or_else(|| "none".to_owned(), |code| code.to_string());
    let said = message.unwrap_or("no reason was given");
    Failure {
        code: FailureCode::TranscodeFailed,
        message: format!(
            "The file could not be transcoded: {reason} (MediaConvert error {code}: {said})."
        ),
    }
}

pub(super) fn canceled() -> Failure {
    Failure {
        code: FailureCode::TranscodeFailed,
        message: "The transcoding was canceled in MediaConvert.".to_owned(),
    }
}

fn calling(what: &'static str, attempt: &Attempt, source: MediaConvertError) -> TranscodeError {
    TranscodeError::Call { what, attempt: attempt.clone(), source: Box::new(source) }
}
