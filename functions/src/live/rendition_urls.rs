//! Remembers the URL of the rendition that bounds are read from.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use url::Url;

/// The URL of the first rendition of each manifest, as its multivariant manifest named it last.
///
/// With it, a function reads one manifest instead of two.
#[derive(Clone, Debug, Default)]
pub(super) struct RenditionUrls(Arc<Mutex<HashMap<Url, Url>>>);

impl RenditionUrls {
    pub(super) fn find(&self, manifest: &Url) -> Option<Url> {
        self.lock().get(manifest).cloned()
    }

    /// Remembers a rendition without the window that its URL may have.
    pub(super) fn keep(&self, manifest: &Url, rendition: &Url) {
        if let Some(url) = remove_window(rendition) {
            self.lock().insert(manifest.clone(), url);
        }
    }

    pub(super) fn forget(&self, manifest: &Url) {
        self.lock().remove(manifest);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Url, Url>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the window from the query of a URL. Returns `None` if the window is in the path.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/time-shifted.html>
fn remove_window(url: &Url) -> Option<Url> {
    let is_time = |name: &str| name == "start" || name == "end";
    if url.path_segments()?.any(is_time) {
        return None;
    }
    let others: Vec<_> = url.query_pairs().filter(|(name, _)| !is_time(name)).collect();
    let mut removed = url.clone();
    removed.set_query(None);
    if !others.is_empty() {
        removed.query_pairs_mut().extend_pairs(others);
    }
    Some(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rendition_is_remembered_without_its_window() {
        let check = |rendition: &str, expected: Option<&str>| {
            let [manifest, rendition]: [Url; 2] = ["index.m3u8", rendition]
                .map(|name| format!("http://o/v1/{name}").parse().unwrap());
            let urls = RenditionUrls::default();
            urls.keep(&manifest, &rendition);
            let expected = expected.map(|name| format!("http://o/v1/{name}"));
            assert_eq!(urls.find(&manifest).map(String::from), expected, "{rendition}");
        };
        check("index_1.m3u8", Some("index_1.m3u8"));
        check("index_1.m3u8?start=1&end=2", Some("index_1.m3u8"));
        check("index_1.m3u8?m=7&start=1&end=2", Some("index_1.m3u8?m=7"));
        check("start/1/end/2/index_1.m3u8", None);
    }
}
