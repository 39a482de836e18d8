//! `POST /api/uploads`: creates the clip of a file, and presigns the requests that send the file.

use std::time::Duration;

use aws_config::SdkConfig;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::parts::{PRESIGN_LIFETIME, presign_parts, upload_closed};
use super::upload_request::MAX_BODY_SIZE;
use super::{Originals, UploadRequest, object_key};
use crate::api::{
    ClipView, Problem, ProblemKind, Reply, Request, Route, create_clip_once, find_created_clip,
};
use crate::clip::{
    Clip, ClipId, ClipKey, ExpirySettings, Source, Status, Trigger, Upload, format_utc,
};
use crate::config::{ConfigError, Variables};
use crate::library::{Advanced, IdempotentRequest, Library};
use crate::live::Channels;

/// Largest file that is sent with one request, in bytes. A larger one is sent in parts.
const MAX_SINGLE_PUT_SIZE: u64 = 64 << 20;

/// How long the row of a file in parts is kept without the file. A day: 40 GB over a slow line.
const PARTS_LIFETIME: TimeDelta = TimeDelta::hours(24);
/// How long the row of a file in one request is kept without the file. Longer than the URL is
/// valid, because a request that starts in time may end later.
const SINGLE_PUT_LIFETIME: TimeDelta = TimeDelta::hours(2);

/// The route of `create-upload`.
#[derive(Clone, Debug)]
pub struct CreateUpload {
    library: Library,
    originals: Originals,
    channels: Channels,
    expiry: ExpirySettings,
    view: ClipView,
}

impl Route for CreateUpload {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            originals: Originals::from_variables(sdk, variables)?,
            channels: variables.parsed("CHANNELS")?,
            expiry: variables.optional("CLIP_EXPIRY_DAYS")?.unwrap_or_default(),
            view: ClipView::from_variables(variables)?,
        })
    }

    async fn warm_up(&self) {
        tokio::join!(self.library.warm_up(), self.originals.warm_up());
    }

    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let upload_request = UploadRequest::parse(&request.body_up_to(MAX_BODY_SIZE)?)?;
        let idempotent = request.idempotent_request()?;
        let clip = match find_created_clip(&self.library, idempotent.as_ref(), now).await? {
            Some(clip) => clip,
            None => self.create(&upload_request, request, idempotent.as_ref(), now).await?,
        };
        let mut body = self.view.to_operator_json(&clip, None);
        if clip.status == Status::Uploading {
            // They are there before the file, because the reply has the URL of the file.
            self.originals.write_captions(&clip.key(), &upload_request.captions).await?;
            body["upload"] = self.presign(&clip, &upload_request, now).await?;
        }
        let path = format!("/api/competitions/{}/clips/{}", clip.competition, clip.clip);
        Ok(Reply::json(201, &body).with_location(&path))
    }
}

impl CreateUpload {
    /// Presigns the requests that send the file.
    async fn presign(
        &self,
        clip: &Clip,
        upload_request: &UploadRequest,
        now: DateTime<Utc>,
    ) -> Result<Value, Problem> {
        let Some(upload) = clip.upload() else { return Err(upload_closed(clip)) };
        if upload_request.size <= MAX_SINGLE_PUT_SIZE {
            // The URL must not outlive the row: a file that arrives without a row has no title.
            let left = upload.awaited_until.map_or(TimeDelta::zero(), |until| until - now);
            let lifetime = left.to_std().unwrap_or_default().min(PRESIGN_LIFETIME);
            if lifetime < Duration::from_secs(1) {
                let detail = "The time to send this file is over. Create a new upload.";
                return Err(Problem::new(ProblemKind::UploadClosed, detail));
            }
            return self.presign_single_put(upload, upload_request, lifetime, now).await;
        }
        if upload.multipart.is_some() {
            return presign_parts(&self.originals, clip, 1, now).await;
        }
        let multipart = self.start_parts(&upload.key, &upload_request.content_type).await?;
        let trigger = Trigger::MultipartStarted { multipart };
        match self.library.advance(&clip.current_attempt(), &trigger, now).await? {
            Advanced::Changed(clip) | Advanced::Unchanged(clip) => {
                presign_parts(&self.originals, &clip, 1, now).await
            }
            Advanced::NotFound => Err(upload_closed(clip)),
        }
    }

    /// Starts the multipart upload of a file, and returns its id.
    ///
    /// If an earlier call has started one and its response was lost, returns the id of that one.
    async fn start_parts(&self, key: &str, content_type: &str) -> Result<String, Problem> {
        let mut failure = None;
        for _ in 0..2 {
            let started = self.originals.find_multipart_uploads(key).await?;
            if let Some(first) = started.into_iter().min() {
                return Ok(first);
            }
            match self.originals.start_multipart_upload(key, content_type).await {
                Ok(multipart) => return Ok(multipart),
                Err(cause) => failure = Some(cause),
            }
        }
        Err(failure.expect("both tries have failed").into())
    }

    async fn create(
        &self,
        upload_request: &UploadRequest,
        request: &Request,
        idempotent: Option<&IdempotentRequest>,
        now: DateTime<Utc>,
    ) -> Result<Clip, Problem> {
        upload_request.description.check_expiry(now)?;
        let competition = upload_request.competition.clone();
        let competition =
            competition.unwrap_or_else(|| self.channels.default_channel().competition.clone());
        let at = upload_request.at.unwrap_or(now);
        let in_parts = upload_request.size > MAX_SINGLE_PUT_SIZE;
        let lifetime = if in_parts { PARTS_LIFETIME } else { SINGLE_PUT_LIFETIME };
        let new_clip = |now| {
            let key = ClipKey { competition: competition.clone(), clip: ClipId::for_time(at) };
            let source = Source::Upload(Upload {
                key: object_key::format_announced(&key, &upload_request.filename),
                filename: upload_request.filename.clone(),
                at,
                size: Some(upload_request.size),
                uploader: request.claim("sub").map(str::to_owned),
                multipart: None,
                joining_since: None,
                awaited_until: Some(now + lifetime),
                job: None,
                progress: None,
                thumbnails: 0,
                captions: upload_request.captions.iter().map(|it| it.captions.clone()).collect(),
                default_sound: upload_request.default_sound.clone(),
            });
            let mut clip =
                Clip::new(key, Status::Uploading, source, &upload_request.description, now);
            clip.created_by = request.operator();
            clip.set_default_expiry(self.expiry.expires_at(&competition, now));
            clip
        };
        let clip = create_clip_once(&self.library, idempotent, now, new_clip).await?;
        let key = clip.key();
        tracing::info!(clip.id = %key, "clip {key}: waits for a file of {} bytes", upload_request.size);
        Ok(clip)
    }

    async fn presign_single_put(
        &self,
        upload: &Upload,
        upload_request: &UploadRequest,
        lifetime: Duration,
        now: DateTime<Utc>,
    ) -> Result<Value, Problem> {
        let presigned = self
            .originals
            .presign_put(&upload.key, upload_request.size, &upload_request.content_type, lifetime)
            .await?;
        // Browsers and curl set Content-Length and Host themselves, and do not allow others to.
        let headers: Map<String, Value> = presigned
            .headers()
            .filter(|(name, _)| !matches!(*name, "content-length" | "host"))
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        Ok(json!({
            "method": presigned.method(),
            "url": presigned.uri(),
            "headers": headers,
            "expiresAt": format_utc(now + lifetime),
        }))
    }
}
