//! `POST /api/uploads`: a row for a file that is to come, and where to send it.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::parts;
use super::{Originals, UploadRequest, object_key};
use crate::clip::{ClipId, ClipKey};
use crate::config::{ConfigError, Variables};
use crate::http::{self, Problem, Reply, Request, utc};
use crate::library::{Advanced, Clip, Library, Source, Status, Trigger, Upload};
use crate::live::Channels;
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
    view: ClipView,
}

impl CreateUpload {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            originals: Originals::from_variables(sdk, variables)?,
            channels: variables.parsed("CHANNELS")?,
            view: ClipView::from_variables(variables)?,
        })
    }

    /// Opens the connections that the first request will need.
    pub async fn warm_up(&self) {
        tokio::join!(self.library.warm_up(), self.originals.warm_up());
    }

    pub async fn handle(&self, event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
        let request = Request::from(event);
        let uploader = request.claim("sub").map(str::to_owned);
        let reply = match request.body().and_then(|body| UploadRequest::read(&body)) {
            Ok(asked) => self.create(asked, uploader, Utc::now()).await,
            Err(problem) => Err(problem),
        };
        http::respond(&request, reply)
    }

    async fn create(
        &self,
        asked: UploadRequest,
        uploader: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<Reply, Problem> {
        let clip = self.record(&asked, uploader, now).await?;
        let key = clip.key();
        let upload = clip.upload().expect("it was made as one");
        tracing::info!(clip.id = %key, "clip {key}: {} bytes are to be uploaded", asked.size);

        let plan = if asked.size <= LARGEST_SINGLE_PUT {
            self.single_put(upload, &asked, now).await?
        } else {
            let begun = self.originals.begin_parts(&upload.key, &asked.content_type).await;
            let multipart = begun.map_err(|cause| Problem::unavailable(&cause))?;
            let trigger = Trigger::MultipartStarted { multipart };
            let advanced = self.library.advance(&key, &trigger, now).await;
            match advanced.map_err(|cause| Problem::unavailable(&cause))? {
                Advanced::To(clip) | Advanced::Unchanged(clip) => {
                    parts::batch(&self.originals, &clip, 1, now).await?
                }
                Advanced::Unknown => return Err(parts::closed(&clip)),
            }
        };
        let mut shown = self.view.of(&clip);
        shown["upload"] = plan;
        let path = format!("/api/competitions/{}/clips/{}", clip.competition, clip.clip);
        Ok(Reply::json(201, shown).located(&path))
    }

    async fn record(
        &self,
        asked: &UploadRequest,
        uploader: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<Clip, Problem> {
        let competition = asked.competition.clone();
        let competition =
            competition.unwrap_or_else(|| self.channels.default_channel().competition.clone());
        let at = asked.at.unwrap_or(now);
        let in_parts = LARGEST_SINGLE_PUT < asked.size;
        let lifetime = if in_parts { PARTS_LIFETIME } else { SINGLE_PUT_LIFETIME };
        loop {
            let key = ClipKey { competition: competition.clone(), clip: ClipId::random_at(at) };
            let source = Source::Upload(Upload {
                key: object_key::announced(&key, &asked.filename),
                filename: asked.filename.clone(),
                at,
                size: Some(asked.size),
                uploader: uploader.clone(),
                multipart: None,
                expires_at: Some(now + lifetime),
                job: None,
                progress: None,
                thumbnails: 0,
            });
            let clip = Clip::new(key, Status::Uploading, source, &asked.about, now);
            let created = self.library.create(&clip).await;
            if created.map_err(|cause| Problem::unavailable(&cause))? {
                return Ok(clip);
            }
        }
    }

    async fn single_put(
        &self,
        upload: &Upload,
        asked: &UploadRequest,
        now: DateTime<Utc>,
    ) -> Result<Value, Problem> {
        let presigned = self
            .originals
            .presign_put(&upload.key, asked.size, &asked.content_type, URL_LIFETIME)
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
            "expiresAt": utc(now + URL_LIFETIME),
        }))
    }
}
