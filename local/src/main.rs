//! `local`: the whole service on this machine, with real video and without an AWS account.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use matchcut::config::Variables;
use matchcut::error;
use matchcut_local::{ElementalOnly, Faults, Options, Source, Stack, StackError};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

/// Runs Matchcut on this machine: a live stream, the API, and AWS's part of it.
///
/// Prints a line per URL once it is ready, then what happens to clips. Ctrl-C stops it. All state
/// lies in the data folder; started on the same folder again, it goes on where it was.
#[derive(Debug, Parser)]
#[command(name = "local", version)]
struct Arguments {
    /// Port of the API and the manifests; 0 has the system choose
    #[arg(long, default_value_t = 8080, value_name = "PORT")]
    port: u16,

    /// Folder for everything that is kept: stream, clips, tables, tokens
    #[arg(long, default_value = ".matchcut", value_name = "DIR")]
    data_dir: PathBuf,

    /// Folder of the packaging groups: which formats a clip is made playable in
    #[arg(long, default_value = "packaging-groups", value_name = "DIR")]
    packaging_groups: PathBuf,

    /// What is on air: a media file, looped, or an address such as rtmp://127.0.0.1:1935/live/main
    /// or srt://127.0.0.1:9000 where an encoder pushes video with sound; a test picture by default
    #[arg(long, value_name = "FILE|URL")]
    source: Option<Source>,

    /// Seconds of the stream that are kept, and so how far back a clip can reach
    #[arg(long, default_value_t = 900, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(60..=1_209_600))]
    startover: u64,

    /// Seconds between two runs of the sweep, which finds what no event told
    #[arg(long, default_value_t = 5, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    sweep: u64,

    /// Bad days, as NAME=VALUE,…: lose, repeat and reorder (a share of events), delay
    /// (seconds for each event), throttle and error (a share of API calls, answered 429, or 500 and
    /// 503), kill (a share of function runs, cut off at a call to AWS), fail (a share of harvest
    /// jobs and transcodes), slow (seconds each job takes at least), seed
    #[arg(long, default_value = "", value_name = "FAULTS")]
    faults: Faults,

    /// How many assets a packaging group holds before the next one is filled
    #[arg(long, default_value_t = 10_000, value_name = "COUNT")]
    assets_per_group: usize,

    /// Have the live origin demand this X-MediaPackage-CDNIdentifier, as AWS can
    #[arg(long, value_name = "TEXT")]
    cdn_identifier: Option<String>,

    /// Have the library private: clips only play with the cookies that grant-playback gives
    #[arg(long)]
    private: bool,

    /// Post each change of a clip's state to this address, signed after the Standard Webhooks
    /// specification with a secret that is printed; may be given several times
    #[arg(long = "webhook", value_name = "URL")]
    webhooks: Vec<Url>,

    /// Stand in for AWS Elemental alone: S3 and the event bus are those that the environment leads
    /// to, as it leads any AWS SDK (AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, …)
    #[arg(long, conflicts_with_all = ["private", "sweep", "webhooks"])]
    elemental_only: bool,
}

impl From<Arguments> for Options {
    fn from(arguments: Arguments) -> Self {
        Self {
            port: arguments.port,
            data_dir: arguments.data_dir,
            packaging_groups: arguments.packaging_groups,
            source: arguments.source.unwrap_or(Source::TestPicture),
            startover: Duration::from_secs(arguments.startover),
            sweep: Duration::from_secs(arguments.sweep),
            pollers: true,
            faults: arguments.faults,
            create_job_burst: 100,
            cdn_identifier: arguments.cdn_identifier,
            private: arguments.private,
            webhooks: arguments.webhooks,
            assets_per_group: arguments.assets_per_group,
        }
    }
}

/// Of each thread: unoptimized, the futures of the AWS SDKs take more than the usual 2 MiB.
const STACK: usize = 16 << 20;

fn main() -> ExitCode {
    init_log();
    let arguments = Arguments::parse();
    let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    let runtime = runtime.expect("the system has threads to give");
    let ran = if arguments.elemental_only {
        runtime.block_on(run_elemental_only(arguments.into()))
    } else {
        runtime.block_on(run_all(arguments.into()))
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("local: {}", error::chain(&error));
            ExitCode::FAILURE
        }
    }
}

async fn run_all(options: Options) -> Result<(), StackError> {
    let stack = Stack::start(options).await?;
    println!("api       {}", stack.api);
    println!("live      {}", stack.live);
    println!("upload    {}", stack.upload);
    if let Some(bucket) = stack.variables.get("UPLOADS_BUCKET") {
        println!("bucket    s3://{bucket}/");
    }
    for webhook in &stack.webhooks {
        println!("webhook   {} {}", webhook.url, webhook.secret);
    }
    println!("token     {}", stack.token);
    println!("viewer    {}", stack.viewer_token);
    print_ready(&stack.variables);
    until_told_to_stop(stack.on_air(1), &stack.live).await;
    stack.stop().await;
    Ok(())
}

async fn run_elemental_only(options: Options) -> Result<(), StackError> {
    let elemental = ElementalOnly::start(options).await?;
    println!("live      {}", elemental.live);
    print_ready(&elemental.variables);
    until_told_to_stop(elemental.on_air(1), &elemental.live).await;
    elemental.stop().await;
    Ok(())
}

fn print_ready(variables: &Variables) {
    for (name, value) in variables.iter().filter(|(name, _)| name.starts_with("AWS_")) {
        println!("env       {name}={value}");
    }
    println!("ready");
}

async fn until_told_to_stop(on_air: impl Future<Output = ()>, live: &str) {
    let announced = async {
        on_air.await;
        println!("on air    {live}");
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = announced => {}
        () = told_to_stop() => {}
    }
    println!("stopping");
}

fn init_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| "warn,dynoxide=error,matchcut=info,matchcut_local=info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stdout().is_terminal())
        .with_target(false)
        .with_timer(tracing_subscriber::fmt::time::uptime())
        .init();
}

/// Resolves on Ctrl-C, or when the process is asked to end.
async fn told_to_stop() {
    let mut terminate = signal(SignalKind::terminate()).expect("the runtime has signals enabled");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
