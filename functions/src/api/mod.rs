//! What the HTTP routes share: requests, replies, problems, and clips as the API shows them.

mod angles;
mod clip_view;
mod fields;
mod find_channel;
mod find_clip;
mod idempotency;
mod origin_check;
mod problem;
mod refuse_request;
mod reply;
mod request;
mod route;
mod scope_token;
mod sealed_path;

pub use clip_view::{ClipView, count_ahead, edit_digest};
pub use fields::{Fields, parse_whole_number};
pub use find_channel::find_channel;
pub use find_clip::{clip_not_found, find_clip};
pub use idempotency::{create_clip_once, create_clips_once, find_created_clip};
pub use origin_check::{ORIGIN_HEADER, OriginCheck};
pub use problem::{Problem, ProblemKind, format_problem_type};
pub use refuse_request::RefuseRequest;
pub use reply::{Reply, respond};
pub use request::Request;
pub use route::{Route, serve, serve_with};
pub use scope_token::ScopeToken;
pub use sealed_path::{SealKey, SealKeyError, private_folder};
