//! What viewers and operators read: lists of clips, changes, one clip, playback cookies, and health.

mod cookies;
mod follow_clip;
mod grant_playback;
mod list_changes;
mod list_clips;
mod show_clip;
mod show_health;

pub use cookies::{CookieSigner, KeyError, SignedCookies};
pub use follow_clip::FollowClip;
pub use grant_playback::GrantPlayback;
pub use list_changes::ListChanges;
pub use list_clips::ListClips;
pub use show_clip::ShowClip;
pub use show_health::show_health;
