//! Deletes the assets and the media of retired attempts.

use chrono::{DateTime, Utc};

use super::{Sweep, SweepError};
use crate::clip::{Attempt, Clip, Trigger};
use crate::harvest::RunningJobs;

impl Sweep {
    /// Deletes what a retired attempt has made, if it is time. Returns `false` if nothing is to be
    /// deleted now.
    ///
    /// A harvest or a job that goes on would write more, so this waits until it has ended.
    pub(super) async fn remove_retired_attempt(
        &self,
        clip: &Clip,
        running: &RunningJobs<'_>,
        now: DateTime<Utc>,
    ) -> Result<bool, SweepError> {
        let Some(retired) = clip.removable_attempt(now) else { return Ok(false) };
        let attempt = Attempt { clip: clip.key(), number: retired.attempt };
        if running.contains(&attempt).await? || self.exact.is_retired_running(clip, retired).await?
        {
            return Ok(false);
        }
        self.assets.delete(&attempt).await?;
        if !clip.keeps_media_of(attempt.number) {
            self.media.delete_attempt(&attempt).await?;
        }
        self.library.advance(&attempt, &Trigger::AttemptRemoved, now).await?;
        Ok(true)
    }
}
