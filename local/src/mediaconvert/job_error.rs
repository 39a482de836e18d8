//! Why a job failed.

/// Why a job failed, with MediaConvert's error code.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/mediaconvert_error_codes.html>
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct JobError {
    pub(super) code: u32,
    pub(super) message: String,
}

impl JobError {
    pub(super) fn new(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}
