//! AWS Elemental: the live channel, harvest jobs, transcodes and VOD assets, behind one address.

use std::io;
use std::sync::Arc;

use aws_config::SdkConfig;
use axum::Router;
use axum::middleware::from_fn_with_state;
use chrono::TimeDelta;

use crate::asset::{self, Assets, PackagingGroup};
use crate::call_faults::{self, CallFaults};
use crate::clip::{self, HarvestJobs};
use crate::environment::ORIGIN_ENDPOINT;
use crate::live::{Channel, OriginEndpoint, Startover, ingest_router, media_live_router};
use crate::notifications::Bus;
use crate::origins::Origins;
use crate::stack::Options;
use crate::upload::{self, Rate};
use crate::wire;

/// How often CreateJob may be called after a burst, as quotas had it in 2024.
/// <https://docs.aws.amazon.com/general/latest/gr/mediaconvert.html>
const CREATE_JOBS_PER_SECOND: f64 = 2.0;

/// The channel's id in MediaLive.
const MEDIA_LIVE_CHANNEL: &str = "1000001";

/// The services, with what an earlier process left.
#[derive(Clone, Debug)]
pub(crate) struct Elemental {
    pub(crate) endpoint: OriginEndpoint,
    channel: Arc<Channel>,
    jobs: Arc<HarvestJobs>,
    assets: Arc<Assets>,
    transcodes: Arc<upload::Jobs>,
    s3: aws_sdk_s3::Client,
    call_faults: Arc<CallFaults>,
}

impl Elemental {
    /// Opens them; `host` is where their own URLs lead to.
    pub(crate) fn open(
        options: &Options,
        groups: Vec<PackagingGroup>,
        sdk: &SdkConfig,
        bus: &Arc<Bus>,
        host: &str,
    ) -> io::Result<Self> {
        let (data, faults) = (&options.data_dir, &options.faults);
        let window = TimeDelta::from_std(options.startover).unwrap_or(TimeDelta::MAX);
        let startover = Arc::new(Startover::open(data.join("live/segments"), window)?);
        let endpoint = OriginEndpoint {
            id: ORIGIN_ENDPOINT.to_owned(),
            startover: Arc::clone(&startover),
            cdn_identifier: options.cdn_identifier.clone(),
        };
        let incoming = data.join("live/incoming");
        let source = options.source.clone();
        let channel = Arc::new(Channel::new(MEDIA_LIVE_CHANNEL, source, startover, incoming));
        let s3 = aws_sdk_s3::Client::new(sdk);
        let jobs = HarvestJobs::open(
            &data.join("harvest-jobs"),
            endpoint.clone(),
            s3.clone(),
            faults,
            Arc::clone(bus),
        )?;
        let vod = data.join("vod");
        let assets = Assets::open(
            &vod,
            groups,
            options.assets_per_group,
            host.to_owned(),
            s3.clone(),
            faults,
            Arc::clone(bus),
        )?;
        let rate = Rate::new(CREATE_JOBS_PER_SECOND, options.create_job_burst.into());
        let media_convert = data.join("media-convert");
        let transcodes =
            upload::Jobs::open(&media_convert, s3.clone(), faults, rate, Arc::clone(bus))?;
        let call_faults = CallFaults::new(faults);
        Ok(Self { endpoint, channel, jobs, assets, transcodes, s3, call_faults })
    }

    /// Every operation, the encoder's ingest and MediaPackage's own origins.
    pub(crate) fn router(&self) -> Router {
        let faulty = from_fn_with_state(Arc::clone(&self.call_faults), call_faults::answer);
        Router::new()
            .merge(clip::router(Arc::clone(&self.jobs)))
            .merge(asset::router(Arc::clone(&self.assets)))
            .merge(upload::router(Arc::clone(&self.transcodes)))
            .layer(faulty)
            .merge(media_live_router(Arc::clone(&self.channel)))
            .merge(ingest_router(Arc::clone(&self.channel)))
            .merge(self.origins().origin_router())
            .fallback(wire::not_implemented)
            .method_not_allowed_fallback(wire::not_implemented)
    }

    pub(crate) fn origins(&self) -> Origins {
        let (endpoint, assets) = (self.endpoint.clone(), Arc::clone(&self.assets));
        Origins { endpoint, assets, s3: self.s3.clone() }
    }

    /// Goes on where an earlier process was killed, and keeps the channel on air.
    pub(crate) async fn run(&self, ingest_url: &str) {
        self.jobs.resume();
        self.assets.resume();
        self.transcodes.resume();
        // A channel that was just made is idle, so this cannot be refused.
        let _ = self.channel.start();
        self.channel.run(ingest_url).await;
    }
}
