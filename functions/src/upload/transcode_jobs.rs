//! Probes files, and starts and describes their MediaConvert jobs.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_mediaconvert::Error as MediaConvertError;
use aws_sdk_mediaconvert::config::Config;
use aws_sdk_mediaconvert::error::SdkError;
use aws_sdk_mediaconvert::types::{Job, JobStatus, Order, ProbeInputFile, StatusUpdateInterval};
use sha2::{Digest as _, Sha256};

use super::job_settings::{self, Locations};
use super::structure::Structure;
use super::tracks::UploadTracks;
use super::video::Video;
use crate::clip::{Attempt, Failure, FailureCode};
use crate::config::{self, ConfigError, Variables};
use crate::encode::{Ladder, longest_output_seconds};

/// The MediaConvert jobs of uploaded files.
#[derive(Clone, Debug)]
pub struct TranscodeJobs {
    client: aws_sdk_mediaconvert::Client,
    role_arn: String,
    bucket: String,
    ladder: Ladder,
}

/// The state of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum TranscodeState {
    InProgress {
        percent: Option<u8>,
    },
    /// `seconds` is the duration of the longest output, if MediaConvert reports it.
    Complete {
        seconds: Option<f64>,
    },
    Failed(Failure),
    /// MediaConvert has no such job. It forgets a job after three months.
    NotFound,
}

#[derive(Debug, thiserror::Error)]
pub enum TranscodeJobError {
    #[error("{operation} failed for {attempt}")]
    Call {
        operation: &'static str,
        attempt: Attempt,
        #[source]
        source: Box<MediaConvertError>,
    },
    #[error("MediaConvert throttled every try of a call for {attempt}")]
    Throttled { attempt: Attempt },
    #[error("the response of MediaConvert for {attempt} is incomplete")]
    Incomplete { attempt: Attempt },
}

/// The keys of a job's `userMetadata`, which each event of the job contains.
pub(super) const COMPETITION: &str = "competition";
pub(super) const CLIP: &str = "clip";
pub(super) const ATTEMPT: &str = "attempt";

/// The pause before a throttled call is repeated. CreateJob accepts two calls a second after a burst
/// of 100, so several tries a second use its rate well.
const THROTTLE_PAUSE: Duration = Duration::from_millis(200);
/// Most tries of a throttled call: 20 s. SQS then delivers the message again. Three such waits and a
/// probe end before the function's timeout.
const MAX_THROTTLED_TRIES: usize = 100;
/// How long MediaConvert may take to probe a file. It reads the file's index, which takes up to a
/// minute in a large file, for example an MXF file of 200 GB.
const PROBE_TIMEOUT: Duration = Duration::from_secs(75);

impl TranscodeJobs {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        // This module retries throttled calls. The queue and the sweep retry everything else.
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

    /// Probes a file. Returns its video, or why it cannot be transcoded.
    ///
    /// MediaConvert may also refuse a file that S3 does not let it read.
    pub(super) async fn probe(
        &self,
        attempt: &Attempt,
        url: &str,
        structure: &Structure,
    ) -> Result<Result<Video, Failure>, TranscodeJobError> {
        let file = ProbeInputFile::builder().file_url(url).build();
        let probe = self.client.probe().input_files(file);
        let timeouts = config::whole_operation_timeout(PROBE_TIMEOUT);
        let patient = Config::builder().timeout_config(timeouts);
        let send = || probe.clone().customize().config_override(patient.clone()).send();
        let probed = retry_throttled(attempt, send).await?;
        match probed {
            Ok(probed) => {
                let result = probed.probe_results().first();
                let result = result
                    .ok_or_else(|| TranscodeJobError::Incomplete { attempt: attempt.clone() })?;
                Ok(Video::from_probe(result, structure))
            }
            // The file itself is invalid.
            Err(
                MediaConvertError::BadRequestException(_)
                | MediaConvertError::UnprocessableEntityException(_),
            ) => Ok(Err(Failure {
                code: FailureCode::UnreadableFile,
                message: "The file cannot be read as a video. It is damaged, truncated, or not a \
                          media file."
                    .to_owned(),
            })),
            Err(source) => Err(call_failed("Probe", attempt, source)),
        }
    }

    /// Finds the id of the job of an attempt, if it exists.
    ///
    /// MediaConvert's own protection against repeated calls lasts only a minute.
    pub(super) async fn find(
        &self,
        attempt: &Attempt,
        url: &str,
    ) -> Result<Option<String>, TranscodeJobError> {
        let search = self.client.search_jobs().input_file(url).order(Order::Descending);
        let found = retry_throttled(attempt, || search.clone().send()).await?;
        let found = found.map_err(|error| call_failed("SearchJobs", attempt, error))?;
        let is_own = |job: &&Job| {
            let metadata = job.user_metadata.as_ref();
            metadata.is_some_and(|metadata| *metadata == user_metadata(attempt))
        };
        Ok(found.jobs().iter().find(is_own).and_then(|job| job.id.clone()))
    }

