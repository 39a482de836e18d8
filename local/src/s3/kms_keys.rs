//! The KMS keys of objects. The roles of the functions may use none, so S3 does not let them read an
//! object that was encrypted with one.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html>

use std::io;
use std::path::Path;

use s3s::{S3Result, s3_error};

use super::internal_error;
use super::tags::record_name;
use crate::records::Records;

/// The key of every object that is encrypted with a key of the customer.
#[derive(Debug)]
pub(super) struct KmsKeys(Records<String>);

impl KmsKeys {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        Records::open(folder).map(Self)
    }

    pub(super) fn find(&self, bucket: &str, key: &str) -> Option<String> {
        self.0.get(&record_name(bucket, key))
    }

    /// Records the KMS key of a new object. Without one, S3 encrypts the object with its own key.
    pub(super) fn set(&self, bucket: &str, key: &str, kms_key: Option<String>) -> S3Result<()> {
        let name = record_name(bucket, key);
        self.0.remove(&name).map_err(internal_error)?;
        let Some(kms_key) = kms_key else { return Ok(()) };
        self.0.add(&name, kms_key, |_| Ok::<_, io::Error>(())).map_err(internal_error)
    }

    /// Refuses to read an object that is encrypted with a key.
    pub(super) fn check_readable(&self, bucket: &str, key: &str) -> S3Result<()> {
        match self.find(bucket, key) {
            None => Ok(()),
            Some(kms_key) => Err(s3_error!(
                AccessDenied,
                "not authorized to perform: kms:Decrypt on the resource {kms_key}"
            )),
        }
    }
}
