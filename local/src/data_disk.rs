//! The disk of the data folder, and whether it has space for media.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::statvfs;

/// The disk that a data folder is on.
///
/// While less space is free than the minimum, the stand-in stores no media: the live stream pauses,
/// and S3 refuses objects. The rest of the space is for tables, queues and records, so their writes
/// do not fail halfway.
#[derive(Debug)]
pub(crate) struct DataDisk {
    folder: PathBuf,
    /// In bytes.
    min_free: u64,
    was_full: AtomicBool,
}

impl DataDisk {
    pub(crate) fn new(folder: &Path, min_free_megabytes: u64) -> Self {
        let min_free = min_free_megabytes.saturating_mul(1_000_000);
        Self { folder: folder.to_owned(), min_free, was_full: AtomicBool::new(false) }
    }

    /// Whether the disk has no space for media. A change is logged once.
    ///
    /// A full disk is full until twice the minimum is free. Otherwise each segment that is deleted
    /// would let one more in.
    pub(crate) fn is_full(&self) -> bool {
        let Ok(disk) = statvfs(&self.folder) else { return false };
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let was_full = self.was_full.load(Ordering::Relaxed);
        let needed = if was_full { self.min_free.saturating_mul(2) } else { self.min_free };
        let is_full = free < needed;
        // Of callers at the same time, one logs the change.
        if self.was_full.swap(is_full, Ordering::Relaxed) != is_full {
            if is_full {
                tracing::error!("{} Until then, the live stream pauses.", self.explain());
            } else {
                let folder = self.folder.display();
                tracing::info!("the disk of data folder {folder} has space again");
            }
        }
        is_full
    }

    /// Two sentences for a person: what is wrong, and what to do.
    pub(crate) fn explain(&self) -> String {
        format!(
            "The disk of data folder {} is full. Delete something from it; once {} MB are free, \
             everything continues by itself.",
            self.folder.display(),
            self.min_free.saturating_mul(2) / 1_000_000
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_full_below_the_minimum_and_has_space_above_twice_the_minimum() {
        let folder = tempfile::tempdir().unwrap();
        let check = |min_free, was_full, expected| {
            let disk = DataDisk::new(folder.path(), min_free);
            disk.was_full.store(was_full, Ordering::Relaxed);
            assert_eq!(disk.is_full(), expected, "{min_free} MB, {was_full}");
        };
        let stat = statvfs(folder.path()).unwrap();
        let free = stat.f_bavail * stat.f_frsize / 1_000_000;
        check(0, true, false);
        check(free * 3 / 4, false, false);
        check(free * 3 / 4, true, true);
        check(u64::MAX, false, true);
    }

    #[test]
    fn the_explanation_names_the_folder_and_the_remedy() {
        let disk = DataDisk::new(Path::new("/data/.matchcut"), 16);
        let text = disk.explain();
        assert!(text.starts_with("The disk of data folder /data/.matchcut is full."), "{text}");
        assert!(text.contains("once 32 MB are free"), "{text}");
    }
}
