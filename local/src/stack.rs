//! The whole service on one machine: AWS's part, the functions, and what connects them.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path as UrlPath, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use chrono::TimeDelta;
use matchcut::config::{ConfigError, Variables, timeouts};
use rustix::fs::{FlockOperation, flock};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::cors::CorsLayer;

use crate::asset::{self, Assets, GroupError, PackagingGroup};
use crate::clip::{self, HarvestJobs};
use crate::faults::Faults;
use crate::ffmpeg::{self, FfmpegError};
use crate::functions::Functions;
use crate::gateway::{self, Contract, ContractError, Gateway, TokenError, Tokens};
use crate::library::{self, ACCESS_KEY, BUCKET, SECRET_KEY, TABLE};
use crate::live::{self, Channel, OriginEndpoint, SEGMENT_SECONDS, Source, Startover};
use crate::notifications::{Bus, REGION};
use crate::wire;

/// The scope an operator's token has.
pub const OPERATOR_SCOPE: &str = "matchcut/clips.write";

/// The channel in the API, in MediaLive, and its endpoint in MediaPackage.
const CHANNEL: &str = "main";
const MEDIA_LIVE_CHANNEL: &str = "1000001";
const ORIGIN_ENDPOINT: &str = "main-hls";
/// Where a clip goes that names no competition.
const COMPETITION: &str = "demo";

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
    pub faults: Faults,
    /// What the origin demands of the CDN, if anything.
    pub cdn_identifier: Option<String>,
}

/// A running stack.
#[derive(Debug)]
pub struct Stack {
    /// The API's base URL, without a slash at its end.
    pub api: String,
    /// The live manifest as viewers reach it.
    pub live: String,
    /// An operator's access token.
    pub token: String,
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

        let public = listen(options.port).await?;
        let (elemental, dynamodb, s3) = (listen(0).await?, listen(0).await?, listen(0).await?);
        let public_url = url(&public)?;
        let elemental_url = url(&elemental)?;
        let url_id = endpoint_url_id();
        let variables = environment(
            &options,
            &groups[0],
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
            let shutdown = stop.clone().cancelled_owned();
            tasks.spawn(async move {
                let served = axum::serve(listener, router).with_graceful_shutdown(shutdown).await;
                if let Err(error) = served {
                    tracing::error!("a server stopped: {error}");
                }
            });
        };
        let database = data.join("dynamodb.sqlite");
        tasks.spawn(library::serve_dynamodb(dynamodb, &database, stop.clone())?);
        serve(s3, library::s3_router(&data.join("s3"))?);
        library::ensure_table(&aws_sdk_dynamodb::Client::new(&sdk)).await?;

        let window = TimeDelta::from_std(options.startover).unwrap_or(TimeDelta::MAX);
        let startover =
            Arc::new(Startover::open(data.join("live/segments"), window).map_err(unusable)?);
        let endpoint = OriginEndpoint {
            id: ORIGIN_ENDPOINT.to_owned(),
            url_id,
            startover: Arc::clone(&startover),
            cdn_identifier: options.cdn_identifier.clone(),
        };
        let channel = Arc::new(Channel::new(
            MEDIA_LIVE_CHANNEL,
            options.source.clone(),
            Arc::clone(&startover),
            data.join("live/incoming"),
        ));
        let bus = Arc::new(Bus::new(options.faults.clone()));
        let s3_client = aws_sdk_s3::Client::new(&sdk);
        let jobs = HarvestJobs::open(
            &data.join("harvest-jobs"),
            endpoint.clone(),
            s3_client.clone(),
            &options.faults,
            Arc::clone(&bus),
        )
        .map_err(unusable)?;
        let host = elemental_url.trim_start_matches("http://").to_owned();
        let assets = Assets::open(
            &data.join("vod"),
            groups,
            host,
            s3_client,
            &options.faults,
            Arc::clone(&bus),
        )
        .map_err(unusable)?;

