//! Reads bytes from outside as the product does, and checks what it read.
//!
//! The tests of `functions` include this file: `functions/tests/fuzz_targets.rs` runs the same
//! targets without a fuzzer.

use aws_lambda_events::dynamodb;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use chrono::DateTime;
use matchcut::announce::WebhookMessage;
use matchcut::asset::InputNotification;
use matchcut::clip::{Attempt, ClipId, ClipKey, CompetitionId, MarkId, Window};
use matchcut::edit::EditRequest;
use matchcut::harvest::{ClipRequest, DueMessage, HarvestJobNotification, WindowRequest};
use matchcut::library::{ChangesCursor, Cursor, read_clip_change};
use matchcut::live::{Timeline, parse_ad_breaks};
use matchcut::mark::{MarkRequest, MarkTime, parse_webhook_message};
use matchcut::upload::{
    JobStateChange, ObjectCreated, ObjectKey, UploadRequest, count_structure_windows, parse_parts,
};

/// Parses a manifest of a live endpoint.
pub fn manifest(data: &[u8]) {
    for ad_break in parse_ad_breaks(data) {
        assert!(ad_break.end.is_none_or(|end| ad_break.start < end));
    }
    let Ok(m3u8_rs::Playlist::MediaPlaylist(playlist)) = m3u8_rs::parse_playlist_res(data) else {
        return;
    };
    if let Ok(timeline) = Timeline::from_playlist(&playlist) {
        let _ = timeline.bounds();
        if let Ok(window) = Window::new_within(timeline.start(), timeline.end()) {
            assert_parses_back(&ClipId::for_window(window));
        }
    }
}

/// Parses events of EventBridge, messages of queues, and batches of the table's stream.
pub fn events(data: &[u8]) {
    let _ = serde_json::from_slice::<EventBridgeEvent<HarvestJobNotification>>(data);
    let _ = serde_json::from_slice::<EventBridgeEvent<InputNotification>>(data);
    let _ = serde_json::from_slice::<EventBridgeEvent<JobStateChange>>(data);
    let _ = serde_json::from_slice::<ObjectCreated>(data);
    let _ = serde_json::from_slice::<DueMessage>(data);
    if let Ok(batch) = serde_json::from_slice::<dynamodb::Event>(data) {
        for change in batch.records.into_iter().filter_map(read_clip_change) {
            assert_parses_back(&change.clip.clip);
        }
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(message) = WebhookMessage::parse(text)
    {
        // Standard Webhooks joins the signed parts with full stops.
        assert!(!message.id.contains('.'), "{}", message.id);
        assert!(!message.body.is_empty());
    }
}

/// Parses the cursors of lists and of changes, and the names of clips and attempts.
pub fn cursor(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(cursor) = text.parse::<Cursor>() {
        assert_eq!(cursor.to_string(), text);
    }
    if let Ok(cursor) = text.parse::<ChangesCursor>() {
        assert_eq!(cursor.to_string(), text);
    }
    if let Ok(key) = text.parse::<ClipKey>() {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(attempt) = text.parse::<Attempt>() {
        assert_eq!(attempt.to_string(), text);
    }
}

/// Parses the body of a request, for each operation with a body.
pub fn bodies(data: &[u8]) {
    if let Ok(ClipRequest { window: WindowRequest::Between(window), .. }) = ClipRequest::parse(data)
    {
        assert!(window.start() < window.end());
        assert_parses_back(&ClipId::for_window(window));
    }
    if let Ok(UploadRequest { at: Some(at), .. }) = UploadRequest::parse(data) {
        assert_parses_back(&ClipId::for_time(at));
    }
    for mark in [MarkRequest::parse(data), parse_webhook_message("msg_1", data)] {
        if let Ok(MarkRequest { at: MarkTime::At(at), end, .. }) = mark {
            assert!(end.is_none_or(|end| at < end));
            let id = MarkId::for_time(at);
            assert_eq!(id.as_str().parse().as_ref(), Ok(&id));
        }
    }
    let _ = EditRequest::parse(data, DateTime::UNIX_EPOCH);
    if let Ok(parts) = parse_parts(data, 3) {
        assert!(parts.keys().eq(&[1, 2, 3]));
    }
}

/// Parses the key of an object in the upload bucket.
pub fn object_key(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let competition = match ObjectKey::parse(text) {
        Ok(ObjectKey::Announced(clip) | ObjectKey::Captions(clip)) => {
            assert_parses_back(&clip.clip);
            clip.competition
        }
        Ok(ObjectKey::Dropped { competition, filename }) => {
            assert!(!filename.is_empty() && !filename.contains('/'));
            competition
        }
        Err(_) => return,
    };
    assert_eq!(competition.as_str().parse::<CompetitionId>(), Ok(competition));
}

/// Reads the structure of an uploaded file.
pub fn structure(data: &[u8]) {
    // Each window begins where another one ends, or behind it.
    assert!(count_structure_windows(data) <= 1 + data.len());
}

fn assert_parses_back(id: &ClipId) {
    assert_eq!(id.as_str().parse::<ClipId>().as_ref(), Ok(id));
}
