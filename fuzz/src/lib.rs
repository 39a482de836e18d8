//! What comes from outside, byte by byte: each target reads it as the product does, and holds what
//! was read against what has to be true of it.
//!
//! The tests of `functions` include this file to replay the corpus without a fuzzer.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use matchcut::asset::{HarvestNotice, InputNotice};
use matchcut::clip::{ClipId, ClipRequest, CompetitionId, Span, Window};
use matchcut::library::{ActualBounds, Cursor};
use matchcut::live::Timeline;
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

/// An event of EventBridge, as it comes and as a queue carries it.
pub fn events(data: &[u8]) {
    let _ = serde_json::from_slice::<EventBridgeEvent<HarvestNotice>>(data);
    let _ = serde_json::from_slice::<EventBridgeEvent<InputNotice>>(data);
    let _ = serde_json::from_slice::<EventBridgeEvent<JobNotice>>(data);
    let _ = serde_json::from_slice::<ObjectCreated>(data);
}

/// The cursor of a list.
pub fn cursor(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(cursor) = text.parse::<Cursor>() {
        assert_eq!(cursor.to_string(), text);
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
