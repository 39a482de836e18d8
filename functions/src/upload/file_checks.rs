//! Describes why a file cannot become a clip: by its size, by what S3 and MediaConvert say, and by the
//! length of its transcode.

use super::originals::{AccessRefusal, Original};
use crate::clip::{Clip, Failure, FailureCode, Upload};

/// How much shorter than its file a transcode may be, in seconds: its last frames and rounding.
const TOLERATED_SECONDS: f64 = 2.0;
/// How much shorter than its file a transcode may be, as a share of the file's duration.
const TOLERATED_SHARE: f64 = 0.05;

/// Returns a failure if the file is empty, or has not the announced size.
pub(super) fn check_size(upload: &Upload, original: &Original) -> Option<Failure> {
    if original.size == 0 {
        let message = "The file is empty.".to_owned();
        return Some(Failure { code: FailureCode::EmptyFile, message });
    }
    let announced = upload.size.filter(|size| *size != original.size)?;
    Some(Failure {
        code: FailureCode::SizeMismatch,
        message: format!(
            "The file has {} bytes, but {announced} were announced. Upload it again.",
            original.size
        ),
    })
}

/// The failure of a file that S3 does not let the service read.
pub(super) fn describe_refusal(refusal: AccessRefusal, original: &Original) -> Failure {
    let message = match (refusal, &original.kms_key) {
        (AccessRefusal::Archived, _) => "The file is in an archive storage class of S3. Restore \
                                         it, or upload it in the class STANDARD. Then retry."
            .to_owned(),
        (AccessRefusal::Denied, Some(key)) => format!(
            "S3 denies access to the file, which is encrypted with the KMS key {key}. Upload the \
             file without this key, or let the service use the key. Then retry."
        ),
        (AccessRefusal::Denied, None) => "S3 denies access to the file. Another account may own \
                                          it. Copy it into the upload bucket from the account of \
                                          the bucket."
            .to_owned(),
    };
    Failure { code: FailureCode::FileAccessDenied, message }
}

/// The failure of a file that MediaConvert could not probe in time.
pub(super) fn describe_failed_probe() -> Failure {
    Failure {
        code: FailureCode::ProbeFailed,
        message: "MediaConvert could not examine the file, although it was tried for 10 minutes. \
                  Retry once. If that fails too, export the file again, and upload it."
            .to_owned(),
    }
}

/// The failure of a file whose parts S3 did not join in time.
pub(super) fn describe_failed_join() -> Failure {
    Failure {
        code: FailureCode::FileMissing,
        message: "S3 received all parts of the file, but did not join them within an hour. Upload \
                  the file again."
            .to_owned(),
    }
}

/// Returns a failure if the transcode, of this many seconds, is much shorter than the file.
pub fn check_truncation(clip: &Clip, seconds: Option<f64>) -> Option<Failure> {
    let (expected, seconds) = (clip.actual?.duration_seconds, seconds?);
    let tolerated = TOLERATED_SECONDS.max(TOLERATED_SHARE * expected).min(expected / 2.0);
    (seconds + tolerated < expected).then(|| Failure {
        code: FailureCode::TruncatedFile,
        message: format!(
            "The file is truncated: its header states {expected:.1} s, but it has {seconds:.1} s of \
             video. Upload it again."
        ),
    })
}
