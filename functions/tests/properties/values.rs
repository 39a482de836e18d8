//! Random times, windows and ids.

use chrono::{DateTime, TimeDelta, Utc};
use matchcut::clip::{ClipId, ClipKey, CompetitionId, Window};
use proptest::prelude::*;

/// The last whole second of the year 9999: clip ids have years of four digits.
const LAST: i64 = 253_402_300_799_000;

/// A moment of 1970 to 9999, on a whole second as often as not.
pub(crate) fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    let milliseconds = prop_oneof![0..=LAST, (0..=LAST / 1000).prop_map(|second| second * 1000)];
    milliseconds.prop_map(|it| DateTime::from_timestamp_millis(it).expect("years have four digits"))
}

/// Two moments of a broadcast, the first one earlier, seldom whole seconds.
pub(crate) fn time_range() -> impl Strategy<Value = (DateTime<Utc>, DateTime<Utc>)> {
    (0..=LAST - 100_000_000, 1_i64..100_000_000).prop_map(|(start, length)| {
        let at = |it| DateTime::from_timestamp_millis(it).expect("years have four digits");
        (at(start), at(start) + TimeDelta::milliseconds(length))
    })
}

pub(crate) fn window() -> impl Strategy<Value = Window> {
    time_range().prop_map(|(start, end)| Window::new(start, end).expect("it starts before it ends"))
}

pub(crate) fn competition() -> impl Strategy<Value = CompetitionId> {
    "[A-Za-z0-9-]{1,64}".prop_map(|id| id.parse().expect("this is how they are written"))
}

pub(crate) fn key() -> impl Strategy<Value = ClipKey> {
    (competition(), window())
        .prop_map(|(competition, window)| ClipKey { competition, clip: ClipId::for_window(window) })
}
