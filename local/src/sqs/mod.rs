//! SQS: durable queues, their operations, and the pollers that give messages to functions.

mod api;
mod queue;

pub(crate) use api::{Queues, queue_url};
pub(crate) use queue::{Consumers, Queue};
