//! What each function is invoked with, once the library holds what the events are about.

use matchcut::clip::CompetitionId;
use matchcut::library::Status;
use matchcut::live::Channels;
use serde_json::{Value, json};

use crate::error::BenchError;
use crate::stack::{Service, window};
use crate::{events, rows};

/// How many events each function gets.
pub(super) const EACH: usize = 100;

/// The events for a function, each about a clip of its own.
pub(super) async fn of(function: &str, service: &Service) -> Result<Vec<Value>, BenchError> {
    let channels: Channels = service.stack.variables.parsed("CHANNELS")?;
    let endpoint = &channels.default_channel().origin_endpoint_id;
    let competition: &CompetitionId = &function.parse()?;
    let path = format!("/api/competitions/{competition}/clips");
    let mut events = Vec::with_capacity(EACH);
    for number in 0..EACH {
        let window = window(number)?;
        let write = async |status| rows::write(&service.library, competition, window, status).await;
        events.push(match function {
            "create-clip" => {
                let (start, end) = (window.start(), window.end());
                let asked = json!({ "competition": competition, "start": start, "end": end });
                events::request("POST", "/api/clip", &json!({}), Some(&asked))
            }
            "list-clips" => {
                write(Status::Ready).await?;
                events::request("GET", &path, &json!({ "competitionId": competition }), None)
            }
            "show-clip" => {
                let clip = write(Status::Ready).await?.clip;
                let parameters = json!({ "competitionId": competition, "clipId": clip });
                events::request("GET", &format!("{path}/{clip}"), &parameters, None)
            }
            "harvest-complete" => {
                let clip = write(Status::Harvesting).await?.current();
                events::harvested(&clip, window, endpoint)
            }
            "asset-playable" => {
                let clip = write(Status::Packaging).await?.current();
                events::playable(&clip, "hls")
            }
            "create-upload" => {
                let asked = json!({
                    "competition": competition, "filename": "final.mov", "size": 48_000_000,
                });
                events::request("POST", "/api/uploads", &json!({}), Some(&asked))
            }
            "list-upload-parts" => {
                let row = rows::upload(&service.library, competition, Status::Uploading).await?;
                let parameters = json!({ "competitionId": competition, "clipId": row.clip });
                let path = format!("/api/uploads/{competition}/{}/parts", row.clip);
                events::request("GET", &path, &parameters, None)
            }
            "complete-upload" => {
                let row = rows::upload(&service.library, competition, Status::Transcoding).await?;
                let parameters = json!({ "competitionId": competition, "clipId": row.clip });
                let path = format!("/api/uploads/{competition}/{}/complete", row.clip);
                let part = |number: u32| json!({ "partNumber": number, "etag": "\"e\"" });
                let asked = json!({ "parts": (1..=rows::PARTS).map(part).collect::<Vec<_>>() });
                events::request("POST", &path, &parameters, Some(&asked))
            }
            "transcode-upload" => {
                let row = rows::upload(&service.library, competition, Status::Transcoding).await?;
                let key = row.upload().map(|upload| upload.key.clone()).unwrap_or_default();
                let bucket = service.stack.variables.required("UPLOADS_BUCKET")?;
                events::queued(&events::object_created(bucket, &key))
            }
            "transcode-complete" => {
                let row = rows::upload(&service.library, competition, Status::Transcoding).await?;
                events::transcoded(&row.current())
            }
            "sweep-library" => {
                // The first run finds all of these due.
                write(Status::Harvesting).await?;
                events::scheduled()
            }
            _ => events::request("GET", "/api/health", &json!({}), None),
        });
    }
    Ok(events)
}
