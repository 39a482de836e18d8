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

    /// Names the input if the job has several. `at` is counted from 0, the number in the message from 1.
    pub(super) fn at_input(self, at: usize, count: usize) -> Self {
        if count == 1 {
            return self;
        }
        Self { message: format!("input {}: {}", at + 1, self.message), ..self }
    }
}
