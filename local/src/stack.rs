//! The whole service on one machine: the AWS services, the product's functions, and their wiring.

use std::io;
use std::sync::Arc;

use aws_config::SdkConfig;
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use chrono::TimeDelta;
use matchcut::config::{ConfigError, Variables};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::account::COMPETITION;
use crate::api_gateway::{self, Contract, ContractError, Gateway};
use crate::aws_json::{self, JsonServices};
use crate::cloudfront::{self, OriginSecret, PrivateLibrary};
use crate::cognito::{self, Machine, TokenError, User, UserPool, UserPoolError};
use crate::data_disk::DataDisk;
use crate::data_folder::{DataFolderError, DataFolderLock};
use crate::dynamodb::{self, Stream, TableError};
use crate::elemental::Elemental;
use crate::environment::{Urls, environment, sdk_config};
use crate::eventbridge::{Bus, PutEvents};
use crate::ffmpeg::{self, FfmpegError};
use crate::lambda::{Concurrency, EventSources, Functions, interruptible};
use crate::medialive::SourceError;
use crate::mediapackage::{Startover, manifest_path};
use crate::mediapackage_vod::{GroupError, PackagingGroup};
use crate::options::Options;
use crate::s3;
use crate::server::{ListenError, Tasks, base_url, listen};
use crate::site::{self, Branding, BrandingError, Site, SiteSettings};
use crate::sqs::Queue;
use crate::webhook::{MarksWebhook, Webhook};

/// The scopes of an operator's token.
pub const OPERATOR_SCOPE: &str = "matchcut/clips.write matchcut/channels.write";
/// The scope of a viewer's token.
pub const VIEWER_SCOPE: &str = "matchcut/clips.read";

/// Lambda's limit for the environment of a function, in bytes.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const MAX_ENVIRONMENT_SIZE: usize = 4096;

/// A running stack.
#[derive(Debug)]
pub struct Stack {
    /// The API's base URL, without a trailing slash.
    pub api: String,
    /// API Gateway's own URL, without a trailing slash. Only the CDN may call it.
    pub gateway: String,
    /// The URL of the live manifest at the CDN.
    pub live: String,
    /// The URL of the operators' console.
    pub console: String,
    /// The URL of the viewer's page of the default competition.
    pub watch: String,
    /// An operator's access token.
    pub token: String,
    /// A viewer's access token, which a private library asks for.
    pub viewer_token: String,
    /// The subscribers to change events.
    pub webhooks: Vec<Webhook>,
    /// The webhook that receives marks.
    pub marks_webhook: MarksWebhook,
    /// The functions' whole environment: their settings, and where AWS is.
    pub variables: Variables,
    /// The SDK configuration of that environment.
    pub sdk: SdkConfig,
    pub functions: Functions,
    pool: Arc<UserPool>,
    startover: Arc<Startover>,
    due: Arc<Queue>,
    tasks: Tasks,
    _lock: DataFolderLock,
}

