//! Reads bytes from outside as the product does, and checks what it read.
//!
//! The tests of `functions` include this file: `functions/tests/fuzz_targets.rs` runs the same
//! targets without a fuzzer.

use aws_lambda_events::dynamodb;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use chrono::DateTime;
use matchcut::asset::{HarvestNotice, InputNotice};
use matchcut::clip::{
    Attempt, ClipId, ClipKey, ClipRequest, CompetitionId, DueClip, Span, Window, read_edit,
};
use matchcut::library::{ActualBounds, Cursor};
use matchcut::live::Timeline;
use matchcut::notice::{Notice, entered};
use matchcut::upload::{JobNotice, ObjectCreated, ObjectKey, UploadRequest, read_parts};

/// A manifest of a live endpoint.
pub fn manifest(data: &[u8]) {
    let Ok(m3u8_rs::Playlist::MediaPlaylist(playlist)) = m3u8_rs::parse_playlist_res(data) else {
        return;
    };
    if let Ok(timeline) = Timeline::read(&playlist) {
        let _ = ActualBounds::from(&timeline);
        if let Ok(window) = Window::within(timeline.start(), timeline.end()) {
            reads_back(&ClipId::random(window));
        }
    }
}

/// An event of EventBridge, as it comes and as a queue carries it; a message of a queue; a batch of
/// the table's stream.
pub fn events(data: &[u8]) {
    let _ = serde_json::from_slice::<EventBridgeEvent<HarvestNotice>>(data);
    let _ = serde_json::from_slice::<EventBridgeEvent<InputNotice>>(data);
    let _ = serde_json::from_slice::<EventBridgeEvent<JobNotice>>(data);
    let _ = serde_json::from_slice::<ObjectCreated>(data);
    let _ = serde_json::from_slice::<DueClip>(data);
    if let Ok(batch) = serde_json::from_slice::<dynamodb::Event>(data) {
        for clip in batch.records.into_iter().filter_map(entered) {
            reads_back(&clip.clip);
        }
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(notice) = Notice::parse(text)
    {
        // Standard Webhooks signs it with full stops in between.
        assert!(!notice.id.contains('.'), "{}", notice.id);
        assert!(!notice.body.is_empty());
    }
}

/// The cursor of a list, and the names that are in it and in AWS.
pub fn cursor(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(cursor) = text.parse::<Cursor>() {
        assert_eq!(cursor.to_string(), text);
    }
    if let Ok(key) = text.parse::<ClipKey>() {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(attempt) = text.parse::<Attempt>() {
        assert_eq!(attempt.to_string(), text);
    }
}

/// The body of a request, taken for that of each operation.
pub fn bodies(data: &[u8]) {
    if let Ok(ClipRequest { span: Span::Between(window), .. }) = ClipRequest::read(data) {
        assert!(window.start() < window.end());
        reads_back(&ClipId::random(window));
    }
    if let Ok(UploadRequest { at: Some(at), .. }) = UploadRequest::read(data) {
        reads_back(&ClipId::random_at(at));
    }
    let _ = read_edit(data, DateTime::UNIX_EPOCH);
    if let Ok(parts) = read_parts(data, 3) {
        assert!(parts.keys().eq(&[1, 2, 3]));
    }
}

/// The key of an object in the upload bucket.
pub fn object_key(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let competition = match ObjectKey::parse(text) {
        Ok(ObjectKey::Announced(clip)) => {
            reads_back(&clip.clip);
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

fn reads_back(id: &ClipId) {
    assert_eq!(id.as_str().parse::<ClipId>().as_ref(), Ok(id));
}