    /// Starts the job of a video. Returns its id, or why MediaConvert refused it.
    pub(super) async fn start(
        &self,
        attempt: &Attempt,
        url: &str,
        video: &Video,
        tracks: &UploadTracks,
    ) -> Result<Result<String, Failure>, TranscodeJobError> {
        let bucket = &self.bucket;
        let locations = Locations {
            input: url.to_owned(),
            manifest: format!("s3://{bucket}/{}", attempt.manifest_base()),
            thumbnail: format!("s3://{bucket}/{}", attempt.thumbnail_base()),
        };
        let request = self
            .client
            .create_job()
            .role(&self.role_arn)
            .settings(job_settings::build(&self.ladder, video, tracks, &locations))
            .set_user_metadata(Some(user_metadata(attempt)))
            .client_request_token(request_token(attempt))
            .status_update_interval(StatusUpdateInterval::Seconds10);
        match retry_throttled(attempt, || request.clone().send()).await? {
            Ok(created) => {
                let id = created.job.and_then(|job| job.id);
                let id =
                    id.ok_or_else(|| TranscodeJobError::Incomplete { attempt: attempt.clone() })?;
                Ok(Ok(id))
            }
            Err(MediaConvertError::BadRequestException(refusal)) => {
                let reason = refusal.message.unwrap_or_default();
                tracing::error!(
                    clip.id = %attempt.clip,
                    "MediaConvert refused the job of {attempt}: {reason}"
                );
                Ok(Err(Failure {
                    code: FailureCode::TranscodeRefused,
                    message: format!("MediaConvert refused to transcode the file: {reason}"),
                }))
            }
            Err(source) => Err(call_failed("CreateJob", attempt, source)),
        }
    }

    /// Returns the state of a job.
    pub(super) async fn describe(
        &self,
        attempt: &Attempt,
        job: &str,
    ) -> Result<TranscodeState, TranscodeJobError> {
        let found = self.client.get_job().id(job).send().await.map_err(MediaConvertError::from);
        let job = match found {
            Ok(found) => found
                .job
                .ok_or_else(|| TranscodeJobError::Incomplete { attempt: attempt.clone() })?,
            Err(MediaConvertError::NotFoundException(_)) => return Ok(TranscodeState::NotFound),
            Err(source) => return Err(call_failed("GetJob", attempt, source)),
        };
        Ok(match job.status {
            Some(JobStatus::Complete) => TranscodeState::Complete {
                seconds: longest_output_seconds(job.output_group_details()),
            },
            Some(JobStatus::Error) => {
                TranscodeState::Failed(job_failure(job.error_code, job.error_message.as_deref()))
            }
            Some(JobStatus::Canceled) => TranscodeState::Failed(canceled_failure()),
            _ => {
                let percent = job.job_percent_complete;
                TranscodeState::InProgress { percent: percent.and_then(|it| u8::try_from(it).ok()) }
            }
        })
    }

    /// Opens the connection to MediaConvert before the first event needs it.
    pub async fn warm_up(&self) {
        let _ = self.client.search_jobs().input_file("s3://-/-").max_results(1).send().await;
    }
}

/// Repeats a call while MediaConvert throttles it.
async fn retry_throttled<T, E, F>(
    attempt: &Attempt,
    call: impl Fn() -> F,
) -> Result<Result<T, MediaConvertError>, TranscodeJobError>
where
    F: Future<Output = Result<T, SdkError<E>>>,
    MediaConvertError: From<SdkError<E>>,
{
    for _ in 0..MAX_THROTTLED_TRIES {
        match call().await.map_err(MediaConvertError::from) {
            Err(MediaConvertError::TooManyRequestsException(_)) => {
                tokio::time::sleep(THROTTLE_PAUSE).await;
            }
            result => return Ok(result),
        }
    }
    Err(TranscodeJobError::Throttled { attempt: attempt.clone() })
}

/// The user metadata of a job: the attempt that it belongs to.
fn user_metadata(attempt: &Attempt) -> HashMap<String, String> {
    let Attempt { clip, number } = attempt;
    let fields = [
        (COMPETITION, clip.competition.to_string()),
        (CLIP, clip.clip.to_string()),
        (ATTEMPT, number.to_string()),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}

/// The token of CreateJob. It has at most 64 characters, and the name of an attempt may be longer.
fn request_token(attempt: &Attempt) -> String {
    Sha256::digest(attempt.to_string())[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Converts the error of a job to a failure that an editor understands.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/mediaconvert_error_codes.html>
pub(super) fn job_failure(code: Option<i32>, message: Option<&str>) -> Failure {
    let reason = match code {
        Some(1010 | 1056 | 1404) => "the file could not be opened",
        Some(1030) => "a track could not be decoded",
        Some(1040) => "the job settings do not fit the file",
        Some(1401) => "MediaConvert was denied access to a bucket",
        Some(1432..=1434 | 1515) => "MediaConvert could not assume its role",
        _ => "the job failed",
    };
    let code = code.map_or_else(|| "none".to_owned(), |code| code.to_string());
    let text = message.unwrap_or("no reason was given");
    Failure {
        code: FailureCode::TranscodeFailed,
        message: format!(
            "The file could not be transcoded: {reason} (MediaConvert error {code}: {text})."
        ),
    }
}

pub(super) fn canceled_failure() -> Failure {
    Failure {
        code: FailureCode::TranscodeFailed,
        message: "The job was canceled in MediaConvert.".to_owned(),
    }
}

fn call_failed(
    operation: &'static str,
    attempt: &Attempt,
    source: MediaConvertError,
) -> TranscodeJobError {
    TranscodeJobError::Call { operation, attempt: attempt.clone(), source: Box::new(source) }
}
