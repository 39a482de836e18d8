//! AWS Elemental: the live channel, harvest jobs, transcodes and VOD assets, at one address.

use std::io;
use std::sync::Arc;

use aws_config::SdkConfig;
use axum::Router;
use axum::middleware::from_fn_with_state;
use chrono::TimeDelta;

use crate::account::{MEDIA_LIVE_CHANNEL, ORIGIN_ENDPOINT};
use crate::aws_protocol::not_implemented;
use crate::call_faults::{self, CallFaults};
use crate::data_disk::DataDisk;
use crate::eventbridge::Bus;
use crate::limits::Limits;
use crate::mediaconvert::{self, Jobs};
use crate::medialive::{self, Channel};
use crate::mediapackage::{
    self, ChannelInput, HarvestJobs, ManifestLag, OriginEndpoint, Startover, Streams, input_router,
};
use crate::mediapackage_vod::{self, Assets, PackagingGroup};
use crate::options::Options;
use crate::origins::Origins;
use crate::rate::{self, Rate};

/// How many calls of CreateJob MediaConvert accepts a second after a burst: its quota in 2024.
/// <https://docs.aws.amazon.com/general/latest/gr/mediaconvert.html>
const CREATE_JOBS_PER_SECOND: f64 = 2.0;

/// The services, with the jobs and assets that an earlier process left.
#[derive(Clone, Debug)]
pub(crate) struct Elemental {
    pub(crate) endpoint: OriginEndpoint,
    channel: Arc<Channel>,
    input: Arc<ChannelInput>,
    harvest_jobs: Arc<HarvestJobs>,
    assets: Arc<Assets>,
    transcode_jobs: Arc<Jobs>,
    call_faults: Arc<CallFaults>,
    limits: Limits,
}

impl Elemental {
    /// Opens the services. `host` is the host and port of the address.
    pub(crate) fn open(
        options: &Options,
        groups: Vec<PackagingGroup>,
        sdk: &SdkConfig,
        bus: &Arc<Bus>,
        disk: &Arc<DataDisk>,
        host: &str,
    ) -> io::Result<Self> {
        let (data, faults) = (&options.data_dir, &options.faults);
        let window = TimeDelta::from_std(options.startover).unwrap_or(TimeDelta::MAX);
        let streams = Streams {
            frame_rate: options.frame_rate,
            ..Streams::new(options.ladder(), options.tracks.clone())
        };
        let startover = Arc::new(Startover::open(data.join("live/segments"), window, streams)?);
        let endpoint = OriginEndpoint {
            id: ORIGIN_ENDPOINT.to_owned(),
            startover: Arc::clone(&startover),
            cdn_identifier: options.cdn_identifier.clone(),
            lag: Arc::new(ManifestLag::new(faults)),
        };
        let input = Arc::new(ChannelInput::new(
            startover,
            data.join("live/incoming"),
            Arc::clone(disk),
            faults.stall_after(),
        ));
        let source = options.source.clone();
        let channel = Channel::open(
            &data.join("media-live"),
            MEDIA_LIVE_CHANNEL,
            source,
            Arc::clone(&input),
            options.channel_delay,
        )?;
        let s3 = aws_sdk_s3::Client::new(sdk);
        let harvest_jobs = HarvestJobs::open(
            &data.join("harvest-jobs"),
            endpoint.clone(),
            s3.clone(),
            faults,
            Arc::clone(bus),
        )?;
        let assets = Assets::open(
            &data.join("vod"),
            groups,
            options.assets_per_group,
            host.to_owned(),
            s3.clone(),
            faults,
            Arc::clone(bus),
        )?;
        let rate = Rate::new(CREATE_JOBS_PER_SECOND, options.create_job_burst.into());
        let transcode_jobs = Jobs::open(
            &data.join("media-convert"),
            s3,
            faults,
            rate,
            options.upload_limits.probe_bytes_per_second,
            Arc::clone(bus),
        )?;
        let call_faults = CallFaults::new(faults);
        let channel = Arc::new(channel);
        Ok(Self {
            endpoint,
            channel,
            input,
            harvest_jobs,
            assets,
            transcode_jobs,
            call_faults,
            limits: options.limits,
        })
    }

    /// Every operation, the channel's input and MediaPackage's own origins.
    pub(crate) fn router(&self) -> Router {
        let faulty = from_fn_with_state(Arc::clone(&self.call_faults), call_faults::answer);
        Router::new()
            .merge(self.limit(mediapackage::router(Arc::clone(&self.harvest_jobs))))
            .merge(self.limit(mediapackage_vod::router(Arc::clone(&self.assets))))
            .merge(mediaconvert::router(Arc::clone(&self.transcode_jobs)))
            .merge(medialive::router(Arc::clone(&self.channel)))
            .layer(faulty)
            .merge(input_router(Arc::clone(&self.input)))
            .merge(self.origins().router())
            .fallback(not_implemented)
            .method_not_allowed_fallback(not_implemented)
    }

    /// Limits the rate of one API of MediaPackage. Live channels and VOD have a limit each.
    /// <https://docs.aws.amazon.com/general/latest/gr/mediapackage.html>
    fn limit(&self, api: Router) -> Router {
        let Limits { media_package_rate, media_package_burst, .. } = self.limits;
        let rate = Rate::new(media_package_rate.into(), media_package_burst.into());
        api.layer(from_fn_with_state(Arc::new(rate), rate::answer))
    }

    pub(crate) fn origins(&self) -> Origins {
        Origins { endpoint: self.endpoint.clone(), assets: Arc::clone(&self.assets) }
    }

    /// Continues the jobs and ingests of an earlier process, and runs the channel until the process
    /// ends.
    pub(crate) async fn run(&self, ingest_url: &str) {
        self.harvest_jobs.resume();
        self.assets.resume();
        self.transcode_jobs.resume();
        self.channel.run(ingest_url).await;
    }
}
