//! The whole service on one machine: AWS's part, the functions, and what connects them.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use axum::Router;
use chrono::TimeDelta;
use matchcut::config::{ConfigError, Variables};
use rustix::fs::{FlockOperation, flock};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::asset::{GroupError, PackagingGroup};
use crate::elemental::Elemental;
use crate::environment::{Urls, environment, sdk};
use crate::faults::Faults;
use crate::ffmpeg::{self, FfmpegError};
use crate::functions::Functions;
use crate::gateway::{self, Contract, ContractError, Gateway, TokenError, Tokens};
use crate::interrupt::interruptible;
use crate::json_services;
use crate::library;
use crate::live::{Source, Startover, manifest_path};
use crate::messages::Messages;
use crate::notifications::Bus;
use crate::private::Private;
use crate::stream::Stream;
use crate::webhooks::Webhook;

/// The scope an operator's token has.
pub const OPERATOR_SCOPE: &str = "matchcut/clips.write";
/// The scope a viewer's token has.
pub const VIEWER_SCOPE: &str = "matchcut/clips.read";

/// How a stack is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// The public port; 0 has the system choose.
    pub port: u16,
    pub data_dir: PathBuf,
    pub packaging_groups: PathBuf,
    pub source: Source,
    /// How much of the stream is kept.
    pub startover: Duration,
    /// How often the sweep runs.
    pub sweep: Duration,
    /// Whether the queues and the table's stream start functions, as Lambda's pollers have them do;
    /// else they only keep what they have.
    pub pollers: bool,
    pub faults: Faults,
    /// How many calls of CreateJob MediaConvert takes at once, before it takes two a second.
    pub create_job_burst: u16,
    /// What the origin demands of the CDN, if anything.
    pub cdn_identifier: Option<String>,
    /// Whether clips only play with signed cookies.
    pub private: bool,
    /// Where each change of a clip's state is posted.
    pub webhooks: Vec<Url>,
    /// How many assets a packaging group holds.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/limits-vod.html>
    pub assets_per_group: usize,
}

/// A running stack.
#[derive(Debug)]
pub struct Stack {
    /// The API's base URL, without a slash at its end.
    pub api: String,
    /// The live manifest as viewers reach it.
    pub live: String,
    /// The page that editors upload files with.
    pub upload: String,
    /// An operator's access token.
    pub token: String,
    /// A viewer's access token, of use in a private library.
    pub viewer_token: String,
    /// Who hears of changes, as the options named them.
    pub webhooks: Vec<Webhook>,
    /// The environment a function finds: its settings, and where AWS is.
    pub variables: Variables,
    /// The SDK configuration of that environment.
    pub sdk: SdkConfig,
    pub functions: Functions,
    pub(crate) tokens: Tokens,
    startover: Arc<Startover>,
    stop: CancellationToken,
    tasks: TaskTracker,
    // Held for as long as the stack uses the folder.
    _lock: File,
}