        let functions = Functions::new(&sdk, &variables)?;
        bus.subscribe(Arc::new(functions.clone()));
        let tokens = Tokens::open(data)?;
        let token = tokens.operator(data, OPERATOR_SCOPE)?;
        let origins = Origins { endpoint, assets: Arc::clone(&assets) };
        let contract = Contract::read(matchcut::OPENAPI)?;
        let gateway = Gateway { contract, tokens, functions: functions.clone() };
        serve(
            elemental,
            Router::new()
                .merge(clip::router(Arc::clone(&jobs)))
                .merge(asset::router(Arc::clone(&assets)))
                .merge(live::media_live(Arc::clone(&channel)))
                .merge(ingest_router(Arc::clone(&channel)))
                .merge(origins.clone().origin_router())
                .fallback(wire::not_implemented),
        );
        serve(public, origins.cdn_router().merge(gateway::router(Arc::new(gateway))));

        jobs.resume();
        assets.resume();
        // A channel that was just made is idle, so this cannot be refused.
        let _ = channel.start();
        let ingest_url = format!("{elemental_url}/ingest");
        tasks.spawn(until(stop.clone(), async move { channel.run(&ingest_url).await }));
        let sweeping = functions.clone();
        let every = options.sweep;
        tasks.spawn(until(stop.clone(), async move { sweeping.sweep_every(every).await }));

        Ok(Self {
            api: format!("{public_url}/api"),
            live: format!("{public_url}/live{}", live_path()),
            token,
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
        let mut newest = self.startover.newest();
        // The sender lives as long as the stack.
        let _ = newest.wait_for(|newest| newest.is_some_and(|it| segments <= it + 1)).await;
    }

    /// Stops everything, in an order that lets requests under way finish.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        // A player may hold a connection open for as long as it likes.
        let _ = tokio::time::timeout(Duration::from_secs(3), self.tasks.wait()).await;
    }
}

async fn until(stop: CancellationToken, work: impl Future<Output = ()>) {
    stop.run_until_cancelled(work).await;
}

/// Makes the data folder, and keeps other processes out of it.
fn lock(folder: &Path) -> Result<File, StackError> {
    let unusable = |source| StackError::DataDir { path: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(unusable)?;
    let file = File::create(folder.join("lock")).map_err(unusable)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StackError::InUse(folder.to_owned())),
        Err(error) => Err(unusable(error.into())),
    }
}

async fn listen(port: u16) -> Result<TcpListener, StackError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => StackError::PortTaken(port),
        _ => StackError::Listen { port, source },
    })
}

fn url(listener: &TcpListener) -> Result<String, StackError> {
    let address = listener.local_addr();
    let address = address.map_err(|source| StackError::Listen { port: 0, source })?;
    Ok(format!("http://{address}"))
}

/// The 32 hexadecimal digits of the endpoint's URLs; the same after a restart.
fn endpoint_url_id() -> String {
    format!("{:032x}", u128::from_be_bytes(*b"matchcut/channel"))
}

fn live_path() -> String {
    format!("/out/v1/{}/index.m3u8", endpoint_url_id())
}

struct Urls<'a> {
    public: &'a str,
    elemental: &'a str,
    dynamodb: &'a str,
    s3: &'a str,
}

/// The environment variables that a deployment sets.
fn environment(options: &Options, group: &PackagingGroup, urls: &Urls) -> Variables {
    let Urls { public, elemental, dynamodb, s3 } = urls;
    let channels = json!([{
        "id": CHANNEL,
        "competition": COMPETITION,
        "originEndpointId": ORIGIN_ENDPOINT,
        "manifest": format!("{elemental}{}", live_path()),
        "viewerManifest": format!("{public}/live{}", live_path()),
        "segmentSeconds": SEGMENT_SECONDS,
        "startoverSeconds": options.startover.as_secs(),
    }]);
    let role = |name| format!("arn:aws:iam::{}:role/{name}", crate::notifications::ACCOUNT);
    let mut variables = vec![
        ("CLIPS_TABLE", TABLE.to_owned()),
        ("CLIPS_BUCKET", BUCKET.to_owned()),
        ("CHANNELS", channels.to_string()),
        ("PACKAGING_GROUP_ID", group.id.clone()),
        ("HARVEST_ROLE_ARN", role("harvest")),
        ("ASSET_ROLE_ARN", role("asset")),
        ("VOD_BASE_URL", format!("{public}/vod")),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", (*dynamodb).to_owned()),
        ("AWS_ENDPOINT_URL_S3", (*s3).to_owned()),
        ("AWS_ENDPOINT_URL_MEDIALIVE", (*elemental).to_owned()),
        ("AWS_ENDPOINT_URL_MEDIAPACKAGE", (*elemental).to_owned()),
        ("AWS_ENDPOINT_URL_MEDIAPACKAGE_VOD", (*elemental).to_owned()),
    ];
    if let Some(identifier) = &options.cdn_identifier {
        variables.push(("CDN_IDENTIFIER", identifier.clone()));
    }
    variables.into_iter().collect()
}

