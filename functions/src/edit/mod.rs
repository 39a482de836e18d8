//! What operators do to an existing clip: edit, delete, restore and retry it.

mod delete_clip;
mod restore_clip;
mod retry_clip;
mod trash;
mod trim;
mod update_clip;

pub use delete_clip::DeleteClip;
pub use restore_clip::RestoreClip;
pub use retry_clip::RetryClip;
pub use update_clip::{EditRequest, UpdateClip};
