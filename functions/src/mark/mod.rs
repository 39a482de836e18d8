//! Marks: moments of a live stream that operators and other systems have noted. Their routes, and the
//! webhook that receives them.

mod ad_breaks;
mod create_mark;
mod delete_mark;
mod list_marks;
mod mark_request;
mod mark_view;
mod mark_writer;
mod receive_marks;
mod webhook_message;

pub use ad_breaks::AdBreakMarks;
pub use create_mark::CreateMark;
pub use delete_mark::DeleteMark;
pub use list_marks::ListMarks;
pub use mark_request::{MarkRequest, MarkTime};
pub use mark_view::to_json;
pub use receive_marks::ReceiveMarks;
pub use webhook_message::parse_webhook_message;
