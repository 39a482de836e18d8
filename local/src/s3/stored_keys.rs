//! The keys of objects in the file system: long keys have a short name there.
//!
//! A key has up to 1,024 bytes, and the name of a file 255. The crate of the file system derives names
//! of files from whole keys.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>

use std::io;
use std::path::Path;

use s3s::S3Result;

use super::internal_error;
use super::tags::record_name;
use crate::records::Records;

/// Longest key, in bytes, that the crate of the file system can store: it encodes the key in Base64,
/// and adds the bucket and a suffix, about 50 bytes.
const MAX_STORED_LENGTH: usize = 150;

/// The long keys, by the digest that is their name in the file system.
#[derive(Debug)]
pub(super) struct StoredKeys(Records<String>);

impl StoredKeys {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        Records::open(folder).map(Self)
    }

    /// The key under which an object is stored. The first folder stays, so that lists by this prefix
    /// find the object.
    pub(super) fn find(bucket: &str, key: &str) -> String {
        if key.len() <= MAX_STORED_LENGTH {
            return key.to_owned();
        }
        let folder = key.split_once('/').map(|(folder, _)| folder).unwrap_or_default();
        let name = record_name(bucket, key);
        if folder.is_empty() || folder.len() > MAX_STORED_LENGTH - name.len() - 1 {
            return name;
        }
        format!("{folder}/{name}")
    }

    /// The same for an object that may be new.
    pub(super) fn add(&self, bucket: &str, key: &str) -> S3Result<String> {
        let stored = Self::find(bucket, key);
        if stored != key {
            let name = record_name(bucket, key);
            if self.0.get(&name).is_none() {
                let added = self.0.add(&name, key.to_owned(), |_| Ok::<_, io::Error>(()));
                added.map_err(internal_error)?;
            }
        }
        Ok(stored)
    }

    /// The key of a stored object.
    pub(super) fn restore(&self, stored: &str) -> String {
        let name = stored.rsplit('/').next().unwrap_or_default();
        self.0.get(name).unwrap_or_else(|| stored.to_owned())
    }
}
