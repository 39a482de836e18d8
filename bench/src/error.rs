//! Why a measurement could not be made.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use matchcut::asset::{AssetError, AssetPlayableError};
use matchcut::clip::{IdError, WindowError};
use matchcut::config::ConfigError;
use matchcut::harvest::{HarvestCompleteError, HarvestJobError};
use matchcut::library::LibraryError;
use matchcut::sweep::SweepError;
use matchcut::upload::TranscodeUploadError;
use matchcut_local::StackError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error("could not start a runtime")]
    Runtime(#[source] io::Error),
    #[error("could not make a folder for the service's data")]
    Folder(#[source] io::Error),
    #[error("could not listen for webhooks")]
    Receiver(#[source] io::Error),
    #[error("could not start the service")]
    Stack(#[from] StackError),
    #[error("the service was not on air in time; RUST_LOG=warn shows why")]
    OffAir,
    #[error("a setting of the service is not usable")]
    Config(#[from] ConfigError),
    #[error("a clip of the measurement has no possible window")]
    Window(#[from] WindowError),
    #[error("an id of the measurement is not one")]
    Id(#[from] IdError),
    #[error("a row of the measurement cannot be written as DynamoDB has it")]
    Row(#[from] serde_dynamo::Error),
    #[error("could not use the library")]
    Library(#[from] LibraryError),
    #[error("the service did not answer {path}")]
    Http {
        path: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("the service answered {path} with {status}: {body}")]
    Status { path: String, status: u16, body: String },
    #[error("the service gave {what}: {text}")]
    Unexpected { what: &'static str, text: String },
    #[error("could not ask for a harvest job")]
    Harvest(#[from] HarvestJobError),
    #[error("could not ask for an asset")]
    Asset(#[from] AssetError),
    #[error("the end of a harvest was not handled")]
    HarvestComplete(#[from] HarvestCompleteError),
    #[error("the end of an ingest was not handled")]
    AssetPlayable(#[from] AssetPlayableError),
    #[error("an upload was not handled")]
    TranscodeUpload(#[from] TranscodeUploadError),
    #[error("the sweep did not run")]
    Sweep(#[from] SweepError),
    #[error("could not ask MediaPackage")]
    MediaPackage(#[source] Box<aws_sdk_mediapackage::Error>),
    #[error("could not ask MediaConvert")]
    MediaConvert(#[source] Box<aws_sdk_mediaconvert::Error>),
    #[error("could not write to S3")]
    S3(#[source] Box<aws_sdk_s3::Error>),
    #[error("{what} took longer than a minute")]
    Late { what: &'static str },
    #[error("there is no {}; `make bench` builds it", .0.display())]
    NotBuilt(PathBuf),
    #[error("could not run {program}")]
    Run {
        program: String,
        #[source]
        source: io::Error,
    },
    #[error("{program} ended by itself: {status}")]
    Ended { program: String, status: ExitStatus },
    #[error("{function} failed: {report}")]
    Failed { function: String, report: String },
    #[error("could not read {}", .path.display())]
    Proc {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl BenchError {
    /// Of a long text only its beginning is told.
    pub(crate) fn unexpected(what: &'static str, text: &impl ToString) -> Self {
        Self::Unexpected { what, text: text.to_string().chars().take(200).collect() }
    }
}
