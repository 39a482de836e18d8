//! Makes room in packaging groups that are nearly full.

use chrono::{DateTime, Utc};

use super::{Sweep, SweepError};
use crate::clip::Trigger;

/// If fewer assets than this fit into the packaging groups, old assets are replaced early. The alarm goes
/// off at 500.
const MIN_FREE: u64 = 1_000;
/// Most assets that one sweep replaces early. Their places are free an hour later.
const MAX_REPLACED: usize = 50;

impl Sweep {
    /// Replaces old assets if the packaging groups are nearly full.
    pub(super) async fn make_room_for_assets(&self, now: DateTime<Utc>) -> Result<(), SweepError> {
        self.replace_oldest_assets(MIN_FREE, now).await
    }

    /// If fewer than `min_free` assets fit into the packaging groups, replaces the assets that would
    /// expire next. Their number is limited, and further sweeps continue.
    pub async fn replace_oldest_assets(
        &self,
        min_free: u64,
        now: DateTime<Utc>,
    ) -> Result<(), SweepError> {
        if !self.library.replaces_assets() || self.assets.count_free_places().await? >= min_free {
            return Ok(());
        }
        for clip in self.library.next_assets_to_expire(MAX_REPLACED).await? {
            let attempt = clip.current_attempt();
            self.library.advance(&attempt, &Trigger::AssetReplaced, now).await?;
        }
        Ok(())
    }
}
