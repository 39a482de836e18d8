//! `GET /api/uploads/{competitionId}/{clipId}/parts`: presigns the requests that send the parts of a
//! large file, and names the parts that have arrived.

use std::time::Duration;

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Originals;
use crate::api::{Problem, ProblemKind, Reply, Request, Route};
use crate::clip::{Clip, ClipKey, Status, Upload, format_utc};
use crate::config::{ConfigError, Variables};
use crate::library::Library;

/// How long a presigned request is valid. If the credentials of the function expire sooner, the
/// request does, too. Clients can request new ones.
pub(super) const PRESIGN_LIFETIME: Duration = Duration::from_hours(1);

/// How a file is divided into parts. All parts but the last have the same size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartPlan {
    pub(super) part_size: u64,
    pub(super) count: u32,
    size: u64,
}

const MEBIBYTE: u64 = 1 << 20;
/// Smallest part, in bytes: small enough to send again over a slow connection.
const MIN_PART_SIZE: u64 = 16 * MEBIBYTE;
/// Most parts of a file, a limit of S3.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
const MAX_PARTS: u64 = 10_000;
/// Most parts in one reply. Their URLs take about 60 kB.
const BATCH: u32 = 100;

impl PartPlan {
    pub(super) fn for_size(size: u64) -> Self {
        let needed = size.div_ceil(MAX_PARTS).next_multiple_of(MEBIBYTE);
        let part_size = needed.max(MIN_PART_SIZE);
        let count = u32::try_from(size.div_ceil(part_size)).unwrap_or(u32::MAX);
        Self { part_size, count, size }
    }

    /// The size of a part in bytes. Parts are numbered from 1.
    pub(super) fn part_size(self, number: u32) -> u64 {
        let start = u64::from(number - 1) * self.part_size;
        self.part_size.min(self.size - start)
    }
}

/// The route of `list-upload-parts`.
#[derive(Clone, Debug)]
pub struct ListUploadParts {
    library: Library,
    originals: Originals,
}

impl Route for ListUploadParts {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            originals: Originals::from_variables(sdk, variables)?,
        })
    }

    async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        request.check_query_parameters(&["from"])?;
        let clip = find_upload(&self.library, request).await?;
        let upload = check_owner(&clip, request)?;
        let size = upload.size.filter(|_| upload.multipart.is_some());
        let size = size
            .filter(|_| clip.status == Status::Uploading)
            .ok_or_else(|| upload_closed(&clip))?;
        let last = PartPlan::for_size(size).count;
        let from = request.query_parameter("from").unwrap_or("1").parse::<u32>().ok();
        let from = from.filter(|from| (1..=last).contains(from)).ok_or_else(|| {
            let detail = format!("This must be the number of a part, from 1 to {last}.");
            Problem::invalid_field("from", detail)
        })?;
        let mut body = presign_parts(&self.originals, &clip, from, now).await?;
        self.add_etags(&clip, from, &mut body).await?;
        Ok(Reply::json(200, &body))
    }
}

impl ListUploadParts {
    /// Adds the ETags of the parts that S3 has received, so that a client can continue an upload.
    async fn add_etags(&self, clip: &Clip, from: u32, body: &mut Value) -> Result<(), Problem> {
        let Some((key, multipart)) =
            clip.upload().and_then(|upload| Some((&upload.key, upload.multipart.as_ref()?)))
        else {
            return Err(upload_closed(clip));
        };
        let etags = self.originals.find_parts(key, multipart, from, BATCH).await?;
        let etags = etags.ok_or_else(|| upload_closed(clip))?;
        for (number, part) in (from..).zip(body["parts"].as_array_mut().into_iter().flatten()) {
            if let Some(etag) = etags.get(&number) {
                part["etag"] = json!(etag);
            }
        }
        Ok(())
    }
}

/// Finds the uploaded clip that the path of a request names.
pub(super) async fn find_upload(library: &Library, request: &Request) -> Result<Clip, Problem> {
    let competition = request.path_parameter("competitionId")?;
    let not_found = || {
        let detail = "The competition has no such upload.";
        Problem::for_field(ProblemKind::NotFound, "clipId", detail)
    };
    let clip = request.path_parameter("clipId").map_err(|_| not_found())?;
    let found = library.find(&ClipKey { competition, clip }).await?;
    let is_upload = |clip: &Clip| clip.upload().is_some() && clip.status != Status::Deleting;
    found.filter(is_upload).ok_or_else(not_found)
}

/// Returns the upload, if the sender of the request has announced it.
pub(super) fn check_owner<'a>(clip: &'a Clip, request: &Request) -> Result<&'a Upload, Problem> {
    let upload = clip.upload().filter(|upload| upload.uploader.as_deref() == request.claim("sub"));
    upload.ok_or_else(|| {
        let detail = "Another operator announced this upload. Only that operator can complete it.";
        Problem::new(ProblemKind::Forbidden, detail)
    })
}

/// The problem of an upload that accepts no parts in its state.
pub(super) fn upload_closed(clip: &Clip) -> Problem {
    let detail = match (clip.status, clip.upload().and_then(|upload| upload.multipart.as_ref())) {
        (Status::Uploading, None) => "This upload is sent with one request and has no parts.",
        _ => "This upload accepts no more parts. Get the clip to see its status.",
    };
    Problem::new(ProblemKind::UploadClosed, detail)
}

/// Presigns the requests of the next parts, starting with part `from`.
pub(super) async fn presign_parts(
    originals: &Originals,
    clip: &Clip,
    from: u32,
    now: DateTime<Utc>,
) -> Result<Value, Problem> {
    let upload = clip.upload().ok_or_else(|| upload_closed(clip))?;
    let (Some(multipart), Some(size)) = (&upload.multipart, upload.size) else {
        return Err(upload_closed(clip));
    };
    let plan = PartPlan::for_size(size);
    let end = plan.count.min(from + BATCH - 1);
    let mut parts = Vec::new();
    for number in from..=end {
        let size = plan.part_size(number);
        let presigned =
            originals.presign_part(&upload.key, multipart, number, size, PRESIGN_LIFETIME).await?;
        parts.push(json!({
            "partNumber": number,
            "size": size,
            "method": presigned.method(),
            "url": presigned.uri(),
        }));
    }
    let path = format!("/api/uploads/{}/{}", clip.competition, clip.clip);
    let mut body = json!({
        "partSize": plan.part_size,
        "partCount": plan.count,
        "parts": parts,
        "complete": format!("{path}/complete"),
        "expiresAt": format_utc(now + PRESIGN_LIFETIME),
    });
    if end < plan.count {
        body["next"] = json!(format!("{path}/parts?from={}", end + 1));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upload::upload_request::MAX_FILE_SIZE;

    #[test]
    fn a_file_of_any_size_fits_into_the_parts_that_s3_accepts() {
        for size in [1, MIN_PART_SIZE, MIN_PART_SIZE + 1, 40_000_000_000, 160 << 30, MAX_FILE_SIZE]
        {
            let plan = PartPlan::for_size(size);
            assert!(u64::from(plan.count) <= MAX_PARTS, "{plan:?}");
            // S3 accepts parts of 5 MiB to 5 GiB.
            assert!((5 * MEBIBYTE..=5120 * MEBIBYTE).contains(&plan.part_size), "{plan:?}");
            let total: u64 = (1..=plan.count).map(|number| plan.part_size(number)).sum();
            assert_eq!(total, size, "{plan:?}");
            assert!((1..=plan.part_size).contains(&plan.part_size(plan.count)), "{plan:?}");
        }
        assert_eq!(PartPlan::for_size(100 * MEBIBYTE).count, 7);
    }
}
