//! When the sweep next checks a clip.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Clip, DUE_MESSAGE_LEAD, MAX_AIRING_WAIT, Source, Status};

/// Shortest time between two checks. Most events arrive sooner.
const MIN_CHECK_DELAY: TimeDelta = TimeDelta::seconds(10);
/// Longest time between two checks of a clip in progress.
const MAX_CHECK_DELAY: TimeDelta = TimeDelta::minutes(10);
/// How often the sweep checks for a file that has not arrived. S3's events are not lost.
const AWAITED_FILE_CHECK_DELAY: TimeDelta = TimeDelta::minutes(15);

impl Clip {
    /// When the sweep next checks the clip. `None`: never.
    ///
    /// The delay is half the time since the last change, between 10 s and 10 min: the longer a
    /// clip has not changed, the less likely a check finds a change. For example, a clip that has
    /// been `harvesting` for 60 s is checked again after 30 s. Exceptions:
    ///
    /// - A scheduled clip is checked when its due message must be sent, and 30 s after its end. From
    ///   then on, every sweep checks it.
    /// - An awaited file is checked every 15 min, and when the wait ends.
    /// - A queued clip is not checked: the harvest queue starts it.
    /// - A suggestion is checked when it expires. If it was deleted, it is checked when its row may go.
    /// - A ready clip is checked while a job makes its files, while a remake is in progress, when its
    ///   asset expires, when an asset may be deleted, and when one of its exports is to be checked.
    /// - A clip with an expiry or a time of publication is checked then at the latest, whatever its
    ///   state.
    pub fn next_check(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let age = now - self.updated_at;
        let soon = now + (age / 2).clamp(MIN_CHECK_DELAY, MAX_CHECK_DELAY);
        let no_later_than = |latest: DateTime<Utc>, limit: Option<DateTime<Utc>>| {
            limit.filter(|limit| *limit > now).map_or(latest, |limit| limit.min(latest))
        };
        let while_pending = match (self.status, &self.source) {
            (Status::Deleting, _) if self.was_never_made() => {
                return self.removable_at().map(|time| time.max(now + MIN_CHECK_DELAY));
            }
            (Status::Deleting, _) => return Some(no_later_than(soon, self.removable_at())),
            (Status::Ready, _) => {
                let files = self.files.as_ref().and_then(|files| files.next_check(now, soon));
                let is_checked =
                    |status: Status| status.is_in_progress() && status != Status::Queued;
                let remake = self.remake.as_ref().filter(|remake| is_checked(remake.status));
                let remake = remake.map(|remake| {
                    let start = remake.exact.as_ref().and_then(|job| job.start_at);
                    start.map_or(soon, |start| start.max(soon))
                });
                let retired = self.retired.iter().map(|retired| retired.removable_at);
                let exports = self.exports.values().filter_map(|export| export.next_check(now));
                let assets = self.asset_expires_at.into_iter().chain(self.asset_removable_at);
                assets.chain(retired).chain(remake).chain(files).chain(exports).min()
            }
            (Status::Failed | Status::Queued, _) => None,
            (Status::Suggested, _) => self.confirmable_until(),
            (Status::Scheduled, Source::Live { requested, .. }) => {
                Some(next_airing_check(requested.end(), now))
            }
            // The file of a retry arrived with an earlier attempt.
            (Status::Uploading, Source::Upload(upload)) if self.attempt == 1 => {
                Some(no_later_than(now + AWAITED_FILE_CHECK_DELAY, upload.awaited_until))
            }
            _ => Some(soon),
        };
        while_pending.into_iter().chain(self.expires_at).chain(self.publish_at).min()
    }
}

/// When the sweep next sends the due message of a scheduled clip with this end.
fn next_airing_check(end: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    let checks = [end - DUE_MESSAGE_LEAD, end + MAX_AIRING_WAIT];
    checks.into_iter().find(|check| now < *check).unwrap_or(now + MIN_CHECK_DELAY)
}
