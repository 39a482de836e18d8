//! Files of editors: how they come into the library, and how they get their renditions.

mod complete;
mod create;
mod intake;
mod job;
mod ladder;
mod leftovers;
mod object_key;
mod originals;
mod parts;
mod request;
mod transcode;
mod transcode_complete;
mod transcoder;
mod video;

pub use complete::{CompleteUpload, read_parts};
pub use create::CreateUpload;
pub use intake::{Intake, IntakeError, TakenIn, truncated};
pub use leftovers::{Leftovers, LeftoversError};
pub use object_key::{ObjectKey, ObjectKeyError};
pub use originals::{OriginalError, Originals};
pub use parts::ListUploadParts;
pub use request::UploadRequest;
pub use transcode::{ObjectCreated, TranscodeUpload, TranscodeUploadError};
pub use transcode_complete::{JobNotice, TranscodeComplete, TranscodeCompleteError};
pub use transcoder::{TranscodeError, Transcoded, Transcoder};

/// The file name of a thumbnail under a clip's thumbnail prefix, as MediaConvert's frame capture
/// numbers them.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/file-group-with-frame-capture-output.html>
pub fn thumbnail_name(number: u32) -> String {
    format!("thumbnail.{number:07}.jpg")
}
