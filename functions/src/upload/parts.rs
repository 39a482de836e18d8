//! `GET /api/uploads/{competitionId}/{clipId}/parts`: where to send the parts of a large file.

use aws_config::SdkConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Originals;
use super::create::URL_LIFETIME;
use crate::clip::ClipKey;
use crate::config::{ConfigError, Variables};
use crate::http::{self, Problem, ProblemKind, Reply, Request, utc};
use crate::library::{Clip, Library, Status, Upload};

/// How a file is divided; all parts but the last have the same size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartPlan {
    pub(super) part_size: u64,
    pub(super) count: u32,
    size: u64,
}

const MEBIBYTE: u64 = 1 << 20;
/// Small enough to send again over a bad line.
const SMALLEST_PART: u64 = 16 * MEBIBYTE;
/// S3's own limit.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
const MOST_PARTS: u64 = 10_000;
/// Parts whose URLs one reply gives: about 60 kB of it.
const BATCH: u32 = 100;

impl PartPlan {
    pub(super) fn of(size: u64) -> Self {
        let needed = size.div_ceil(MOST_PARTS).next_multiple_of(MEBIBYTE);
        let part_size = needed.max(SMALLEST_PART);
        let count = u32::try_from(size.div_ceil(part_size)).unwrap_or(u32::MAX);
        Self { part_size, count, size }
    }

    /// The bytes of a part, numbered from 1.
    pub(super) fn size_of(self, number: u32) -> u64 {
        let begin = u64::from(number - 1) * self.part_size;
        self.part_size.min(self.size - begin)
    }
}

/// Everything `list-upload-parts` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct ListUploadParts {
    library: Library,
    originals: Originals,
}

impl ListUploadParts {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            originals: Originals::from_variables(sdk, variables)?,
        })
    }

    /// Opens the connection that the first request will need.
    pub async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    pub async fn handle(&self, event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
        let request = Request::from(event);
        let reply = self.list(&request, Utc::now()).await;
        http::respond(&request, reply)
    }

    async fn list(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        if let Some(unknown) = request.query_names().find(|name| *name != "from") {
            let detail = "There is no such parameter; this takes from.";
            return Err(Problem::invalid_field(unknown, detail));
        }
        let clip = find(&self.library, request).await?;
        let upload = owned(&clip, request)?;
        let size = upload.size.filter(|_| upload.multipart.is_some());
        let size =
            size.filter(|_| clip.status == Status::Uploading).ok_or_else(|| closed(&clip))?;
        let last = PartPlan::of(size).count;
        let from = request.query("from").unwrap_or("1").parse::<u32>().ok();
        let from = from.filter(|from| (1..=last).contains(from)).ok_or_else(|| {
            let detail = format!("This has to be the number of a part, from 1 to {last}.");
            Problem::invalid_field("from", detail)
        })?;
        Ok(Reply::json(200, batch(&self.originals, &clip, from, now).await?))
    }
}

/// The upload that a request's path names.
pub(super) async fn find(library: &Library, request: &Request) -> Result<Clip, Problem> {
    let competition = request.path("competitionId")?;
    let missing = || {
        let detail = "The competition has no such upload.";
        Problem::of_field(ProblemKind::NotFound, "clipId", detail)
    };
    let clip = request.path("clipId").map_err(|_| missing())?;
    let found = library.find(&ClipKey { competition, clip }).await;
    let found = found.map_err(|cause| Problem::unavailable(&cause))?;
    let is_there = |clip: &Clip| clip.upload().is_some() && clip.status != Status::Deleting;
    found.filter(is_there).ok_or_else(missing)
}

/// The upload, for the one who announced it.
pub(super) fn owned<'a>(clip: &'a Clip, request: &Request) -> Result<&'a Upload, Problem> {
    let upload = clip.upload().filter(|upload| upload.uploader.as_deref() == request.claim("sub"));
    upload.ok_or_else(|| {
        let detail = "Another operator announced this upload; only they can complete it.";
        Problem::new(ProblemKind::Forbidden, detail)
    })
}

pub(super) fn closed(clip: &Clip) -> Problem {
    let detail = match (clip.status, clip.upload().and_then(|upload| upload.multipart.as_ref())) {
        (Status::Uploading, None) => "This upload is sent by one request and has no parts.",
        _ => "This upload takes no more parts; show the clip to see what became of it.",
    };
    Problem::new(ProblemKind::UploadClosed, detail)
}

/// Presigned requests for the next parts from one on, and where to go from there.
pub(super) async fn batch(
    originals: &Originals,
    clip: &Clip,
    from: u32,
    now: DateTime<Utc>,
) -> Result<Value, Problem> {
    let upload = clip.upload().ok_or_else(|| closed(clip))?;
    let (Some(multipart), Some(size)) = (&upload.multipart, upload.size) else {
        return Err(closed(clip));
    };
    let plan = PartPlan::of(size);
    let end = plan.count.min(from + BATCH - 1);
    let mut parts = Vec::new();
    for number in from..=end {
        let size = plan.size_of(number);
        let presigned =
            originals.presign_part(&upload.key, multipart, number, size, URL_LIFETIME).await;
        let presigned = presigned.map_err(|cause| Problem::unavailable(&cause))?;
        parts.push(json!({
            "partNumber": number,
            "size": size,
            "method": presigned.method(),
            "url": presigned.uri(),
        }));
    }
    let path = format!("/api/uploads/{}/{}", clip.competition, clip.clip);
    let mut shown = json!({
        "partSize": plan.part_size,
        "partCount": plan.count,
        "parts": parts,
        "complete": format!("{path}/complete"),
        "expiresAt": utc(now + URL_LIFETIME),
    });
    if end < plan.count {
        shown["next"] = json!(format!("{path}/parts?from={}", end + 1));
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upload::request::LARGEST_FILE;

    #[test]
    fn any_size_fits_into_the_parts_that_s3_takes() {
        for size in [1, SMALLEST_PART, SMALLEST_PART + 1, 40_000_000_000, 160 << 30, LARGEST_FILE] {
            let plan = PartPlan::of(size);
            assert!(u64::from(plan.count) <= MOST_PARTS, "{plan:?}");
            // S3 takes parts of 5 MiB to 5 GiB.
            assert!((5 * MEBIBYTE..=5120 * MEBIBYTE).contains(&plan.part_size), "{plan:?}");
            let total: u64 = (1..=plan.count).map(|number| plan.size_of(number)).sum();
            assert_eq!(total, size, "{plan:?}");
            assert!((1..=plan.part_size).contains(&plan.size_of(plan.count)), "{plan:?}");
        }
        assert_eq!(PartPlan::of(100 * MEBIBYTE).count, 7);
    }
}
