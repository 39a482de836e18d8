//! The position of a client in the changes of a competition.
//!
//! Every change of a clip stamps its row with the time (`changedAt`), and the index `changes` sorts
//! by it. But entries do not appear in the order of their stamps, so a client that read on from the
//! newest stamp would miss changes:
//!
//! - A writer stamps a row just before it writes. The SDK repeats the write for up to 12 s.
//! - The clocks of functions differ. 1 s is far more than AWS's time service leaves.
//! - The index lags behind the table. Usually it lags by milliseconds; AWS names no limit.
//!   <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html>
//!
//! A cursor therefore holds when the index was read, not how far. Two readings overlap what was
//! read before:
//!
//! - The *near* reading, in each reply, begins [`NEAR_OVERLAP`] (15 s) before the near reading of
//!   the reply before: 12 s for the write, 1 s for the clocks, 2 s for the index.
//! - The *far* reading, once in [`FAR_INTERVAL`] (1 min), begins [`FAR_OVERLAP`] (10 min) before the
//!   far reading before it. An entry that the index shows up to 10 minutes late is thus delivered
//!   within a minute of its appearance.
//!
//! Clients drop what they already have. In quiet times both readings find nothing: the near one
//! costs half a read unit.
//!
//! If a reading has more entries than a reply may have, the cursor also holds the last entry, and the
//! next reply reads on after it. Most of a reply is for the near reading, so that a long far reading
//! delays no new change.
//!
//! The row of a deleted clip exists for three minutes after the deletion. A change that the last near
//! reading did not see is at most 15 s older than that reading, so its row exists until 165 s after
//! it. A cursor is therefore valid for [`MAX_AGE`] (2 min). The client then starts anew.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};

use crate::clip::{ClipId, CompetitionId, floor_millisecond};

/// How far a near reading overlaps the one before.
const NEAR_OVERLAP: TimeDelta = TimeDelta::seconds(15);
/// How far a far reading overlaps the one before.
const FAR_OVERLAP: TimeDelta = TimeDelta::minutes(10);
/// The time from the start of a far reading to the start of the next one.
const FAR_INTERVAL: TimeDelta = TimeDelta::minutes(1);
/// A far reading that is due gets one entry in so many of a reply, and what the near one leaves.
const FAR_SHARE: usize = 4;
/// How long a cursor is valid after the last complete near reading.
const MAX_AGE: TimeDelta = TimeDelta::minutes(2);

/// The position of a client in the changes of a competition. It is opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangesCursor {
    competition: CompetitionId,
    near: Reader,
    far: Reader,
    /// The oldest entry of a page of older changes. The next page ends before it.
    before: Option<ChangePosition>,
}

/// One of the two readings, again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reader {
    /// When the last complete reading began.
    read_at: DateTime<Utc>,
    unfinished: Option<Unfinished>,
}

/// A reading that has pages left.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unfinished {
    /// When this reading began.
    started_at: DateTime<Utc>,
    /// The last entry that was read.
    last: ChangePosition,
}

/// The place of an entry in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangePosition {
    pub changed_at: DateTime<Utc>,
    pub clip: ClipId,
}

/// A part of the index to read, the oldest entry first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangesScan {
    pub from: DateTime<Utc>,
    /// Inclusive. `None`: up to the newest entry.
    pub to: Option<DateTime<Utc>>,
    /// Only entries after this one.
    pub after: Option<ChangePosition>,
    /// Most entries to read.
    pub limit: usize,
}

/// The entries of a scan.
#[derive(Clone, Debug, PartialEq)]
pub struct ScannedChanges<T> {
    pub entries: Vec<T>,
    /// How many entries were read. Entries that cannot be decoded are not in `entries`.
    pub count: usize,
    /// The last entry, if there are more.
    pub more_after: Option<ChangePosition>,
}

/// What one reply has of the newer changes.
#[derive(Clone, Debug)]
pub struct ChangesPage<T> {
    pub entries: Vec<T>,
    /// The cursor of the next request.
    pub cursor: ChangesCursor,
    /// Whether the next request gets the rest at once.
    pub has_more: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor of a list of changes")]
pub struct ChangesCursorError;

impl ChangesCursor {
    /// The cursor of a client that reads the newest changes at `now`.
    pub fn new(competition: CompetitionId, now: DateTime<Utc>) -> Self {
        let reader = Reader { read_at: floor_millisecond(now), unfinished: None };
        Self { competition, near: reader.clone(), far: reader, before: None }
    }

    pub fn competition(&self) -> &CompetitionId {
        &self.competition
    }

    /// Whether the row of a clip that was deleted since may be gone.
    pub fn is_too_old(&self, now: DateTime<Utc>) -> bool {
        self.before.is_none() && now - self.near.read_at > MAX_AGE
    }

    /// The place that a page of older changes ends before. `None` for a cursor of newer changes.
    pub fn before(&self) -> Option<&ChangePosition> {
        self.before.as_ref()
    }

    /// The cursor of the changes before `position`.
    #[must_use]
    pub fn to_older(&self, position: ChangePosition) -> Self {
        Self { before: Some(position), ..self.clone() }
    }

    /// The cursor of newer changes that belongs to this one.
    #[must_use]
    pub fn to_newer(&self) -> Self {
        Self { before: None, ..self.clone() }
    }

