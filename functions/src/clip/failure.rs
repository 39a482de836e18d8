//! Why a clip failed.

use serde::{Deserialize, Serialize};

/// Why a clip failed, as its row stores it and the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub code: FailureCode,
    /// A sentence for the operator.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureCode {
    /// The stream stopped before the end of the clip.
    NotAired,
    /// The stream was not on air during the whole window.
    WindowUnavailable,
    /// The window is older than the startover window.
    WindowExpired,
    /// MediaPackage refused to start the harvest job.
    HarvestRefused,
    /// The harvest job failed.
    HarvestFailed,
    /// MediaPackage refused to create an asset of the media.
    AssetRefused,
    /// The ingest of the asset failed.
    IngestFailed,
    /// The file is no longer in the upload bucket.
    FileMissing,
    /// The file has no bytes.
    EmptyFile,
    /// The size of the file is not the announced size.
    SizeMismatch,
    /// The file is not a media file, or it is damaged.
    UnreadableFile,
    /// S3 does not let the service read the file: it is encrypted with a KMS key that the service may
    /// not use, another account owns it, or it is archived.
    FileAccessDenied,
    /// MediaConvert could not probe the file, for as long as it was tried.
    ProbeFailed,
    /// The file has no video track.
    NoVideo,
    /// MediaConvert does not support the video codec, or the codec of no sound.
    UnsupportedCodec,
    /// The first video track is a preview of another one. MediaConvert takes the first one.
    PreviewFirst,
    /// The video is longer than 24 hours.
    TooLong,
    /// The picture is smaller than the smallest possible rendition.
    TooSmall,
    /// The file ends before the duration that its header states.
    TruncatedFile,
    /// MediaConvert refused the job.
    TranscodeRefused,
    /// The MediaConvert job failed.
    TranscodeFailed,
}

impl FailureCode {
    /// Whether the media of the clip is complete, so that a retry only has to create a new asset.
    pub fn keeps_media(self) -> bool {
        matches!(self, Self::AssetRefused | Self::IngestFailed)
    }
}
