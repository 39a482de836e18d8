//! Formats an export as the API shows it.

use serde_json::{Value, json};

use crate::clip::{Export, ExportCaptions, ExportId, ExportStatus, format_utc};

/// The export as JSON for operators, without the URL of its file. Fields that do not apply yet are
/// absent.
pub(super) fn to_json(id: &ExportId, export: &Export) -> Value {
    let settings = &export.settings;
    let mut shown = json!({
        "export": id,
        "status": export.status,
        "aspect": settings.aspect,
        "start": format_utc(settings.start),
        "end": format_utc(settings.end),
        "width": settings.width,
        "height": settings.height,
        "createdAt": format_utc(export.created_at),
    });
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            shown[name] = value;
        }
    };
    set("crop", settings.crop.map(|crop| json!(crop)));
    let sound_language = settings.sound.as_ref().and_then(|sound| sound.language.as_ref());
    set("soundLanguage", sound_language.map(|language| json!(language)));
    if settings.captions != ExportCaptions::None {
        set("captions", Some(json!(settings.captions)));
    }
    if settings.captions == ExportCaptions::BurnedIn {
        let language = settings.caption_tracks.first().and_then(|track| track.language.as_ref());
        set("captionLanguage", language.map(|language| json!(language)));
    }
    set("createdBy", export.created_by.as_ref().map(|name| json!(name)));
    let is_encoding = export.status == ExportStatus::Encoding;
    set("progress", is_encoding.then(|| json!(export.progress.unwrap_or(0))));
    set("bytes", export.bytes.map(|bytes| json!(bytes)));
    set("error", export.error.as_ref().map(|error| json!(error)));
    set("expiresAt", export.expires_at.map(|time| json!(format_utc(time))));
    shown
}