#[derive(Debug, thiserror::Error)]
pub enum StackError {
    #[error(transparent)]
    Ffmpeg(#[from] FfmpegError),
    #[error("could not use {}", .path.display())]
    DataDir {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} is in use by another process; stop that one or choose another --data-dir", .0.display())]
    InUse(PathBuf),
    #[error("port {0} is taken; stop the program that has it or choose another with --port")]
    PortTaken(u16),
    #[error("could not listen on port {port}")]
    Listen {
        port: u16,
        #[source]
        source: std::io::Error,
    },
    #[error("could not read the packaging groups")]
    PackagingGroups(#[from] GroupError),
    #[error("could not open the database: {0}")]
    Database(String),
    #[error("could not make the table")]
    Table(#[source] Box<aws_sdk_dynamodb::Error>),
    #[error("could not read the contract")]
    Contract(#[from] ContractError),
    #[error("could not issue the operator's token")]
    Token(#[from] TokenError),
    #[error("a function refuses its environment")]
    Config(#[from] ConfigError),
}

impl Stack {
    /// Starts everything; requests are answered as soon as this returns.
    pub async fn start(options: Options) -> Result<Self, StackError> {
        ffmpeg::require().await?;
        let groups = PackagingGroup::read_all(&options.packaging_groups)?;
        let data = &options.data_dir;
        let lock = lock(data)?;
        let unusable = |source| StackError::DataDir { path: data.clone(), source };

        let private = options.private.then(|| Private::open(data)).transpose().map_err(unusable)?;
        let private = private.map(Arc::new);

        let public = listen(options.port).await?;
        let (elemental_listener, dynamodb, s3) =
            (listen(0).await?, listen(0).await?, listen(0).await?);
        let public_url = url(&public)?;
        let elemental_url = url(&elemental_listener)?;
        let variables = environment(
            &options,
            &groups,
            private.as_deref(),
            &Urls {
                public: &public_url,
                elemental: &elemental_url,
                dynamodb: &url(&dynamodb)?,
                s3: &url(&s3)?,
            },
        );
        let sdk = sdk(&variables).await;

        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let serve = |listener, router: Router| {
            tasks.spawn(serve_until(stop.clone(), listener, router));
        };
        let database = library::open_database(&data.join("dynamodb.sqlite"))?;
        tasks.spawn(library::serve_dynamodb(dynamodb, database.clone(), stop.clone()));
        let messages = Messages::open(&options).map_err(unusable)?;
        serve(s3, library::s3_router(data, Arc::clone(&messages.uploads))?);
        library::ensure_table(&aws_sdk_dynamodb::Client::new(&sdk)).await?;

        let bus = Arc::new(Bus::new(&options.faults));
        let host = elemental_url.trim_start_matches("http://");
        let elemental = Elemental::open(&options, groups, &sdk, &bus, host).map_err(unusable)?;

        let kills = 0.0 < options.faults.kill;
        let sdk_of_functions = if kills { interruptible(&sdk) } else { sdk.clone() };
        let functions = Functions::new(&sdk_of_functions, &variables)?;
        let functions = functions.with_faults(&options.faults);
        bus.subscribe(Arc::new(functions.clone()));
        let tokens = Tokens::open(data)?;
        let token = tokens.kept(data, "operator", OPERATOR_SCOPE)?;
        let viewer_token = tokens.kept(data, "viewer", VIEWER_SCOPE)?;
        let contract = Contract::read(matchcut::OPENAPI)?;
        let gateway = Gateway { contract, tokens, functions: functions.clone() };
        let services = messages.services(private.as_deref());
        serve(elemental_listener, elemental.router().merge(json_services::router(services)));
        let api = gateway::router(Arc::new(gateway), options.private);
        serve(public, elemental.origins().cdn_router(private).merge(api));

        let startover = Arc::clone(&elemental.endpoint.startover);
        let ingest_url = format!("{elemental_url}/ingest");
        tasks.spawn(until(stop.clone(), async move { elemental.run(&ingest_url).await }));
        if options.pollers {
            for poller in messages.pollers(&functions, &sdk_of_functions, &elemental_url)? {
                tasks.spawn(until(stop.clone(), poller));
            }
            let stream = Stream::open(database, &data.join("stream")).map_err(unusable)?;
            let announcing = functions.clone();
            let run = stream.run(move |batch| announcing.clone().announce(batch));
            tasks.spawn(until(stop.clone(), run));
        }
        let sweeping = functions.clone();
        let every = options.sweep;
        tasks.spawn(until(stop.clone(), async move { sweeping.sweep_every(every).await }));

        Ok(Self {
            api: format!("{public_url}/api"),
            live: format!("{public_url}/live{}", manifest_path()),
            upload: format!("{public_url}/upload#token={token}"),
            token,
            viewer_token,
            webhooks: messages.webhooks.into_iter().map(|(webhook, _)| webhook).collect(),
            variables,
            sdk,
            functions,
            tokens: Tokens::open(data)?,
            startover,
            stop,
            tasks,
            _lock: lock,
        })
    }

    /// A token of the stack's own issuer, for any scope.
    pub fn issue_token(&self, scope: &str, lifetime: TimeDelta) -> Result<String, TokenError> {
        self.tokens.issue("someone", scope, lifetime)
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

/// Serves until told to stop, and then the requests that are under way.
pub(crate) async fn serve_until(stop: CancellationToken, listener: TcpListener, router: Router) {
    let shutdown = stop.cancelled_owned();
    let served = axum::serve(listener, router).with_graceful_shutdown(shutdown).await;
    if let Err(error) = served {
        tracing::error!("a server stopped: {error}");
    }
}

pub(crate) async fn until(stop: CancellationToken, work: impl Future<Output = ()>) {
    stop.run_until_cancelled(work).await;
}

/// Tells everything to stop, and waits for it.
pub(crate) async fn finish(stop: &CancellationToken, tasks: &TaskTracker) {
    stop.cancel();
    tasks.close();
    // A player may hold a connection open for as long as it likes.
    let _ = tokio::time::timeout(Duration::from_secs(3), tasks.wait()).await;
}

/// Makes the data folder, and keeps other processes out of it.
pub(crate) fn lock(folder: &Path) -> Result<File, StackError> {
    let unusable = |source| StackError::DataDir { path: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(unusable)?;
    let file = File::create(folder.join("lock")).map_err(unusable)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StackError::InUse(folder.to_owned())),
        Err(error) => Err(unusable(error.into())),
    }
}

pub(crate) async fn listen(port: u16) -> Result<TcpListener, StackError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => StackError::PortTaken(port),
        _ => StackError::Listen { port, source },
    })
}

pub(crate) fn url(listener: &TcpListener) -> Result<String, StackError> {
    let address = listener.local_addr();
    let address = address.map_err(|source| StackError::Listen { port: 0, source })?;
    Ok(format!("http://{address}"))
}
