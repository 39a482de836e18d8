//! `POST /api/uploads/{competitionId}/{clipId}/complete`: joins the parts of a file.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Originals;
use super::originals::JoinOutcome;
use super::parts::{PartPlan, check_owner, find_upload, upload_closed};
use crate::api::{
    ClipView, Fields, Problem, ProblemKind, Reply, Request, Route, parse_whole_number,
};
use crate::clip::{Status, Trigger};
use crate::config::{ConfigError, Variables};
use crate::library::Library;

/// Largest body, in bytes: 10,000 parts at about 70 bytes each.
const MAX_BODY_SIZE: usize = 1 << 20;
/// Longest ETag of a part, in characters.
const MAX_ETAG_LENGTH: usize = 100;

/// The route of `complete-upload`.
#[derive(Clone, Debug)]
pub struct CompleteUpload {
    library: Library,
    originals: Originals,
    view: ClipView,
}

impl Route for CompleteUpload {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            originals: Originals::from_variables(sdk, variables)?,
            view: ClipView::from_variables(variables)?,
        })
    }

    async fn warm_up(&self) {
        tokio::join!(self.library.warm_up(), self.originals.warm_up());
    }

    /// Lets S3 join the parts. The event of S3 then starts the transcode.
    ///
    /// S3 may take minutes. The reply does not wait for the end: the row records that S3 is joining,
    /// and the sweep asks again if the file does not arrive. If the request is repeated, for example
    /// because the reply was lost, the reply is the clip.
    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let body = request.body_up_to(MAX_BODY_SIZE)?;
        let clip = find_upload(&self.library, request).await?;
        let upload = check_owner(&clip, request)?;
        let (Some(multipart), Some(size)) = (&upload.multipart, upload.size) else {
            return Err(upload_closed(&clip));
        };
        let etags = parse_parts(&body, PartPlan::for_size(size).count)?;
        let accepted = || Ok(Reply::json(202, &self.view.to_operator_json(&clip, None)));
        if clip.status != Status::Uploading || upload.joining_since.is_some() {
            return accepted();
        }
        match self.originals.join_parts(&upload.key, multipart, &etags).await? {
            JoinOutcome::Joined => accepted(),
            JoinOutcome::Unfinished => {
                let attempt = clip.current_attempt();
                self.library.advance(&attempt, &Trigger::JoiningStarted, now).await?;
                accepted()
            }
            JoinOutcome::Rejected => Err(Problem::for_field(
                ProblemKind::PartsRejected,
                "parts",
                "S3 does not have these parts. Send the parts whose ETags differ again.",
            )),
            JoinOutcome::NotFound => match self.originals.find(&upload.key).await? {
                Some(_) => accepted(),
                None => Err(upload_closed(&clip)),
            },
        }
    }
}

/// Parses the body: the ETag of each part, by its number. Every part must be listed once.
pub fn parse_parts(body: &[u8], count: u32) -> Result<BTreeMap<u32, String>, Problem> {
    let fields = Fields::parse(body, &["parts"])?;
    let Some(Value::Array(parts)) = fields.get("parts") else {
        let detail =
            "This must be a list of parts, each as { \"partNumber\": 1, \"etag\": \"…\" }.";
        return Err(Problem::invalid_field("parts", detail));
    };
    let mut etags = BTreeMap::new();
    for (at, part) in parts.iter().enumerate() {
        let number =
            parse_whole_number(&part["partNumber"]).and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| (1..=count).contains(number)).ok_or_else(|| {
            let detail = format!("This must be a whole number from 1 to {count}.");
            Problem::invalid_field(format!("parts[{at}].partNumber"), detail)
        })?;
        let usable = |etag: &&str| {
            !etag.is_empty()
                && etag.len() <= MAX_ETAG_LENGTH
                && etag.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let etag = part["etag"].as_str().filter(usable).ok_or_else(|| {
            let detail = "This must be the ETag that S3 returned for the part.";
            Problem::invalid_field(format!("parts[{at}].etag"), detail)
        })?;
        if etags.insert(number, etag.to_owned()).is_some() {
            let detail = format!("Part {number} is listed twice.");
            return Err(Problem::invalid_field(format!("parts[{at}].partNumber"), detail));
        }
    }
    if etags.len() != usize::try_from(count).unwrap_or(usize::MAX) {
        let detail = format!("The list has {} parts, but the file has {count}.", etags.len());
        return Err(Problem::invalid_field("parts", detail));
    }
    Ok(etags)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_part_must_be_listed_once_in_any_order() {
        let part = |number: i64, etag: &str| json!({ "partNumber": number, "etag": etag });
        let invalid_field = |parts: Value| {
            let problem =
                parse_parts(json!({ "parts": parts }).to_string().as_bytes(), 2).unwrap_err();
            problem.field.unwrap()
        };
        let body = json!({ "parts": [part(2, "b"), part(1, "\"a\"")] }).to_string();
        let etags = parse_parts(body.as_bytes(), 2).unwrap();
        assert_eq!(etags, [(1, "\"a\"".to_owned()), (2, "b".to_owned())].into());
        assert_eq!(invalid_field(json!([part(1, "a")])), "parts");
        assert_eq!(invalid_field(json!("a")), "parts");
        assert_eq!(invalid_field(json!([part(1, "a"), part(1, "a")])), "parts[1].partNumber");
        assert_eq!(invalid_field(json!([part(0, "a")])), "parts[0].partNumber");
        assert_eq!(invalid_field(json!([part(1, ""), part(2, "b")])), "parts[0].etag");
        assert_eq!(invalid_field(json!([7])), "parts[0].partNumber");
    }
}
