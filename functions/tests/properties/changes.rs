//! A client that polls the changes misses none, whatever the delays of writers and of the index.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::ready;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use matchcut::clip::{ClipId, CompetitionId};
use matchcut::library::{ChangePosition, ChangesCursor, ChangesPage, ChangesScan, ScannedChanges};
use proptest::prelude::*;

use crate::values::{competition, key};

/// All times are milliseconds.
const START: i64 = 1_580_736_600_000;
/// The SDK repeats a write for up to 12 s after the change was stamped.
const MAX_WRITE: i64 = 12_000;
/// The lag of the index that a near reading allows for.
const MAX_SHORT_LAG: i64 = 2_000;
/// The lag of the index that a far reading allows for.
const MAX_LONG_LAG: i64 = 600_000 - MAX_WRITE - 1_000;
/// The clock of each function differs by up to half a second.
const MAX_SKEW: i64 = 500;

/// A version of a clip's row.
#[derive(Clone, Copy, Debug)]
struct Version {
    clip: usize,
    /// `updatedAt` and `changedAt`.
    stamp: i64,
    /// When the index shows this version.
    visible_at: i64,
}

/// What determines one version.
#[derive(Clone, Copy, Debug)]
struct Write {
    clip: usize,
    /// The time since the write before.
    pause: i64,
    /// How long before the write the change was stamped.
    age: i64,
    skew: i64,
    lag: i64,
}

fn write(max_lag: i64) -> impl Strategy<Value = Write> {
    let lag = prop_oneof![3 => 0..=MAX_SHORT_LAG.min(max_lag), 1 => 0..=max_lag];
    (0..6_usize, 0..4_000_i64, 0..=MAX_WRITE, -MAX_SKEW..=MAX_SKEW, lag)
        .prop_map(|(clip, pause, age, skew, lag)| Write { clip, pause, age, skew, lag })
}

/// The versions of all rows, in the order of their writes.
fn versions(writes: &[Write]) -> Vec<Version> {
    let mut now = START;
    let mut versions: Vec<Version> = Vec::new();
    for Write { clip, pause, age, skew, lag } in writes.iter().copied() {
        now += pause;
        let before = versions.iter().rfind(|version| version.clip == clip);
        let stamp = before.map_or(0, |before| before.stamp + 1).max(now - age + skew);
        let visible_at = before.map_or(0, |before| before.visible_at).max(now + lag);
        versions.push(Version { clip, stamp, visible_at });
    }
    versions
}

fn time(milliseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(milliseconds).unwrap()
}

fn clip_id(clip: usize) -> ClipId {
    format!("20200203133058_20200203133258_clip0{clip}").parse().unwrap()
}

/// The index at a time: the latest visible version of each clip.
fn index_at(versions: &[Version], now: i64) -> BTreeMap<usize, i64> {
    let visible = versions.iter().filter(|version| version.visible_at <= now);
    visible.map(|version| (version.clip, version.stamp)).collect()
}

fn scan(index: &BTreeMap<usize, i64>, scan: &ChangesScan) -> ScannedChanges<(usize, i64)> {
    let place = |&(clip, stamp): &(usize, i64)| (time(stamp), clip_id(clip));
    let mut entries: Vec<_> = index.iter().map(|(clip, stamp)| (*clip, *stamp)).collect();
    entries.sort_by_key(place);
    let after = scan.after.clone().map(|after| (after.changed_at, after.clip));
    entries.retain(|entry| {
        let stamp = time(entry.1);
        scan.from <= stamp
            && scan.to.is_none_or(|to| stamp <= to)
            && after.as_ref().is_none_or(|after| place(entry) > *after)
    });
    let has_more = entries.len() > scan.limit;
    entries.truncate(scan.limit);
    let last = entries.last().filter(|_| has_more);
    let more_after =
        last.map(|&(clip, stamp)| ChangePosition { changed_at: time(stamp), clip: clip_id(clip) });
    ScannedChanges { count: entries.len(), entries, more_after }
}

struct Client {
    cursor: ChangesCursor,
    /// The newest stamp of each clip.
    seen: BTreeMap<usize, i64>,
}

impl Client {
    fn new() -> Self {
        let competition: CompetitionId = "demo".parse().unwrap();
        Self { cursor: ChangesCursor::new(competition, time(START)), seen: BTreeMap::new() }
    }

