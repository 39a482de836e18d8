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
                let clip = write(Status::Harvesting).await?.key();
                events::harvested(&clip, window, endpoint)
            }
            "asset-playable" => {
                let clip = write(Status::Packaging).await?.key();
                events::playable(&clip, "hls")
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
