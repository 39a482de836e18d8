//! Checks every pending clip, and does what a lost event would have done.

mod asset_room;
mod clip_check;
mod removal;
mod retired;
mod sweep_library;
mod triggers;

pub use removal::{Removal, RemovalError, RemovalOutcome};
pub use sweep_library::{Sweep, SweepError, SweepReport};
