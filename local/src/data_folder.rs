//! The data folder: everything that the stand-in keeps between two starts.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    #[error("could not read or write data folder {}", .path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "data folder {} is in use by another process; stop that process or choose another folder \
         with --data-dir",
        .0.display()
    )]
    InUse(PathBuf),
}

impl DataFolderError {
    /// A failure to read or write the folder at `path`.
    pub(crate) fn at(path: &Path) -> impl Fn(std::io::Error) -> Self + Clone {
        let path = path.to_owned();
        move |source| Self::Io { path: path.clone(), source }
    }
}

/// Keeps other processes out of a data folder for as long as it lives.
#[derive(Debug)]
pub(crate) struct DataFolderLock {
    _file: File,
}

impl DataFolderLock {
    /// Creates the folder if it is missing, and locks it.
    pub(crate) fn acquire(folder: &Path) -> Result<Self, DataFolderError> {
        let failed = DataFolderError::at(folder);
        fs::create_dir_all(folder).map_err(&failed)?;
        let file = File::create(folder.join("lock")).map_err(&failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(DataFolderError::InUse(folder.to_owned())),
            Err(error) => Err(failed(error.into())),
        }
    }
}
