//! Deletes the assets and the media of retired attempts.

use chrono::{DateTime, Utc};

use super::{Sweep, SweepError};
use crate::clip::{Clip, Trigger};
use crate::harvest::RunningJobs;

impl Sweep {
    /// Deletes what a retired attempt has made, if it is time. Returns `false` if nothing is to be
    /// deleted now.
    ///
    /// A harvest that goes on would write more, so this waits until it has ended.
    pub(super) async fn remove_retired_attempt(
        &self,
        clip: &Clip,
        running: &RunningJobs<'_>,
        now: DateTime<Utc>,
    ) -> Result<bool, SweepError> {
        let Some(retired) = clip.removable_attempt(now) else { return Ok(false) };
        if running.contains(&retired).await? {
            return Ok(false);
        }
        self.assets.delete(&retired).await?;
        self.media.delete_attempt(&retired).await?;
        self.library.advance(&retired, &Trigger::AttemptRemoved, now).await?;
        Ok(true)
    }
}
