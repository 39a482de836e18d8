//! Announces changes of clips: change events on the event bus, and webhook messages.

mod announce_clip;
mod deliver_webhook;

pub use announce_clip::{AnnounceClip, AnnounceClipError};
pub use deliver_webhook::{DeliverWebhook, DeliverWebhookError, WebhookMessage};
