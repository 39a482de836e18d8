//! The routes of marks: moments of a live stream that operators and other systems have noted.

mod create_mark;
mod delete_mark;
mod list_marks;
mod mark_request;
mod mark_view;

pub use create_mark::CreateMark;
pub use delete_mark::DeleteMark;
pub use list_marks::ListMarks;
pub use mark_request::{MarkRequest, MarkTime};
pub use mark_view::to_json;
