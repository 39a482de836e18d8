//! SQS: durable queues that start functions, and their operations.

mod api;
mod queue;

pub(crate) use api::{Queues, queue_url};
pub(crate) use queue::{Order, Queue};
