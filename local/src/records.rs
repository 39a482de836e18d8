//! Records that outlive a kill -9: one JSON file each, replaced by renaming.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::{fs, io};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Records of one kind by id, in a folder of their own.
#[derive(Debug)]
pub(crate) struct Records<T> {
    folder: PathBuf,
    items: Mutex<BTreeMap<String, T>>,
}

impl<T: Clone + Serialize + DeserializeOwned> Records<T> {
    /// Opens a folder of records, made by an earlier process or not there yet.
    pub(crate) fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        let mut items = BTreeMap::new();
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                // Half-written when the process was killed: the record was never promised.
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

    /// The record whose id sorts first.
    pub(crate) fn first(&self) -> Option<(String, T)> {
        self.lock().first_key_value().map(|(id, item)| (id.clone(), item.clone()))
    }

    /// The record with the least key, of those that have one.
    pub(crate) fn first_by<K: Ord>(
        &self,
        key: impl Fn(&str, &T) -> Option<K>,
    ) -> Option<(String, T)> {
        let items = self.lock();
        let keyed = items.iter().filter_map(|(id, item)| Some((key(id, item)?, id, item)));
        let first = keyed.min_by(|(one, ..), (other, ..)| one.cmp(other));
        first.map(|(_, id, item)| (id.clone(), item.clone()))
    }

    /// Adds a record if `allowed` says so of those there are.
    pub(crate) fn add<E: From<io::Error>>(
        &self,
        id: &str,
        item: T,
        allowed: impl FnOnce(&BTreeMap<String, T>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut items = self.lock();
        allowed(&items)?;
        write(&self.folder, id, &item)?;
        items.insert(id.to_owned(), item);
        Ok(())
    }

    /// Changes a record, unless it is gone; the record as it is then.
    pub(crate) fn change(&self, id: &str, change: impl FnOnce(&mut T)) -> io::Result<Option<T>> {
        let mut items = self.lock();
        let Some(item) = items.get_mut(id) else { return Ok(None) };
        change(item);
        write(&self.folder, id, item)?;
        Ok(Some(item.clone()))
    }

    pub(crate) fn remove(&self, id: &str) -> io::Result<Option<T>> {
        let mut items = self.lock();
        if items.contains_key(id) {
            fs::remove_file(self.folder.join(format!("{id}.json")))?;
        }
        Ok(items.remove(id))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, T>> {
        self.items.lock().expect("nothing panics while it holds the records")
    }
}

fn write(folder: &Path, id: &str, item: &impl Serialize) -> io::Result<()> {
    let part = folder.join(format!("{id}.part"));
    fs::write(&part, serde_json::to_vec(item)?)?;
    fs::rename(part, folder.join(format!("{id}.json")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_there_again_after_a_restart_and_halves_are_not() {
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

    #[test]
    fn a_record_that_is_not_allowed_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let records = Records::<u32>::open(folder.path()).unwrap();
        records.add("a", 1, |_| Err(io::Error::other("full"))).unwrap_err();
        assert_eq!(records.get("a"), None);
    }
}
