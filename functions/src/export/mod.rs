//! Files and descriptions of a clip for use elsewhere.

mod create_export;
mod export_complete;
mod export_request;
mod export_view;
mod job_settings;
mod jobs;
mod plan;
mod show_export;
mod show_timeline;
mod timeline;

pub use create_export::CreateExport;
pub use export_complete::ExportComplete;
pub use export_request::{Aspect, ExportRequest};
pub use jobs::{ExportError, Exports};
pub use show_export::{ListExports, ShowExport};
pub use show_timeline::ShowTimeline;
