//! Clips as the library keeps them, written straight into it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{TimeDelta, Utc};
use matchcut::clip::{
    Bounds, Clip, ClipId, CompetitionId, Failure, FailureCode, Source, Status, Upload, Window,
};
use matchcut::library::Library;

use crate::error::BenchError;

/// Writes a clip that has everything a clip of its state has; the sweep finds it due.
pub(crate) async fn write(
    library: &Library,
    competition: &CompetitionId,
    window: Window,
    status: Status,
) -> Result<Clip, BenchError> {
    let made = window.end() + TimeDelta::seconds(5);
    let ready = status == Status::Ready;
    let packaged = ready || status == Status::Packaging;
    let formats = [("dash", "index.mpd"), ("hls", "index.m3u8")];
    let clip = Clip {
        competition: competition.clone(),
        clip: ClipId::for_window(window),
        status,
        version: 3,
        attempt: 1,
        media_attempt: 1,
        source: Source::Live { channel: "main".into(), requested: window },
        actual: Some(Bounds {
            start: window.start(),
            end: window.end(),
            duration_seconds: (window.end() - window.start()).as_seconds_f64(),
        }),
        title: "Men's 100 m, second semi-final".to_owned(),
        description: "False start in lane 4, then a photo finish.".to_owned(),
        tags: vec!["100m".to_owned(), "semi-final".to_owned()],
        manifests: formats
            .iter()
            .filter(|_| packaged)
            .map(|(format, name)| ((*format).to_owned(), manifest(name)))
            .collect(),
        playable: formats
            .iter()
            .filter(|_| ready)
            .map(|(format, _)| (*format).to_owned())
            .collect(),
        failure: (status == Status::Failed).then(|| Failure {
            code: FailureCode::HarvestFailed,
            message: "MediaPackage could not harvest the clip: internal error".to_owned(),
        }),
        created_at: made,
        updated_at: made,
        ready_at: ready.then_some(made),
        expires_at: None,
        deleted_at: None,
        queued_at: (status == Status::Queued).then_some(made),
        next_check_at: status.is_pending().then_some(made),
    };
    library.create(&clip).await?;
    Ok(clip)
}

/// How many parts the file of an [`upload`] has.
pub(crate) const PARTS: u32 = 7;

/// Writes an upload that is sent in parts, and whose job is `1` once it is transcoded.
pub(crate) async fn upload(
    library: &Library,
    competition: &CompetitionId,
    status: Status,
) -> Result<Clip, BenchError> {
    let at = Utc::now();
    let transcoding = status == Status::Transcoding;
    let id = ClipId::for_time(at);
    let clip = Clip {
        competition: competition.clone(),
        clip: id.clone(),
        status,
        version: 1,
        attempt: 1,
        media_attempt: 1,
        source: Source::Upload(Upload {
            key: format!("{competition}/{id}/original.mov"),
            filename: "final.mov".to_owned(),
            at,
            size: Some(100 << 20),
            uploader: Some("operator".to_owned()),
            multipart: Some("m".repeat(100)),
            awaited_until: Some(at + TimeDelta::hours(24)),
            job: transcoding.then(|| "1".to_owned()),
            progress: None,
            thumbnails: 10,
        }),
        actual: transcoding.then(|| Bounds {
            start: at,
            end: at + TimeDelta::seconds(10),
            duration_seconds: 10.0,
        }),
        title: "Men's 100 m, the winner speaks".to_owned(),
        description: String::new(),
        tags: vec!["interview".to_owned()],
        manifests: BTreeMap::new(),
        playable: BTreeSet::new(),
        failure: None,
        created_at: at,
        updated_at: at,
        ready_at: None,
        expires_at: None,
        deleted_at: None,
        queued_at: None,
        next_check_at: Some(at + TimeDelta::hours(24)),
    };
    library.create(&clip).await?;
    Ok(clip)
}

/// A path as long as MediaPackage's.
fn manifest(name: &str) -> String {
    let hex = || format!("{:032x}", fastrand::u128(..));
    format!("/out/v1/{}/{}/{}/{name}", hex(), hex(), hex())
}
