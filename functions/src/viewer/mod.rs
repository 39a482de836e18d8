//! What viewers and operators read: clips as the API shows them, one and in lists.

mod clip_view;
mod cookies;
mod grant_playback;
mod list_clips;
mod private;
mod show_clip;
mod show_health;

pub use clip_view::ClipView;
pub use cookies::{CookieSigner, KeyError, SignedCookies};
pub use grant_playback::GrantPlayback;
pub use list_clips::ListClips;
pub use private::{SealKey, SealKeyError};
pub use show_clip::{ShowClip, find_clip, no_such_clip};
pub use show_health::show_health;
