//! Records that survive `kill -9`: each is a JSON file, and each change replaces the file by a rename.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::{fs, io};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Records of one kind by id, in one folder.
#[derive(Debug)]
pub(crate) struct Records<T> {
    folder: PathBuf,
    items: Mutex<BTreeMap<String, T>>,
}

impl<T: Clone + Serialize + DeserializeOwned> Records<T> {
    /// Reads the records of a folder. If there is no folder, it is created.
    pub(crate) fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        let mut items = BTreeMap::new();
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                // The process was killed while it wrote this file, so the record was never returned.
                fs::remove_file(&path)?;
                continue;
            }
            let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            items.insert(id, serde_json::from_slice(&fs::read(&path)?)?);
        }
        Ok(Self { folder, items: Mutex::new(items) })
    }

    pub(crate) fn get(&self, id: &str) -> Option<T> {
        self.lock().get(id).cloned()
    }

    /// All records, by id.
    pub(crate) fn all(&self) -> BTreeMap<String, T> {
        self.lock().clone()
    }

    /// The record with the smallest key, of the records that have a key.
    pub(crate) fn first_by<K: Ord>(
        &self,
        key: impl Fn(&str, &T) -> Option<K>,
    ) -> Option<(String, T)> {
        let items = self.lock();
        let keyed = items.iter().filter_map(|(id, item)| Some((key(id, item)?, id, item)));
        let first = keyed.min_by(|(one, ..), (other, ..)| one.cmp(other));
        first.map(|(_, id, item)| (id.clone(), item.clone()))
    }

    /// Adds a record, unless `check` returns an error for the existing records.
    pub(crate) fn add<E: From<io::Error>>(
        &self,
        id: &str,
        item: T,
        check: impl FnOnce(&BTreeMap<String, T>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut items = self.lock();
        check(&items)?;
        write(&self.folder, id, &item)?;
        items.insert(id.to_owned(), item);
        Ok(())
    }

    /// Changes a record and returns it. If there is no record with this id, returns `None`.
    pub(crate) fn change(&self, id: &str, change: impl FnOnce(&mut T)) -> io::Result<Option<T>> {
        let mut items = self.lock();
        let Some(item) = items.get_mut(id) else { return Ok(None) };
        let mut changed = item.clone();
        change(&mut changed);
        // If the disk is full, the record stays as it was.
        write(&self.folder, id, &changed)?;
        *item = changed.clone();
        Ok(Some(changed))
    }

    pub(crate) fn remove(&self, id: &str) -> io::Result<Option<T>> {
        let mut items = self.lock();
        if items.contains_key(id) {
            fs::remove_file(self.folder.join(format!("{id}.json")))?;
        }
        Ok(items.remove(id))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, T>> {
        self.items.lock().expect("no thread panics while it holds the lock")
    }
}

fn write(folder: &Path, id: &str, item: &impl Serialize) -> io::Result<()> {
    let part = folder.join(format!("{id}.part"));
    let text = serde_json::to_vec(item)?;
    let written = fs::write(&part, text);
    let written = written.and_then(|()| fs::rename(&part, folder.join(format!("{id}.json"))));
    written.inspect_err(|_| {
        // The half of a record would take up space that is missing.
        let _ = fs::remove_file(&part);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_reads_whole_records_and_deletes_half_written_ones() {
        let folder = tempfile::tempdir().unwrap();
        let records = Records::<u32>::open(folder.path()).unwrap();
        records.add("a", 1, |_| io::Result::Ok(())).unwrap();
        records.add("b", 2, |_| io::Result::Ok(())).unwrap();
        records.change("a", |a| *a = 3).unwrap();
        records.remove("b").unwrap();
        fs::write(folder.path().join("c.part"), "4").unwrap();

        let records = Records::<u32>::open(folder.path()).unwrap();
        assert_eq!(records.all(), BTreeMap::from([("a".to_owned(), 3)]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_record_on_a_full_disk_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let records = Records::<u32>::open(folder.path()).unwrap();
        records.add("a", 1, |_| io::Result::Ok(())).unwrap();
        let fill_disk = |id| {
            let part = folder.path().join(format!("{id}.part"));
            std::os::unix::fs::symlink("/dev/full", part).unwrap();
        };
        fill_disk("a");
        let failure = records.change("a", |a| *a = 2).unwrap_err();
        assert_eq!(failure.kind(), io::ErrorKind::StorageFull);
        assert_eq!(records.get("a"), Some(1));
        fill_disk("b");
        records.add("b", 1, |_| io::Result::Ok(())).unwrap_err();
        assert_eq!(records.get("b"), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no half of a record is left");
        records.change("a", |a| *a = 3).unwrap();
        assert_eq!(records.get("a"), Some(3));
    }

    #[test]
    fn a_record_that_fails_its_check_is_not_added() {
        let folder = tempfile::tempdir().unwrap();
        let records = Records::<u32>::open(folder.path()).unwrap();
        records.add("a", 1, |_| Err(io::Error::other("full"))).unwrap_err();
        assert_eq!(records.get("a"), None);
    }
}
