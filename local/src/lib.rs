//! The stand-in: everything this product uses of AWS, on one machine and with real media.
//!
//! AWS Elemental is ours: an encoder, harvest jobs and VOD assets that ffmpeg makes real.
//! DynamoDB and S3 are embedded crates. The product's functions run unchanged: they use the real
//! SDKs over loopback, and only the endpoint URLs of their environment are different.

mod asset;
mod beside;
mod call_faults;
mod clip;
mod elemental;
mod environment;
mod faults;
mod ffmpeg;
mod functions;
mod gateway;
mod interrupt;
mod json_services;
mod library;
mod live;
mod messages;
mod notifications;
mod origins;
mod own_events;
mod private;
mod queues;
mod records;
mod runs;
mod secrets;
mod stack;
mod stream;
mod upload;
mod webhooks;
mod wire;

pub use asset::GroupError;
pub use beside::Beside;
pub use faults::Faults;
pub use functions::Functions;
pub use gateway::{ContractError, TokenError};
pub use interrupt::{Cut, Run, interruptible};
pub use live::Source;
pub use runs::Tally;
pub use stack::{OPERATOR_SCOPE, Options, Stack, StackError, VIEWER_SCOPE};
pub use webhooks::Webhook;
