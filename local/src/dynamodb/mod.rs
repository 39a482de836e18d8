//! DynamoDB, embedded: the table of clips and its stream.

mod stream;
mod table;

pub(crate) use stream::Stream;
pub use table::TableError;
pub(crate) use table::{ensure_table, open_database, serve};
