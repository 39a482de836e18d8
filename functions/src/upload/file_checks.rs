//! Describes why a file cannot become a clip: by its size, by what S3 and MediaConvert say, and by the
//! length of its transcode.

use super::file_kind;
use super::originals::{AccessRefusal, Original};
use super::structure::Structure;
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

/// Returns a failure if the file itself says that it cannot become a clip.
pub(super) fn check_structure(structure: &Structure, original: &Original) -> Option<Failure> {
    if structure.is_encrypted() {
        let message = "The file is encrypted, as files of shops and streaming services are. \
                       Export it without encryption."
            .to_owned();
        return Some(Failure { code: FailureCode::UnreadableFile, message });
    }
    let stated = structure.stated_size.filter(|stated| {
        let missing = stated.saturating_sub(original.size);
        #[expect(clippy::cast_precision_loss, reason = "a share of the size")]
        let share = missing as f64 / *stated as f64;
        share > TOLERATED_SHARE
    });
    stated.map_or_else(
        || file_kind::describe_still_picture(&structure.first_bytes),
        |stated| Some(describe_missing_bytes(stated, original)),
    )
}

/// Describes why MediaConvert cannot read a file, if the file itself shows it.
pub(super) fn describe_unreadable(structure: &Structure, original: &Original) -> Option<Failure> {
    if let Some(stated) = structure.stated_size {
        return Some(describe_missing_bytes(stated, original));
    }
    if structure.lacks_index {
        let message = "The file has no index, which a recorder writes when it closes the file. The \
                       recording or the export broke off. Repair it or export it again, and upload it."
            .to_owned();
        return Some(Failure { code: FailureCode::TruncatedFile, message });
    }
    file_kind::describe(&structure.first_bytes)
}

fn describe_missing_bytes(stated: u64, original: &Original) -> Failure {
    Failure {
        code: FailureCode::TruncatedFile,
        message: format!(
            "The file is truncated: it states that it has {stated} bytes or more, but it has {}. \
             Upload it again.",
            original.size
        ),
    }
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
