//! `POST /api/uploads`: a row for a file that is to come, and where to send it.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::parts;
use super::{Originals, UploadRequest, object_key};
use crate::clip::{ClipId, ClipKey, Expiry};
use crate::config::{ConfigError, Variables};
use crate::http::{self, Problem, ProblemKind, Reply, Request, utc};
use crate::library::{Advanced, Clip, Library, Repeatable, Source, Status, Trigger, Upload};
use crate::live::Channels;
use crate::repetition;
use crate::viewer::ClipView;

/// The largest file that is sent by one request; a larger one is sent in parts.
const LARGEST_SINGLE_PUT: u64 = 64 << 20;

/// How long a presigned URL is good for. A function's own credentials may end it sooner; parts
/// can be presigned again.
pub(super) const URL_LIFETIME: Duration = Duration::from_hours(1);

/// After this the row of a file that never came is removed: a day for what may be 40 GB over a
/// slow line.
const PARTS_LIFETIME: TimeDelta = TimeDelta::hours(24);
/// Longer than the URL: a request that was begun in time may end after it.
const SINGLE_PUT_LIFETIME: TimeDelta = TimeDelta::hours(2);

/// Everything `create-upload` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct CreateUpload {
    library: Library,
    originals: Originals,
    channels: Channels,
    expiry: Expiry,
    view: ClipView,
}

impl CreateUpload {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            originals: Originals::from_variables(sdk, variables)?,
            channels: variables.parsed("CHANNELS")?,
            expiry: variables.optional("CLIP_EXPIRY_DAYS")?.unwrap_or_default(),
            view: ClipView::from_variables(variables)?,
        })
    }

    /// Opens the connections that the first request will need.
    pub async fn warm_up(&self) {
        tokio::join!(self.library.warm_up(), self.originals.warm_up());
    }

    pub async fn handle(&self, event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
        let request = Request::from(event);
        let reply = self.answer(&request, Utc::now()).await;
        http::respond(&request, reply)
    }

    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let asked = UploadRequest::read(&request.body()?)?;
        let uploader = request.claim("sub").map(str::to_owned);
        let repeatable = request.repeatable()?;
        let clip = match repetition::of(&self.library, repeatable.as_ref(), now).await? {
            Some(clip) => clip,
            None => self.record(&asked, uploader, repeatable.as_ref(), now).await?,
        };
        let mut shown = self.view.of(&clip);
        if clip.status == Status::Uploading {
            shown["upload"] = self.plan(&clip, &asked, now).await?;
        }
        let path = format!("/api/competitions/{}/clips/{}", clip.competition, clip.clip);
        Ok(Reply::json(201, shown).located(&path))
    }

    /// Where to send the file.
    async fn plan(
        &self,
        clip: &Clip,
        asked: &UploadRequest,
        now: DateTime<Utc>,
    ) -> Result<Value, Problem> {
        let Some(upload) = clip.upload() else { return Err(parts::closed(clip)) };
        if asked.size <= LARGEST_SINGLE_PUT {
            // A file that came later than its row is kept would be nobody's.
            let left = upload.awaited_until.map_or(TimeDelta::zero(), |until| until - now);
            let lifetime = left.to_std().unwrap_or_default().min(URL_LIFETIME);
            if lifetime < Duration::from_secs(1) {
                let detail = "The time to send this file is over; announce it once more.";
                return Err(Problem::new(ProblemKind::UploadClosed, detail));
            }
            return self.single_put(upload, asked, lifetime, now).await;
        }
        if upload.multipart.is_some() {
            return parts::batch(&self.originals, clip, 1, now).await;
        }
        let multipart = self.begin_parts(&upload.key, &asked.content_type).await?;
        let trigger = Trigger::MultipartStarted { multipart };
        let advanced = self.library.advance(&clip.current(), &trigger, now).await;
        match advanced.map_err(|cause| Problem::unavailable(&cause))? {
            Advanced::To(clip) | Advanced::Unchanged(clip) => {
                parts::batch(&self.originals, &clip, 1, now).await
            }
            Advanced::Unknown => Err(parts::closed(clip)),
        }
    }

    /// S3's id of the multipart upload; that of one that was begun before, if its answer got lost
    /// or the request that began it died.
    async fn begin_parts(&self, key: &str, content_type: &str) -> Result<String, Problem> {
        let mut failure = None;
        for _ in 0..2 {
            let begun = self.originals.begun_parts(key).await;
            let begun = begun.map_err(|cause| Problem::unavailable(&cause))?;
            if let Some(first) = begun.into_iter().min() {
                return Ok(first);
            }
            match self.originals.begin_parts(key, content_type).await {
                Ok(multipart) => return Ok(multipart),
                Err(cause) => failure = Some(cause),
            }
        }
        Err(Problem::unavailable(&failure.expect("both rounds have failed")))
    }

    async fn record(
        &self,
        asked: &UploadRequest,
        uploader: Option<String>,
        repeatable: Option<&Repeatable>,
        now: DateTime<Utc>,
    ) -> Result<Clip, Problem> {
        asked.about.check(now)?;
        let competition = asked.competition.clone();
        let competition =
            competition.unwrap_or_else(|| self.channels.default_channel().competition.clone());
        let at = asked.at.unwrap_or(now);
        let in_parts = LARGEST_SINGLE_PUT < asked.size;
        let lifetime = if in_parts { PARTS_LIFETIME } else { SINGLE_PUT_LIFETIME };
        let new = || {
            let key = ClipKey { competition: competition.clone(), clip: ClipId::random_at(at) };
            let source = Source::Upload(Upload {
                key: object_key::announced(&key, &asked.filename),
                filename: asked.filename.clone(),
                at,
                size: Some(asked.size),
                uploader: uploader.clone(),
                multipart: None,
                awaited_until: Some(now + lifetime),
                job: None,
                progress: None,
                thumbnails: 0,
            });
            let mut clip = Clip::new(key, Status::Uploading, source, &asked.about, now);
            clip.expire_by_default(self.expiry.of(&competition, now));
            clip
        };
        let clip = repetition::record(&self.library, repeatable, now, new).await?;
        let key = clip.key();
        tracing::info!(clip.id = %key, "clip {key}: {} bytes are to be uploaded", asked.size);
        Ok(clip)
    }

    async fn single_put(
        &self,
        upload: &Upload,
        asked: &UploadRequest,
        lifetime: Duration,
        now: DateTime<Utc>,
    ) -> Result<Value, Problem> {
        let presigned = self
            .originals
            .presign_put(&upload.key, asked.size, &asked.content_type, lifetime)
            .await
            .map_err(|cause| Problem::unavailable(&cause))?;
        // Browsers and curl send Content-Length and Host themselves, and let no one else.
        let headers: Map<String, Value> = presigned
            .headers()
            .filter(|(name, _)| !matches!(*name, "content-length" | "host"))
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        Ok(json!({
            "method": presigned.method(),
            "url": presigned.uri(),
            "headers": headers,
            "expiresAt": utc(now + lifetime),
        }))
    }
}
