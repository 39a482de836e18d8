//! Random times, windows and names.

use chrono::{DateTime, TimeDelta, Utc};
use matchcut::clip::{ClipId, ClipKey, CompetitionId, Window};
use proptest::prelude::*;

/// The last whole second of the year 9999, in milliseconds. Years in clip ids have four digits.
const MAX_MILLISECONDS: i64 = 253_402_300_799_000;

/// A time from 1970 to 9999. About half of the times are whole seconds.
pub(crate) fn time() -> impl Strategy<Value = DateTime<Utc>> {
    let milliseconds = prop_oneof![
        0..=MAX_MILLISECONDS,
        (0..=MAX_MILLISECONDS / 1000).prop_map(|second| second * 1000)
    ];
    milliseconds.prop_map(|it| DateTime::from_timestamp_millis(it).expect("years have four digits"))
}

/// The start and the end of a part of a broadcast. They are rarely whole seconds.
pub(crate) fn start_and_end() -> impl Strategy<Value = (DateTime<Utc>, DateTime<Utc>)> {
    (0..=MAX_MILLISECONDS - 100_000_000, 1_i64..100_000_000).prop_map(|(start, length)| {
        let at = |it| DateTime::from_timestamp_millis(it).expect("years have four digits");
        (at(start), at(start) + TimeDelta::milliseconds(length))
    })
}

pub(crate) fn window() -> impl Strategy<Value = Window> {
    start_and_end()
        .prop_map(|(start, end)| Window::new(start, end).expect("the start is before the end"))
}

pub(crate) fn competition() -> impl Strategy<Value = CompetitionId> {
    "[A-Za-z0-9-]{1,64}".prop_map(|id| id.parse().expect("the text is a competition"))
}

pub(crate) fn key() -> impl Strategy<Value = ClipKey> {
    (competition(), window())
        .prop_map(|(competition, window)| ClipKey { competition, clip: ClipId::for_window(window) })
}
