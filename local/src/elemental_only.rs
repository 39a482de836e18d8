//! AWS Elemental alone. S3 and the event bus are those of another stack.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use matchcut::config::{Variables, timeouts};

use crate::account::REGION;
use crate::data_disk::DataDisk;
use crate::data_folder::{DataFolderError, DataFolderLock};
use crate::elemental::Elemental;
use crate::environment::elemental_endpoints;
use crate::eventbridge::{Bus, RemoteBus};
use crate::mediapackage::{Startover, manifest_path};
use crate::options::Options;
use crate::server::{Tasks, base_url, listen};
use crate::stack::{StackError, read_packaging_groups};

/// The running Elemental services.
#[derive(Debug)]
pub struct ElementalOnly {
    /// The URL of the live manifest at its origin.
    pub live: String,
    /// The environment variables by which an SDK finds the services.
    pub variables: Variables,
    startover: Arc<Startover>,
    tasks: Tasks,
    _lock: DataFolderLock,
}

impl ElementalOnly {
    /// Starts the services. All of them listen on the port of the options.
    pub async fn start(options: Options) -> Result<Self, StackError> {
        let groups = read_packaging_groups(&options).await?;
        let data = &options.data_dir;
        let lock = DataFolderLock::acquire(data)?;
        let listener = listen(options.port).await?;
        let origin = base_url(&listener)?;

        let sdk = load_sdk_config().await;
        let bus = Arc::new(Bus::new(&options.faults));
        bus.subscribe(Arc::new(RemoteBus::new(&sdk)));
        let host = origin.trim_start_matches("http://");
        let disk = Arc::new(DataDisk::new(data, options.min_free_megabytes));
        let elemental = Elemental::open(&options, groups, &sdk, &bus, &disk, host)
            .map_err(DataFolderError::at(data))?;

        let tasks = Tasks::default();
        tasks.serve(listener, elemental.router());
        let startover = Arc::clone(&elemental.endpoint.startover);
        let ingest_url = format!("{origin}/ingest");
        tasks.spawn(async move { elemental.run(&ingest_url).await });
        Ok(Self {
            live: format!("{origin}{}", manifest_path()),
            variables: elemental_endpoints(&origin).into_iter().collect(),
            startover,
            tasks,
            _lock: lock,
        })
    }

    /// Waits until the live stream has had at least `segments` segments.
    pub async fn on_air(&self, segments: u64) {
        self.startover.wait_for_segments(segments).await;
    }

    /// Stops everything. Requests in flight have 3 s to finish.
    pub async fn stop(self) {
        self.tasks.stop().await;
    }
}

/// The SDK as the environment of this process configures it.
async fn load_sdk_config() -> SdkConfig {
    let region = aws_config::meta::region::RegionProviderChain::default_provider()
        .or_else(Region::from_static(REGION));
    let loader = aws_config::defaults(BehaviorVersion::latest()).region(region);
    loader.timeout_config(timeouts()).load().await
}
