//! AWS Elemental alone, beside an AWS that somebody else runs: its S3, its event bus.

use std::fs::File;
use std::pin::Pin;
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use matchcut::config::{Variables, timeouts};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::asset::PackagingGroup;
use crate::elemental::Elemental;
use crate::environment::elemental_endpoints;
use crate::ffmpeg;
use crate::live::{Startover, manifest_path};
use crate::notifications::{Bus, REGION, Subscriber};
use crate::stack::{Options, StackError, finish, listen, lock, serve_until, until, url};

/// The Elemental services, running.
#[derive(Debug)]
pub struct Beside {
    /// The live manifest at its origin.
    pub live: String,
    /// Where an SDK finds the services.
    pub variables: Variables,
    startover: Arc<Startover>,
    stop: CancellationToken,
    tasks: TaskTracker,
    // Held for as long as the services use the folder.
    _lock: File,
}

impl Beside {
    /// Starts them; everything of theirs is at one address, on the port of the options.
    pub async fn start(options: Options) -> Result<Self, StackError> {
        ffmpeg::require().await?;
        let groups = PackagingGroup::read_all(&options.packaging_groups)?;
        let data = &options.data_dir;
        let lock = lock(data)?;
        let listener = listen(options.port).await?;
        let origin = url(&listener)?;

        let sdk = sdk_of_process().await;
        let bus = Arc::new(Bus::new(&options.faults));
        bus.subscribe(Arc::new(EventBridge(aws_sdk_eventbridge::Client::new(&sdk))));
        let host = origin.trim_start_matches("http://");
        let elemental = Elemental::open(&options, groups, &sdk, &bus, host)
            .map_err(|source| StackError::DataDir { path: data.clone(), source })?;

        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(serve_until(stop.clone(), listener, elemental.router()));
        let startover = Arc::clone(&elemental.endpoint.startover);
        let ingest_url = format!("{origin}/ingest");
        tasks.spawn(until(stop.clone(), async move { elemental.run(&ingest_url).await }));
        Ok(Self {
            live: format!("{origin}{}", manifest_path()),
            variables: elemental_endpoints(&origin).into_iter().collect(),
            startover,
            stop,
            tasks,
            _lock: lock,
        })
    }

    /// Waits until the stream has reached a length.
    pub async fn on_air(&self, segments: u64) {
        self.startover.reach(segments).await;
    }

    /// Stops everything, in an order that lets requests under way finish.
    pub async fn stop(self) {
        finish(&self.stop, &self.tasks).await;
    }
}

/// The SDK as the environment of this process configures it.
async fn sdk_of_process() -> SdkConfig {
    let region = aws_config::meta::region::RegionProviderChain::default_provider()
        .or_else(Region::from_static(REGION));
    let loader = aws_config::defaults(BehaviorVersion::latest()).region(region);
    loader.timeout_config(timeouts()).load().await
}

/// Somebody else's event bus.
///
/// PutEvents is not for sources that begin with `aws.`, so `aws.mediapackage` is told as
/// `standin.mediapackage`.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html>
#[derive(Debug)]
struct EventBridge(aws_sdk_eventbridge::Client);

impl EventBridge {
    async fn put(&self, event: &Value) -> Result<(), String> {
        let text = |name: &str| event[name].as_str().unwrap_or_default();
        let resources = event["resources"].as_array().into_iter().flatten();
        let entry = PutEventsRequestEntry::builder()
            .source(text("source").replacen("aws.", "standin.", 1))
            .detail_type(text("detail-type"))
            .set_resources(Some(resources.filter_map(Value::as_str).map(str::to_owned).collect()))
            .detail(event["detail"].to_string());
        let put = self.0.put_events().entries(entry.build()).send().await;
        let put =
            put.map_err(|error| matchcut::error::chain(&aws_sdk_eventbridge::Error::from(error)))?;
        match put.entries().iter().find_map(|entry| entry.error_code()) {
            Some(code) => Err(format!("the bus refused the event: {code}")),
            None => Ok(()),
        }
    }
}

impl Subscriber for EventBridge {
    fn receive<'a>(
        &'a self,
        event: &'a Value,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>> {
        Box::pin(self.put(event))
    }
}
