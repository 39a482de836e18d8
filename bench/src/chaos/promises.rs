//! What the API promised to clients: the clips that it accepted and the deletions it confirmed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use matchcut::clip::ClipKey;

/// How long a deleted clip must keep playing, because caches may still list it.
const CACHED_LIST_LIFETIME: Duration = Duration::from_secs(15);

/// How long the index may list a deleted clip: the second of the fault `stale`, and four seconds for a
/// busy machine. The viewer asks the API itself, without a cache.
const MAX_INDEX_DELAY: Duration = Duration::from_secs(5);

/// The promises made so far, shared by the clients and the viewer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Promises(Arc<Mutex<Records>>);

#[derive(Debug, Default)]
struct Records {
    /// Every accepted clip, with its final state once its client has seen one.
    clips: BTreeMap<ClipKey, Option<FinalState>>,
    deletions: BTreeMap<ClipKey, Deletion>,
    violations: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Deletion {
    requested: Instant,
    /// When the API confirmed the deletion. From then on, no list may contain the clip.
    confirmed: Option<Instant>,
}

/// The final state of a clip, as its client saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FinalState {
    Ready,
    Failed,
    Deleted,
}

impl Promises {
    /// Records an accepted clip. Returns `false` if the same clip was already promised.
    pub(crate) fn add_clip(&self, clip: ClipKey) -> bool {
        self.lock().clips.insert(clip, None).is_none()
    }

    pub(crate) fn set_final_state(&self, clip: ClipKey, state: FinalState) {
        self.lock().clips.insert(clip, Some(state));
    }

    pub(crate) fn add_deletion(&self, clip: ClipKey, requested: Instant) {
        self.lock().deletions.insert(clip, Deletion { requested, confirmed: None });
    }

    pub(crate) fn confirm_deletion(&self, clip: &ClipKey) {
        if let Some(deletion) = self.lock().deletions.get_mut(clip) {
            deletion.confirmed = Some(Instant::now());
        }
    }

    /// Records a reply that the API must not give.
    pub(crate) fn add_violation(&self, violation: String) {
        self.lock().violations.push(violation);
    }

    pub(crate) fn clips(&self) -> BTreeMap<ClipKey, Option<FinalState>> {
        self.lock().clips.clone()
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// Whether a list that was requested at an instant must not have the clip: the API confirmed its
    /// deletion, and since then the index had time to follow.
    pub(crate) fn must_be_unlisted(&self, clip: &ClipKey, requested: Instant) -> bool {
        let confirmed = self.lock().deletions.get(clip).and_then(|deletion| deletion.confirmed);
        confirmed.is_some_and(|confirmed| confirmed + MAX_INDEX_DELAY < requested)
    }

    /// Whether a listed clip may fail to play: its deletion was requested so long ago that no cache
    /// lists the clip any more.
    pub(crate) fn may_be_gone(&self, clip: &ClipKey) -> bool {
        let deletion = self.lock().deletions.get(clip).copied();
        deletion.is_some_and(|deletion| deletion.requested.elapsed() >= CACHED_LIST_LIFETIME)
    }

    /// Counts the clips that have reached a final state.
    pub(crate) fn count_finished(&self) -> usize {
        self.lock().clips.values().filter(|state| state.is_some()).count()
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
