//! Lambda: runs the product's functions, cuts runs off, and polls the functions' event sources.

mod chain;
mod concurrency;
mod event_sources;
mod functions;
mod interrupt;
mod runs;
mod timeouts;

pub(crate) use concurrency::Concurrency;
pub(crate) use event_sources::EventSources;
pub use functions::Functions;
pub use interrupt::{Cut, Run, interruptible};
pub use runs::Tally;