    /// Reads what has changed since, at most `limit` entries, the oldest change first. `scan` reads a
    /// part of the index.
    pub async fn read<T, E, F>(
        mut self,
        limit: usize,
        now: DateTime<Utc>,
        scan: impl Fn(ChangesScan) -> F,
    ) -> Result<ChangesPage<T>, E>
    where
        F: Future<Output = Result<ScannedChanges<T>, E>>,
    {
        let now = floor_millisecond(now);
        let near_from = self.near.read_at - NEAR_OVERLAP;
        let is_far_due = self.far.is_due(now);
        let near_limit = if is_far_due { limit - limit / FAR_SHARE } else { limit };
        let near = scan(self.near.next_scan(near_from, None, near_limit)).await?;
        let room = limit.saturating_sub(near.count);
        self.near.advance(near.more_after, now);
        let (mut entries, mut has_more) = (near.entries, self.near.unfinished.is_some());
        if is_far_due && room > 0 {
            let from = self.far.read_at - FAR_OVERLAP;
            // The near reading reads the rest.
            let to = near_from - TimeDelta::milliseconds(1);
            let far = self.far.next_scan(from, Some(to), room);
            let far = if far.from <= to { scan(far).await? } else { ScannedChanges::nothing() };
            self.far.advance(far.more_after, now);
            entries.splice(0..0, far.entries);
            has_more |= self.far.unfinished.is_some();
        }
        Ok(ChangesPage { entries, cursor: self, has_more })
    }
}

impl Reader {
    fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.unfinished.is_some() || now - self.read_at >= FAR_INTERVAL
    }

    /// The next page of a reading that begins at `from`.
    fn next_scan(
        &self,
        from: DateTime<Utc>,
        to: Option<DateTime<Utc>>,
        limit: usize,
    ) -> ChangesScan {
        let after = self.unfinished.as_ref().map(|unfinished| unfinished.last.clone());
        let from = after.as_ref().map_or(from, |last| last.changed_at.max(from));
        ChangesScan { from, to, after, limit }
    }

    /// Records that a page was read, whose reading may have begun now.
    fn advance(&mut self, more_after: Option<ChangePosition>, now: DateTime<Utc>) {
        let started_at = self.unfinished.take().map_or(now, |unfinished| unfinished.started_at);
        match more_after {
            Some(last) => self.unfinished = Some(Unfinished { started_at, last }),
            None => self.read_at = started_at,
        }
    }
}

impl<T> ScannedChanges<T> {
    fn nothing() -> Self {
        Self { entries: Vec::new(), count: 0, more_after: None }
    }
}

/// The parts of a cursor, joined by full stops; the parts of a part, by tildes.
impl fmt::Display for ChangesCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { competition, near, far, before } = self;
        let mut text = format!("{competition}.{}.{}", near.to_text(), far.to_text());
        if let Some(position) = before {
            text = format!("{text}.{}", position.to_text());
        }
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(text))
    }
}

impl FromStr for ChangesCursor {
    type Err = ChangesCursorError;

    fn from_str(text: &str) -> Result<Self, ChangesCursorError> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| ChangesCursorError)?;
        let parts = std::str::from_utf8(&bytes).map_err(|_| ChangesCursorError)?;
        let cursor = Self::from_parts(parts).ok_or(ChangesCursorError)?;
        // A number has one form only, for example no leading zeros.
        if cursor.to_string() == text { Ok(cursor) } else { Err(ChangesCursorError) }
    }
}

impl ChangesCursor {
    fn from_parts(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let cursor = Self {
            competition: parts.next()?.parse().ok()?,
            near: Reader::from_text(parts.next()?)?,
            far: Reader::from_text(parts.next()?)?,
            before: match parts.next() {
                Some(position) => Some(ChangePosition::from_text(position)?),
                None => None,
            },
        };
        parts.next().is_none().then_some(cursor)
    }
}

impl Reader {
    fn to_text(&self) -> String {
        let read_at = self.read_at.timestamp_millis();
        match &self.unfinished {
            None => read_at.to_string(),
            Some(Unfinished { started_at, last }) => {
                format!("{read_at}~{}~{}", started_at.timestamp_millis(), last.to_text())
            }
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        let Some((read_at, unfinished)) = text.split_once('~') else {
            return Some(Self { read_at: parse_milliseconds(text)?, unfinished: None });
        };
        let (started_at, last) = unfinished.split_once('~')?;
        let started_at = parse_milliseconds(started_at)?;
        let unfinished = Some(Unfinished { started_at, last: ChangePosition::from_text(last)? });
        Some(Self { read_at: parse_milliseconds(read_at)?, unfinished })
    }
}

impl ChangePosition {
    fn to_text(&self) -> String {
        format!("{}~{}", self.changed_at.timestamp_millis(), self.clip)
    }

    fn from_text(text: &str) -> Option<Self> {
        let (changed_at, clip) = text.split_once('~')?;
        Some(Self { changed_at: parse_milliseconds(changed_at)?, clip: clip.parse().ok()? })
    }
}

/// The last millisecond of the year 9999.
const MAX_MILLISECONDS: i64 = 253_402_300_799_999;

fn parse_milliseconds(text: &str) -> Option<DateTime<Utc>> {
    let milliseconds = text.parse().ok()?;
    // Far enough from the limits of a time that no overlap leaves them.
    (0..=MAX_MILLISECONDS).contains(&milliseconds).then_some(())?;
    DateTime::from_timestamp_millis(milliseconds)
}
