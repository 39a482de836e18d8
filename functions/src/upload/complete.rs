//! `POST /api/uploads/{competitionId}/{clipId}/complete`: the parts of a file become one object.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use serde_json::Value;

use super::Originals;
use super::originals::Joined;
use super::parts::{PartPlan, closed, find, owned};
use crate::config::{ConfigError, Variables};
use crate::fields::{Fields, whole};
use crate::http::{self, Problem, ProblemKind, Reply, Request};
use crate::library::{Library, Status};
use crate::viewer::ClipView;

/// The 10,000 parts a file can have, at about 70 bytes each.
const LARGEST_BODY: usize = 1 << 20;
const LONGEST_ETAG: usize = 100;

/// Everything `complete-upload` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct CompleteUpload {
    library: Library,
    originals: Originals,
    view: ClipView,
}

impl CompleteUpload {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            originals: Originals::from_variables(sdk, variables)?,
            view: ClipView::from_variables(variables)?,
        })
    }

    /// Opens the connections that the first request will need.
    pub async fn warm_up(&self) {
        tokio::join!(self.library.warm_up(), self.originals.warm_up());
    }

    pub async fn handle(&self, event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
        let request = Request::from(event);
        let reply = self.complete(&request).await;
        http::respond(&request, reply)
    }

    /// Has S3 join the parts; S3's own event then starts the transcode.
    ///
    /// Asked again, whether the first reply was lost or not, it answers with the clip.
    async fn complete(&self, request: &Request) -> Result<Reply, Problem> {
        let body = request.body_of(LARGEST_BODY)?;
        let clip = find(&self.library, request).await?;
        let upload = owned(&clip, request)?;
        let (Some(multipart), Some(size)) = (&upload.multipart, upload.size) else {
            return Err(closed(&clip));
        };
        let etags = read_parts(&body, PartPlan::of(size).count)?;
        let accepted = || Ok(Reply::json(202, self.view.of(&clip)));
        if clip.status != Status::Uploading {
            return accepted();
        }
        let joined = self.originals.join_parts(&upload.key, multipart, &etags).await;
        match joined.map_err(|cause| Problem::unavailable(&cause))? {
            Joined::Yes => accepted(),
            Joined::Rejected => Err(Problem::of_field(
                ProblemKind::PartsRejected,
                "parts",
                "S3 has not received these parts; send again those whose ETags differ.",
            )),
            Joined::Unknown => {
                let there = self.originals.look(&upload.key).await;
                match there.map_err(|cause| Problem::unavailable(&cause))? {
                    Some(_) => accepted(),
                    None => Err(closed(&clip)),
                }
            }
        }
    }
}

/// The ETag of each part, by its number.
pub fn read_parts(body: &[u8], count: u32) -> Result<BTreeMap<u32, String>, Problem> {
    let fields = Fields::read(body, &["parts"])?;
    let Some(Value::Array(parts)) = fields.get("parts") else {
        let detail = "Give a list of parts, each as { \"partNumber\": 1, \"etag\": \"…\" }.";
        return Err(Problem::invalid_field("parts", detail));
    };
    let mut etags = BTreeMap::new();
    for (at, part) in parts.iter().enumerate() {
        let number = whole(&part["partNumber"]).and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| (1..=count).contains(number)).ok_or_else(|| {
            let detail = format!("This has to be a whole number from 1 to {count}.");
            Problem::invalid_field(format!("parts[{at}].partNumber"), detail)
        })?;
        let usable = |etag: &&str| {
            !etag.is_empty()
                && etag.len() <= LONGEST_ETAG
                && etag.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let etag = part["etag"].as_str().filter(usable).ok_or_else(|| {
            let detail = "This has to be the ETag that S3 answered to the part.";
            Problem::invalid_field(format!("parts[{at}].etag"), detail)
        })?;
        if etags.insert(number, etag.to_owned()).is_some() {
            let detail = format!("Part {number} is given twice.");
            return Err(Problem::invalid_field(format!("parts[{at}].partNumber"), detail));
        }
    }
    if etags.len() != usize::try_from(count).unwrap_or(usize::MAX) {
        let detail = format!("There are {} parts here; the file has {count}.", etags.len());
        return Err(Problem::invalid_field("parts", detail));
    }
    Ok(etags)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_part_is_given_once_in_any_order() {
        let part = |number: i64, etag: &str| json!({ "partNumber": number, "etag": etag });
        let fault = |parts: Value| {
            let problem =
                read_parts(json!({ "parts": parts }).to_string().as_bytes(), 2).unwrap_err();
            problem.field.unwrap()
        };
        let body = json!({ "parts": [part(2, "b"), part(1, "\"a\"")] }).to_string();
        let etags = read_parts(body.as_bytes(), 2).unwrap();
        assert_eq!(etags, [(1, "\"a\"".to_owned()), (2, "b".to_owned())].into());
        assert_eq!(fault(json!([part(1, "a")])), "parts");
        assert_eq!(fault(json!("a")), "parts");
        assert_eq!(fault(json!([part(1, "a"), part(1, "a")])), "parts[1].partNumber");
        assert_eq!(fault(json!([part(0, "a")])), "parts[0].partNumber");
        assert_eq!(fault(json!([part(1, ""), part(2, "b")])), "parts[0].etag");
        assert_eq!(fault(json!([7])), "parts[0].partNumber");
    }
}
