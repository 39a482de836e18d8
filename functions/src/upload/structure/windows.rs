//! The parts of a file that are loaded. A parser names the next part that it needs, so that it reads
//! a few kilobytes of a file of many gigabytes.

use std::collections::BTreeMap;

use super::Structure;

/// The parts of a file that are loaded, by their position.
#[derive(Clone, Debug)]
pub(in crate::upload) struct Windows {
    size: u64,
    loaded: BTreeMap<u64, Vec<u8>>,
}

/// The position of the next part that a parser needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::upload) struct Missing(pub(in crate::upload) u64);

impl Windows {
    /// How many bytes to load at once.
    pub(in crate::upload) const LENGTH: u64 = 64 << 10;

    /// A file of this size, of which nothing is loaded.
    pub(in crate::upload) fn new(size: u64) -> Self {
        Self { size, loaded: BTreeMap::new() }
    }

    /// Adds the part at a position.
    pub(in crate::upload) fn insert(&mut self, at: u64, bytes: Vec<u8>) {
        self.loaded.insert(at, bytes);
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Returns bytes of the file. `None` if the file ends before them, or if they are too many.
    pub(super) fn bytes(&self, at: u64, length: u64) -> Result<Option<&[u8]>, Missing> {
        let is_inside = at.checked_add(length).is_some_and(|end| end <= self.size);
        if !is_inside || length > Self::LENGTH {
            return Ok(None);
        }
        let found = self.loaded.range(..=at).next_back().and_then(|(start, bytes)| {
            let from = usize::try_from(at - start).ok()?;
            bytes.get(from..from.checked_add(usize::try_from(length).ok()?)?)
        });
        found.map(Some).ok_or(Missing(at))
    }
}

/// Reads the structure of a file in memory, window by window, as a file in S3 is read. Returns how many
/// windows that takes.
pub fn count_structure_windows(bytes: &[u8]) -> usize {
    let mut file = Windows::new(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    let mut count = 0;
    while let Err(Missing(at)) = Structure::parse(&file) {
        let from = usize::try_from(at).unwrap_or(usize::MAX);
        let rest = bytes.get(from..).unwrap_or_default();
        let length = rest.len().min(usize::try_from(Windows::LENGTH).unwrap_or(usize::MAX));
        file.insert(at, rest[..length].to_vec());
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_is_not_loaded_is_named() {
        let mut file = Windows::new(100_000);
        assert_eq!(file.bytes(0, 4), Err(Missing(0)));
        file.insert(0, vec![1; 50]);
        assert_eq!(file.bytes(48, 2), Ok(Some(&[1, 1][..])));
        assert_eq!(file.bytes(48, 3), Err(Missing(48)));
        file.insert(48, vec![2; 50]);
        assert_eq!(file.bytes(48, 3), Ok(Some(&[2, 2, 2][..])));
        assert_eq!(file.bytes(99_999, 2), Ok(None));
        assert_eq!(file.bytes(u64::MAX, 2), Ok(None));
        assert_eq!(file.bytes(0, Windows::LENGTH + 1), Ok(None));
    }
}
