//! The limits of S3 and MediaConvert that large files meet.

use std::time::Duration;

/// How long S3 and MediaConvert take for large files. AWS publishes no rates: these make the largest
/// files take as long as they may take on AWS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UploadLimits {
    /// How many bytes of a file Probe covers in a second. A file of 200 GB takes a minute, and no
    /// file takes longer.
    pub probe_bytes_per_second: f64,
    /// How many parts S3 joins in a second. 10,000 parts take minutes.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
    pub join_parts_per_second: f64,
    /// How long the credentials that presign a URL are valid. A presigned URL ends with them.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html>
    pub credentials_lifetime: Duration,
}

impl Default for UploadLimits {
    fn default() -> Self {
        Self {
            probe_bytes_per_second: 200e9 / 60.0,
            join_parts_per_second: 50.0,
            credentials_lifetime: Duration::from_hours(6),
        }
    }
}