/// Finds each service where the environment says it is, as the SDK does in a process of its own.
#[derive(Debug)]
struct Endpoints(Variables);

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace([' ', '-'], "_");
        self.0.get(&format!("{}_{service}", key.env())).map(str::to_owned)
    }
}

async fn sdk(variables: &Variables) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(Credentials::from_keys(ACCESS_KEY, SECRET_KEY, None))
        .timeout_config(timeouts())
        .load()
        .await
        .into_builder()
        .service_config(Endpoints(variables.clone()))
        .build()
}

/// The input of MediaPackage's channel.
fn ingest_router(channel: Arc<Channel>) -> Router {
    /// A segment of the highest rendition has less than 1 MB.
    const LARGEST_SEGMENT: usize = 64 << 20;
    let put_segment = async |State(channel): State<Arc<Channel>>,
                             UrlPath((id, run, path)): UrlPath<(String, u64, String)>,
                             body: Bytes| {
        if id != channel.id {
            return StatusCode::NOT_FOUND;
        }
        match channel.put(run, &path, &body) {
            Ok(()) => StatusCode::OK,
            Err(error) => {
                tracing::error!("{path} of the live stream is lost: {error}");
                StatusCode::BAD_REQUEST
            }
        }
    };
    Router::new()
        .route("/ingest/{channel}/{run}/{*path}", put(put_segment))
        .layer(DefaultBodyLimit::max(LARGEST_SEGMENT))
        .with_state(channel)
}

/// What viewers play: the live endpoint and the egress of VOD assets.
#[derive(Clone, Debug)]
struct Origins {
    endpoint: OriginEndpoint,
    assets: Arc<Assets>,
}

impl Origins {
    /// MediaPackage's own hosts.
    fn origin_router(self) -> Router {
        let answer = async |State(origins): State<Origins>,
                            UrlPath(path): UrlPath<String>,
                            RawQuery(query): RawQuery,
                            headers: HeaderMap| {
            if path.starts_with(&origins.endpoint.url_id) && !origins.endpoint.admits(&headers) {
                return StatusCode::FORBIDDEN.into_response();
            }
            origins.serve(&path, query.as_deref()).await
        };
        Router::new().route("/out/v1/{*path}", get(answer)).with_state(self)
    }

    /// The CDN: `/live` and `/vod` keep the paths of both apart, for any page to play.
    fn cdn_router(self) -> Router {
        let answer = async |State(origins): State<Origins>,
                            UrlPath(path): UrlPath<String>,
                            RawQuery(query): RawQuery| {
            origins.serve(&path, query.as_deref()).await
        };
        Router::new()
            .route("/live/out/v1/{*path}", get(answer))
            .route("/vod/out/v1/{*path}", get(answer))
            .layer(CorsLayer::permissive())
            .with_state(self)
    }

    async fn serve(&self, path: &str, query: Option<&str>) -> Response {
        let live = path.strip_prefix(&self.endpoint.url_id).and_then(|rest| rest.strip_prefix('/'));
        if let Some(rest) = live {
            return self.endpoint.get(rest, query.unwrap_or_default()).await;
        }
        let Some(file) = self.assets.egress_file(path) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let media_type = match file.extension().and_then(|extension| extension.to_str()) {
            Some("m3u8") => "application/vnd.apple.mpegurl",
            Some("mpd") => "application/dash+xml",
            Some("ts") => "video/mp2t",
            _ => "video/mp4",
        };
        live::file(&file, media_type).await
    }
}
