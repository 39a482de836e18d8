//! What each function is invoked with, once the library holds what the events are about.

use matchcut::clip::{Clip, CompetitionId, Status};
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
    let clips = &format!("/api/competitions/{competition}/clips");
    let uploads = &format!("/api/uploads/{competition}");
    let mut events = Vec::with_capacity(EACH);
    for number in 0..EACH {
        let window = window(number)?;
        let write = async |status| rows::write(&service.library, competition, window, status).await;
        let upload = async |status| rows::upload(&service.library, competition, status).await;
        let about = |clip: &Clip, method, under: &str, action: &str, body| {
            let parameters = json!({ "competitionId": competition, "clipId": clip.clip });
            let path = format!("{under}/{}{action}", clip.clip);
            events::request(method, &path, &parameters, body)
        };
        events.push(match function {
            "create-clip" => {
                let (start, end) = (window.start(), window.end());
                let asked = json!({ "competition": competition, "start": start, "end": end });
                events::request("POST", "/api/clip", &json!({}), Some(&asked))
            }
            "list-clips" => {
                write(Status::Ready).await?;
                events::request("GET", clips, &json!({ "competitionId": competition }), None)
            }
            "show-clip" => about(&write(Status::Ready).await?, "GET", clips, "", None),
            "update-clip" => {
                let asked = json!({ "title": "Men's 100 m, final" });
                let mut event =
                    about(&write(Status::Ready).await?, "PATCH", clips, "", Some(&asked));
                event["headers"]["if-match"] = json!("*");
                event
            }
            "delete-clip" => about(&write(Status::Ready).await?, "DELETE", clips, "", None),
            "retry-clip" => about(&write(Status::Failed).await?, "POST", clips, "/retry", None),
            "grant-playback" => {
                let parameters = json!({ "competitionId": competition });
                let path = format!("/api/competitions/{competition}/playback");
                events::request("POST", &path, &parameters, None)
            }
            "harvest-clip" => {
                let clip = write(Status::Queued).await?.clip;
                events::queued(&json!({ "competition": competition, "clip": clip }))
            }
            "announce-clip" => {
                let after = write(Status::Ready).await?;
                let before = Clip { status: Status::Packaging, ..after.clone() };
                events::row_changed(&before, &after)?
            }
            "deliver-webhook" => {
                let clip = write(Status::Ready).await?;
                events::queued(&events::state_changed(&clip))
            }
            "scope-token" => events::token_asked_for(),
            "refuse-request" => events::request("OPTIONS", "/api/clip", &json!({}), None),
            "harvest-complete" => {
                let clip = write(Status::Harvesting).await?.current_attempt();
                events::harvested(&clip, window, endpoint)
            }
            "asset-playable" => {
                let clip = write(Status::Packaging).await?.current_attempt();
                events::playable(&clip, "hls")
            }
            "create-upload" => {
                let asked = json!({
                    "competition": competition, "filename": "final.mov", "size": 48_000_000,
                });
                events::request("POST", "/api/uploads", &json!({}), Some(&asked))
            }
            "list-upload-parts" => {
                about(&upload(Status::Uploading).await?, "GET", uploads, "/parts", None)
            }
            "complete-upload" => {
                let row = upload(Status::Transcoding).await?;
                let part = |number: u32| json!({ "partNumber": number, "etag": "\"e\"" });
                let asked = json!({ "parts": (1..=rows::PARTS).map(part).collect::<Vec<_>>() });
                about(&row, "POST", uploads, "/complete", Some(&asked))
            }
            "transcode-upload" => {
                let row = upload(Status::Transcoding).await?;
                let key = row.upload().map(|upload| upload.key.clone()).unwrap_or_default();
                let bucket = service.stack.variables.required("UPLOADS_BUCKET")?;
                events::queued(&events::object_created(bucket, &key))
            }
            "transcode-complete" => {
                let row = upload(Status::Transcoding).await?;
                events::transcoded(&row.current_attempt())
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
