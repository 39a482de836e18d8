//! AWS Elemental: the live channel, harvest jobs and VOD assets, behind one address.

use std::io;
use std::sync::Arc;

use aws_config::SdkConfig;
use axum::Router;
use chrono::TimeDelta;

use crate::asset::{self, Assets, PackagingGroup};
use crate::clip::{self, HarvestJobs};
use crate::environment::ORIGIN_ENDPOINT;
use crate::live::{Channel, OriginEndpoint, Startover, ingest_router, media_live_router};
use crate::notifications::Bus;
use crate::origins::Origins;
use crate::stack::Options;
use crate::wire;

/// The channel's id in MediaLive.
const MEDIA_LIVE_CHANNEL: &str = "1000001";

/// The four services, with what an earlier process left.
#[derive(Clone, Debug)]
pub(crate) struct Elemental {
    pub(crate) endpoint: OriginEndpoint,
    channel: Arc<Channel>,
    jobs: Arc<HarvestJobs>,
    assets: Arc<Assets>,
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
        let assets = Assets::open(&vod, groups, host.to_owned(), s3, faults, Arc::clone(bus))?;
        Ok(Self { endpoint, channel, jobs, assets })
    }

    /// Every operation, the encoder's ingest and MediaPackage's own origins.
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .merge(clip::router(Arc::clone(&self.jobs)))
            .merge(asset::router(Arc::clone(&self.assets)))
            .merge(media_live_router(Arc::clone(&self.channel)))
            .merge(ingest_router(Arc::clone(&self.channel)))
            .merge(self.origins().origin_router())
            .fallback(wire::not_implemented)
            .method_not_allowed_fallback(wire::not_implemented)
    }

    pub(crate) fn origins(&self) -> Origins {
        Origins { endpoint: self.endpoint.clone(), assets: Arc::clone(&self.assets) }
    }

    /// Goes on where an earlier process was killed, and keeps the channel on air.
    pub(crate) async fn run(&self, ingest_url: &str) {
        self.jobs.resume();
        self.assets.resume();
        // A channel that was just made is idle, so this cannot be refused.
        let _ = self.channel.start();
        self.channel.run(ingest_url).await;
    }
}