    /// Reads one reply at `now`, from a function whose clock differs. Returns whether there is more.
    fn poll(&mut self, versions: &[Version], now: i64, skew: i64, limit: usize) -> bool {
        let index = index_at(versions, now);
        let clock = time(now + skew);
        if self.cursor.is_too_old(clock) {
            self.cursor = ChangesCursor::new(self.cursor.competition().clone(), clock);
            self.seen = index;
            return false;
        }
        let read = self
            .cursor
            .clone()
            .read(limit, clock, |part| ready(Ok::<_, Infallible>(scan(&index, &part))));
        let ChangesPage { entries, cursor, has_more } =
            read.now_or_never().expect("no scan waits").unwrap();
        assert!(entries.is_sorted_by_key(|(_, stamp)| *stamp), "the oldest change comes first");
        assert!(entries.len() <= limit);
        for (clip, stamp) in &entries {
            let seen = self.seen.entry(*clip).or_default();
            *seen = (*seen).max(*stamp);
        }
        self.cursor = cursor.to_string().parse().unwrap();
        has_more
    }

    /// Polls until there is no more.
    fn catch_up(&mut self, versions: &[Version], now: i64, skew: i64, limit: usize) {
        // Six clips by one, for each of the two readings.
        for _ in 0..13 {
            if !self.poll(versions, now, skew, limit) {
                return;
            }
        }
        panic!("the replies never end");
    }
}

/// The times of the polls, each with the skew of its function.
fn polls(versions: &[Version], pauses: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let end = versions.iter().map(|version| version.visible_at).max().unwrap_or(START);
    let mut now = START;
    let mut polls = Vec::new();
    for (pause, skew) in pauses.iter().cycle() {
        now += pause;
        if now >= end {
            return polls;
        }
        polls.push((now, *skew));
    }
    polls
}

/// Polls between the writes. Returns the versions, the client, and when the index shows the last one.
fn poll_all(writes: &[Write], pauses: &[(i64, i64)], limit: usize) -> (Vec<Version>, Client, i64) {
    let versions = versions(writes);
    let mut client = Client::new();
    for (now, skew) in polls(&versions, pauses) {
        client.poll(&versions, now, skew, limit);
    }
    let end = versions.iter().map(|version| version.visible_at).max().unwrap();
    (versions, client, end)
}

fn pause() -> impl Strategy<Value = (i64, i64)> {
    let pause =
        prop_oneof![20 => 100..3_000_i64, 2 => 3_000..100_000_i64, 1 => 100_000..200_000_i64];
    (pause, -MAX_SKEW..=MAX_SKEW)
}

proptest! {
    #[test]
    fn a_change_is_in_the_first_replies_after_the_index_shows_it(
        writes in prop::collection::vec(write(MAX_SHORT_LAG), 1..60),
        pauses in prop::collection::vec(pause(), 1..40),
        limit in 1..7_usize,
    ) {
        let (versions, mut client, end) = poll_all(&writes, &pauses, limit);
        // A reading may be in progress that began before. The next one sees everything.
        client.catch_up(&versions, end, MAX_SKEW, limit);
        client.catch_up(&versions, end + 1, MAX_SKEW, limit);
        prop_assert_eq!(client.seen, index_at(&versions, end));
    }

    #[test]
    fn a_change_that_the_index_shows_ten_minutes_late_is_seen_within_a_minute(
        writes in prop::collection::vec(write(MAX_LONG_LAG), 1..60),
        pauses in prop::collection::vec(pause(), 1..40),
        limit in 1..7_usize,
    ) {
        let (versions, mut client, end) = poll_all(&writes, &pauses, limit);
        // A minute, and the time that a reading takes that began before.
        for seconds in 0..80 {
            client.catch_up(&versions, end + seconds * 1_000, 0, limit);
        }
        prop_assert_eq!(client.seen, index_at(&versions, end));
    }

    #[test]
    fn a_cursor_parses_back_and_a_changed_one_is_another_or_refused(
        competition in competition(),
        key in key(),
        now in 0..253_402_300_799_000_i64,
        at in any::<usize>(),
        byte in any::<u8>(),
    ) {
        let newer = ChangesCursor::new(competition, time(now));
        let older = newer.to_older(ChangePosition { changed_at: time(now), clip: key.clip });
        for cursor in [newer.clone(), older.clone()] {
            let text = cursor.to_string();
            prop_assert!(text.len() <= 320, "longer than the contract allows");
            prop_assert_eq!(text.parse(), Ok(cursor));
            let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(&text).unwrap();
            let at = at % bytes.len();
            bytes[at] = byte;
            let changed = BASE64_URL_SAFE_NO_PAD.encode(&bytes);
            if let Ok(cursor) = changed.parse::<ChangesCursor>() {
                prop_assert_eq!(cursor.to_string(), changed);
            }
        }
        prop_assert_eq!(older.to_newer(), newer);
    }
}
