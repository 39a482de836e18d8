//! What operators do to an existing clip: edit, delete and retry it.

mod delete_clip;
mod retry_clip;
mod update_clip;

pub use delete_clip::DeleteClip;
pub use retry_clip::RetryClip;
pub use update_clip::{UpdateClip, parse_edit};
