//! Tests the handlers against the stand-in, over HTTP and with the real SDKs.

mod api;
mod aws_events;
mod channels;
mod create_clip;
mod delete_clip;
mod first_segment;
mod grant_playback;
mod harvest_queue;
mod idempotency;
mod interruptions;
mod lambda_binaries;
mod list_changes;
mod list_clips;
mod media;
mod media_formats;
mod metrics;
mod openapi;
mod packaging_groups;
mod refused_requests;
mod restore_clip;
mod retry_clip;
mod share;
mod sweep;
mod transcode_complete;
mod update_clip;
mod uploads;
