//! Uploaded files: how they arrive in the upload bucket, and how MediaConvert transcodes them.

mod captions;
mod complete_upload;
mod create_upload;
mod default_sound;
mod file_checks;
mod file_kind;
mod job_settings;
mod late_file;
mod object_key;
mod object_tags;
mod originals;
mod parts;
mod picture;
mod preview;
mod processor;
mod sound;
mod structure;
mod tracks;
mod transcode_complete;
mod transcode_jobs;
mod transcode_upload;
mod upload_request;
mod video;

pub use captions::AnnouncedCaptions;
pub use complete_upload::{CompleteUpload, parse_parts};
pub use create_upload::CreateUpload;
pub use file_checks::check_truncation;
pub use object_key::{ObjectKey, ObjectKeyError};
pub use originals::{OriginalError, Originals};
pub use parts::ListUploadParts;
pub use processor::{ProcessOutcome, UploadProcessor, UploadProcessorError};
pub use structure::count_structure_windows;
pub use transcode_complete::{JobStateChange, TranscodeComplete, TranscodeCompleteError};
pub use transcode_jobs::{TranscodeJobError, TranscodeJobs, TranscodeState};
pub use transcode_upload::{ObjectCreated, TranscodeUpload, TranscodeUploadError};
pub use upload_request::UploadRequest;
