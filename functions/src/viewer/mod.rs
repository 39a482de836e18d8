//! What viewers and operators read: clips as the API shows them, one and in lists.

mod clip_view;
mod list_clips;
mod show_clip;
mod show_health;

pub use clip_view::ClipView;
pub use list_clips::ListClips;
pub use show_clip::ShowClip;
pub use show_health::show_health;
