//! `local`: the whole service on this machine, with real video and without an AWS account.

mod arguments;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser;
use matchcut::config::Variables;
use matchcut::error;
use matchcut_local::{ElementalOnly, Options, Stack, StackError, open_in_browser};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use self::arguments::Arguments;

/// 16 MiB for each thread. Unoptimized, the futures of the AWS SDKs need more than the default 2 MiB.
const STACK_SIZE: usize = 16 << 20;

fn main() -> ExitCode {
    init_log();
    let arguments = Arguments::parse();
    let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(STACK_SIZE).build();
    let runtime = runtime.expect("the system can start threads");
    let (elemental_only, print_env) = (arguments.elemental_only, arguments.print_env);
    let opens_browser = !arguments.no_open && std::io::stdout().is_terminal();
    let options = Options::from(arguments);
    let result = if elemental_only {
        runtime.block_on(run_elemental_only(options, print_env))
    } else {
        runtime.block_on(run_stack(options, print_env, opens_browser))
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("local: {}", error::chain(&error));
            ExitCode::FAILURE
        }
    }
}

async fn run_stack(
    options: Options,
    print_env: bool,
    opens_browser: bool,
) -> Result<(), StackError> {
    let stack = Stack::start(options).await?;
    println!("console   {}", stack.console);
    println!("watch     {}", stack.watch);
    println!("api       {}", stack.api);
    println!("live      {}", stack.live);
    if let Some(bucket) = stack.variables.get("UPLOADS_BUCKET") {
        println!("bucket    s3://{bucket}/");
    }
    for webhook in &stack.webhooks {
        println!("webhook   {} {}", webhook.url, webhook.secret);
    }
    println!("marks     {} {}", stack.marks_webhook.url, stack.marks_webhook.secret);
    for machine in stack.machines() {
        println!("machine   {} {}", machine.id, machine.secret);
    }
    println!("token     {}", stack.token);
    println!("viewer    {}", stack.viewer_token);
    if print_env {
        print_environment(&stack.variables);
    }
    println!("ready");
    if opens_browser {
        open_in_browser(&stack.console);
    }
    wait_for_signal(stack.on_air(1), &stack.live).await;
    stack.stop().await;
    Ok(())
}

async fn run_elemental_only(options: Options, print_env: bool) -> Result<(), StackError> {
    let elemental = ElementalOnly::start(options).await?;
    println!("live      {}", elemental.live);
    if print_env {
        print_environment(&elemental.variables);
    }
    println!("ready");
    wait_for_signal(elemental.on_air(1), &elemental.live).await;
    elemental.stop().await;
    Ok(())
}

fn print_environment(variables: &Variables) {
    for (name, value) in variables.iter() {
        println!("env       {name}={value}");
    }
}

/// Prints the URL of the live manifest once the stream is on air, and waits for a signal to stop.
async fn wait_for_signal(on_air: impl Future<Output = ()>, live: &str) {
    let print_on_air = async {
        on_air.await;
        println!("on air    {live}");
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = print_on_air => {}
        () = stop_signal() => {}
    }
    println!("stopping");
}

/// Resolves on Ctrl-C (SIGINT) or SIGTERM.
async fn stop_signal() {
    let mut terminate = signal(SignalKind::terminate()).expect("the runtime enables signals");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
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
