//! Files and descriptions of a clip for use elsewhere.

mod show_timeline;
mod timeline;

pub use show_timeline::ShowTimeline;
