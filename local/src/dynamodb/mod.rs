//! DynamoDB, embedded: the table of clips and its stream.

mod capacity;
mod front;
mod service;
mod stale_indexes;
mod stream;
mod table;

pub(crate) use service::start;
pub(crate) use stream::{Stream, StreamReader};
pub use table::TableError;
