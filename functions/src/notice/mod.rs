//! Notices: every change of a clip's state is told on the event bus, and from there to webhooks.

mod announce_clip;
mod deliver_webhook;
mod signature;

pub use announce_clip::{AnnounceClip, AnnounceClipError, entered};
pub use deliver_webhook::{DeliverWebhook, DeliverWebhookError, Notice};
