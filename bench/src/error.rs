//! The reasons why a measurement can fail.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use matchcut::asset::{AssetError, AssetPlayableError};
use matchcut::clip::{IdError, WindowError};
use matchcut::config::ConfigError;
use matchcut::encode::MediaJobError;
use matchcut::harvest::{DueQueueError, HarvestCompleteError, HarvestJobError};
use matchcut::library::LibraryError;
use matchcut::sweep::SweepError;
use matchcut::upload::{TranscodeCompleteError, TranscodeUploadError};
use matchcut_local::StackError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error("could not start the async runtime")]
    Runtime(#[source] io::Error),
    #[error("could not write to the temporary folder")]
    Folder(#[source] io::Error),
    #[error("could not listen for webhook messages")]
    Receiver(#[source] io::Error),
    #[error("could not start the service")]
    Stack(#[from] StackError),
    #[error("the live stream did not start within {} min; RUST_LOG=warn shows why", .0.as_secs() / 60)]
    OffAir(Duration),
    #[error("could not use a setting of the service")]
    Config(#[from] ConfigError),
    #[error("could not make the window of a clip")]
    Window(#[from] WindowError),
    #[error("could not parse an id")]
    Id(#[from] IdError),
    #[error("could not encode a row for DynamoDB")]
    Row(#[from] serde_dynamo::Error),
    #[error("could not use the library")]
    Library(#[from] LibraryError),
    #[error("request failed: {request}")]
    Http {
        request: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("request of the anonymous client failed")]
    Load(#[source] io::Error),
    #[error("{request} was answered {status}: {body}")]
    Status { request: String, status: u16, body: String },
    #[error("unexpected {what}: {text}")]
    Unexpected { what: &'static str, text: String },
    #[error("could not send a due message")]
    DueQueue(#[from] DueQueueError),
    #[error("could not describe a harvest job")]
    Harvest(#[from] HarvestJobError),
    #[error("could not describe an asset")]
    Asset(#[from] AssetError),
    #[error("harvest-complete failed")]
    HarvestComplete(#[source] Box<HarvestCompleteError>),
    #[error("asset-playable failed")]
    AssetPlayable(#[source] Box<AssetPlayableError>),
    #[error("transcode-upload failed")]
    TranscodeUpload(#[from] TranscodeUploadError),
    #[error("could not describe a job of MediaConvert")]
    MediaJob(#[from] MediaJobError),
    #[error("transcode-complete failed")]
    TranscodeComplete(#[source] Box<TranscodeCompleteError>),
    #[error("the sweep failed")]
    Sweep(#[from] SweepError),
    #[error("a call to MediaPackage failed")]
    MediaPackage(#[source] Box<aws_sdk_mediapackage::Error>),
    #[error("a call to MediaConvert failed")]
    MediaConvert(#[source] Box<aws_sdk_mediaconvert::Error>),
    #[error("a call to DynamoDB failed")]
    DynamoDb(#[source] Box<aws_sdk_dynamodb::Error>),
    #[error("DynamoDB left out rows of a batch")]
    Unprocessed,
    #[error("could not upload a file to S3")]
    S3(#[source] Box<aws_sdk_s3::Error>),
    #[error("timeout while waiting for {what}")]
    Timeout { what: &'static str },
    #[error("program not found: {}; `make bench` builds it", .0.display())]
    NotBuilt(PathBuf),
    #[error("could not run {program}")]
    Run {
        program: String,
        #[source]
        source: io::Error,
    },
    #[error("{program} exited early: {status}")]
    Exited { program: String, status: ExitStatus },
    #[error("function {function} failed: {report}")]
    FunctionFailed { function: String, report: String },
    #[error("could not read {}", .path.display())]
    ReadFile {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl From<HarvestCompleteError> for BenchError {
    fn from(error: HarvestCompleteError) -> Self {
        Self::HarvestComplete(Box::new(error))
    }
}

impl From<AssetPlayableError> for BenchError {
    fn from(error: AssetPlayableError) -> Self {
        Self::AssetPlayable(Box::new(error))
    }
}

impl From<TranscodeCompleteError> for BenchError {
    fn from(error: TranscodeCompleteError) -> Self {
        Self::TranscodeComplete(Box::new(error))
    }
}

impl BenchError {
    /// Keeps the first 200 characters of a long text.
    pub(crate) fn unexpected(what: &'static str, text: &impl ToString) -> Self {
        Self::Unexpected { what, text: text.to_string().chars().take(200).collect() }
    }
}
