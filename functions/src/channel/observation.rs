//! Values that one instance of a function reads once for the requests of a few seconds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::clip::ChannelId;

/// The newest observation of each channel. Each instance of a function has its own.
#[derive(Debug)]
pub(super) struct Observations<T> {
    lifetime: TimeDelta,
    newest: Arc<Mutex<BTreeMap<ChannelId, Observation<T>>>>,
}

/// A value, and when its reading began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Observation<T> {
    pub(super) value: T,
    pub(super) at: DateTime<Utc>,
}

impl<T> Clone for Observations<T> {
    fn clone(&self) -> Self {
        Self { lifetime: self.lifetime, newest: Arc::clone(&self.newest) }
    }
}

impl<T: Clone> Observations<T> {
    /// Observations that are valid for this long.
    pub(super) fn new(lifetime: TimeDelta) -> Self {
        Self { lifetime, newest: Arc::default() }
    }

    /// The newest observation of a channel that is still valid.
    pub(super) fn find(&self, channel: &ChannelId, now: DateTime<Utc>) -> Option<Observation<T>> {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.get(channel).filter(|it| now - it.at < self.lifetime).cloned()
    }

    /// Keeps a value whose reading began at `at`, and returns it as an observation.
    pub(super) fn keep(&self, channel: &ChannelId, value: T, at: DateTime<Utc>) -> Observation<T> {
        let observation = Observation { value, at };
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.insert(channel.clone(), observation.clone());
        observation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_is_valid_for_its_lifetime() {
        let at = |seconds: i64| DateTime::from_timestamp(1_580_736_600 + seconds, 0).unwrap();
        let observations = Observations::new(TimeDelta::seconds(5));
        let main = "main".into();
        assert_eq!(observations.find(&main, at(0)), None);
        observations.keep(&main, 1, at(0));
        observations.keep(&"other".into(), 2, at(3));
        let find = |seconds| observations.find(&main, at(seconds)).map(|it| it.value);
        assert_eq!(find(4), Some(1));
        assert_eq!(find(5), None);
    }
}