#[derive(Debug, thiserror::Error)]
pub enum StackError {
    #[error(transparent)]
    Ffmpeg(#[from] FfmpegError),
    #[error(transparent)]
    DataFolder(#[from] DataFolderError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("the packaging groups cannot be used")]
    PackagingGroups(#[from] GroupError),
    #[error(transparent)]
    Table(#[from] TableError),
    #[error("could not read the contract")]
    Contract(#[from] ContractError),
    #[error(transparent)]
    Branding(#[from] BrandingError),
    #[error("could not open the user pool")]
    UserPool(#[from] UserPoolError),
    #[error(
        "the environment of the functions has {0} bytes, and Lambda's limit is {MAX_ENVIRONMENT_SIZE}"
    )]
    Environment(usize),
    #[error("could not issue a token")]
    Token(#[from] TokenError),
    #[error("a function rejected its environment")]
    Config(#[from] ConfigError),
}

impl Stack {
    /// Starts everything. Once this returns, requests are answered.
    pub async fn start(options: Options) -> Result<Self, StackError> {
        let groups = read_packaging_groups(&options).await?;
        let branding = Branding::open(options.branding.clone(), &options.console)?;
        let contract = Contract::read(matchcut::OPENAPI)?;
        let data = &options.data_dir;
        let lock = DataFolderLock::acquire(data)?;
        let failed = DataFolderError::at(data);
        let disk = Arc::new(DataDisk::new(data, options.min_free_megabytes));
        let library = open_private_library(&options).map_err(&failed)?;

        let origin = OriginSecret::open(data).map_err(&failed)?;

        let public_listener = listen(options.port).await?;
        let (aws_listener, dynamodb_listener, s3_listener) =
            (listen(0).await?, listen(0).await?, listen(0).await?);
        let public_url = public_url(&public_listener, options.domain.as_deref())?;
        let aws_url = base_url(&aws_listener)?;
        let urls = Urls {
            public: &public_url,
            aws: &aws_url,
            dynamodb: &base_url(&dynamodb_listener)?,
            s3: &base_url(&s3_listener)?,
        };
        let variables = environment(
            &options,
            &groups,
            &origin,
            library.as_deref(),
            &contract.group_scopes,
            branding.name(),
            &urls,
        );
        check_environment_size(&variables)?;
        let sdk = sdk_config(&variables).await;

        let tasks = Tasks::default();
        let limits = (&options.faults, &options.limits);
        let database = dynamodb::start(dynamodb_listener, data, &sdk, limits, &tasks).await?;
        let event_sources = EventSources::open(&options).map_err(&failed)?;
        let uploads = Arc::clone(&event_sources.uploads);
        let storage = s3::router(data, uploads, &options.upload_limits, &disk).map_err(&failed)?;
        tasks.serve(s3_listener, storage);

        let bus = Arc::new(Bus::new(&options.faults));
        let host = aws_url.trim_start_matches("http://");
        let elemental = Elemental::open(&options, groups, &sdk, &bus, &disk, host);
        let elemental = elemental.map_err(&failed)?;
        let marks_webhook = MarksWebhook::open(data, &public_url).map_err(&failed)?;
        let json_services = json_services(&event_sources, library.as_deref(), &marks_webhook);
        tasks.serve(aws_listener, elemental.router().merge(aws_json::router(json_services)));

        let (function_sdk, functions) = open_functions(&sdk, &variables, &options, &contract)?;
        bus.subscribe(Arc::new(functions.clone()));

        let pool = Arc::new(open_user_pool(&options, &contract, &public_url, &variables)?);
        let token = pool.open_token(data, &User::operator())?;
        let viewer_token = pool.open_token(data, &User::viewer())?;
        let site = Arc::new(Site::new(SiteSettings {
            folder: options.console.clone(),
            branding,
            login: pool.login_config(),
            origin: &public_url,
            uploads_origin: urls.s3,
            private: options.private,
        }));
        let tokens = pool.tokens().clone();
        let gateway =
            Gateway::new(contract, tokens, functions.clone(), &options, &variables, disk)?;
        let api = api_gateway::router(Arc::new(gateway), options.private);
        let (api, gateway_url) = serve_api(api, &site, origin, &tasks).await?;
        let s3_client = aws_sdk_s3::Client::new(&sdk);
        let distribution = cloudfront::router(elemental.origins(), s3_client, library);
        let login = cognito::router(Arc::clone(&pool));
        let public = distribution.merge(api).merge(login).merge(site::router(site));
        tasks.serve(public_listener, public);

        let startover = Arc::clone(&elemental.endpoint.startover);
        let ingest_url = format!("{aws_url}/ingest");
        tasks.spawn(async move { elemental.run(&ingest_url).await });
        if options.pollers {
            let stream = Stream::open(database, &data.join("stream")).map_err(&failed)?;
            for poller in event_sources.pollers(&functions, &function_sdk, &aws_url, stream)? {
                tasks.spawn(poller);
            }
        }
        let (sweep, interval) = (functions.clone(), options.sweep);
        tasks.spawn(async move { sweep.sweep_every(interval).await });

        Ok(Self {
            api: format!("{public_url}/api"),
            gateway: gateway_url,
            live: format!("{public_url}/live{}", manifest_path()),
            console: format!("{public_url}/console"),
            watch: format!("{public_url}/w/{COMPETITION}"),
            token,
            viewer_token,
            marks_webhook,
            webhooks: event_sources.webhooks.into_iter().map(|(webhook, _)| webhook).collect(),
            variables,
            sdk,
            functions,
            pool,
            startover,
            due: event_sources.due,
            tasks,
            _lock: lock,
        })
    }

    /// The programs that sign in with a secret.
    pub fn machines(&self) -> &[Machine] {
        self.pool.machines()
    }

    /// Issues an access token with any scope.
    pub fn issue_token(&self, scope: &str, lifetime: TimeDelta) -> Result<String, TokenError> {
        self.pool.issue_token("someone", scope, lifetime)
    }

    /// Waits until the live stream has had at least `segments` segments.
    pub async fn on_air(&self, segments: u64) {
        self.startover.wait_for_segments(segments).await;
    }

    /// Passes one batch of due messages to a function, as the poller does. For a stack without
    /// pollers. Returns `false` if no message is visible.
    pub async fn pass_due_messages(
        &self,
        function: impl AsyncFnOnce(Value) -> Result<Value, String>,
    ) -> io::Result<bool> {
        self.due.run_once(function).await
    }

    /// Stops everything. Requests in flight have 3 s to finish.
    pub async fn stop(self) {
        self.tasks.stop().await;
    }
}

/// Reads the packaging groups. Checks that ffmpeg is there, and that the groups and the source have the
/// sounds and captions of the stream.
pub(crate) async fn read_packaging_groups(
    options: &Options,
) -> Result<Vec<PackagingGroup>, StackError> {
    ffmpeg::check_installed()?;
    options.source.check(&options.tracks).await?;
    let groups = PackagingGroup::read_all(&options.packaging_groups)?;
    PackagingGroup::check_sounds(&groups, &options.tracks)?;
    Ok(groups)
}

/// The URL of the API and the CDN. Without a domain, it has the address of the listener.
fn public_url(listener: &TcpListener, domain: Option<&str>) -> Result<String, ListenError> {
    let url = base_url(listener)?;
    Ok(domain.map_or(url.clone(), |domain| url.replace("127.0.0.1", domain)))
}

fn open_user_pool(
    options: &Options,
    contract: &Contract,
    issuer: &str,
    variables: &Variables,
) -> Result<UserPool, UserPoolError> {
    let data = &options.data_dir;
    let scopes = contract.group_scopes.values().flatten().cloned().collect();
    let lifetime = TimeDelta::from_std(options.token_lifetime).unwrap_or(TimeDelta::MAX);
    let pool = UserPool::open(data, issuer, scopes, variables, lifetime)?;
    pool.with_machines(data, &options.machines, &contract.machine_scopes)
}

/// How many functions run at once. Those behind routes without a token reserve places.
fn read_concurrency(options: &Options, contract: &Contract) -> Concurrency {
    let public = contract.operations.iter().filter(|it| it.scopes.is_empty());
    let public = public.map(|it| it.id.as_str()).filter(|_| options.public_concurrency > 0);
    Concurrency::new(options.concurrency, public, options.public_concurrency)
}

/// Checks the size of the variables that a deployment sets. Lambda and the stand-in set those of AWS.
/// Here all functions share one environment, so each of them is smaller on AWS.
fn check_environment_size(variables: &Variables) -> Result<(), StackError> {
    let own = variables.iter().filter(|(name, _)| !name.starts_with("AWS_"));
    let size = own.map(|(name, value)| name.len() + value.len()).sum();
    if size > MAX_ENVIRONMENT_SIZE { Err(StackError::Environment(size)) } else { Ok(()) }
}

/// Serves the API at its own address. Returns the API as the distribution calls it, and that address.
async fn serve_api(
    api: Router,
    site: &Arc<Site>,
    origin: OriginSecret,
    tasks: &Tasks,
) -> Result<(Router, String), ListenError> {
    let api = api.layer(from_fn_with_state(Arc::clone(site), site::add_page_headers));
    let listener = listen(0).await?;
    let url = base_url(&listener)?;
    tasks.serve(listener, api.clone());
    let api = api
        .layer(from_fn_with_state(origin, cloudfront::add_origin_header))
        .layer(from_fn(cloudfront::canonicalize));
    Ok((api, url))
}

/// The functions, and the SDK configuration by which they call AWS.
fn open_functions(
    sdk: &SdkConfig,
    variables: &Variables,
    options: &Options,
    contract: &Contract,
) -> Result<(SdkConfig, Functions), ConfigError> {
    let sdk = interruptible(sdk);
    let functions = Functions::new(&sdk, variables)?.with_limits(
        &options.faults,
        read_concurrency(options, contract),
        options.limits,
    );
    Ok((sdk, functions))
}

/// The keys of a private library. `None` for a public one.
fn open_private_library(options: &Options) -> io::Result<Option<Arc<PrivateLibrary>>> {
    if !options.private {
        return Ok(None);
    }
    Ok(Some(Arc::new(PrivateLibrary::open(&options.data_dir)?)))
}

/// The services that the functions reach by AWS JSON.
fn json_services(
    event_sources: &EventSources,
    library: Option<&PrivateLibrary>,
    marks_webhook: &MarksWebhook,
) -> JsonServices {
    let playback_secret = library.map(PrivateLibrary::secret);
    let webhook_secrets = event_sources.webhooks.iter().map(|(webhook, _)| webhook.secret());
    JsonServices {
        secrets: playback_secret
            .into_iter()
            .chain(webhook_secrets)
            .chain([marks_webhook.secret()])
            .collect(),
        queues: event_sources.queues().collect(),
        events: PutEvents { webhooks: event_sources.webhook_queues().collect() },
    }
}
