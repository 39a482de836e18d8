//! Cuts a run of a function off at one of its calls to AWS, or lets calls hang.
//!
//! A function can be cut off at any `await`: Lambda stops it at its timeout, its machine fails, or a
//! connection breaks. Only the calls to AWS have effects, so a run is cut off at a call:
//!
//! ```no_run
//! # use matchcut_local::{Cut, Run, interruptible};
//! # async fn example(sdk: &aws_config::SdkConfig) {
//! let dynamodb = aws_sdk_dynamodb::Client::new(&interruptible(sdk));
//! let work = async || dynamodb.list_tables().send().await;
//!
//! // Count the calls of a complete run.
//! let whole = Run::whole();
//! whole.execute(work()).await.expect("this run is not cut off").unwrap();
//! for call in 0..whole.calls() {
//!     // The call takes effect, but the function does not receive the answer.
//!     assert!(Run::cut_at(call, Cut::DieAfter).execute(work()).await.is_none());
//! }
//! # }
//! ```

use std::future::pending;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_types::config_bag::ConfigBag;
use tokio::sync::Semaphore;

use super::chain::add_trace;

tokio::task_local! {
    static RUN: Run;
}

/// What happens at the call where a run is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The run ends before the request is sent.
    DieBefore,
    /// The request takes effect. The run ends before it receives the answer.
    DieAfter,
    /// The request is not sent. The SDK gets a connection error, which it retries.
    BreakBefore,
    /// The request takes effect. The SDK gets a connection error, which it retries.
    BreakAfter,
    /// The request takes effect, but its answer is lost, and every later call fails: there is no
    /// network. The SDK retries none of these calls, as if its retries had failed too.
    GoneAfter,
}

/// One run of a function: counts its calls, and may be cut off at one of them. A share of the calls
/// may hang.
///
/// Each attempt of the SDK is a call of its own. Tasks that the function spawns are not part of the
/// run.
#[derive(Clone, Debug)]
pub struct Run(Arc<State>);

#[derive(Debug)]
struct State {
    calls: AtomicUsize,
    cut: Option<(usize, Cut)>,
    hangs: Option<Hangs>,
    /// Closed when the run is cut off.
    alive: Semaphore,
}

/// The calls that are never answered.
#[derive(Debug)]
struct Hangs {
    share: f64,
    random: Mutex<fastrand::Rng>,
}

impl Hangs {
    fn draw(&self) -> Option<Outcome> {
        let mut random = self.random.lock().expect("no thread panics while it holds the lock");
        let hangs = random.f64() < self.share;
        hangs.then(|| Outcome::Hangs { takes_effect: random.bool() })
    }
}

/// What happens at one call.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    Sent,
    Cut(Cut),
    /// The call is never answered. The SDK waits until its timeout.
    Hangs {
        takes_effect: bool,
    },
    /// There is no network.
    NotSent,
}

impl Run {
    /// A run that is not cut off.
    pub fn whole() -> Self {
        Self::new(None, None)
    }

    /// A run that is cut off at a call, counted from 0. If it makes fewer calls, it is not cut off.
    pub fn cut_at(call: usize, cut: Cut) -> Self {
        Self::new(Some((call, cut)), None)
    }

    /// A run of which a share of the calls is never answered. Half of these calls take effect. The
    /// run may also be cut off.
    pub(super) fn with_hangs(cut: Option<(usize, Cut)>, share: f64, random: fastrand::Rng) -> Self {
        Self::new(cut, Some(Hangs { share, random: Mutex::new(random) }))
    }

    fn new(cut: Option<(usize, Cut)>, hangs: Option<Hangs>) -> Self {
        let calls = AtomicUsize::new(0);
        Self(Arc::new(State { calls, cut, hangs, alive: Semaphore::new(0) }))
    }

    /// Does the work as this run. `None` if the run was cut off before the work was done.
    pub async fn execute<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            // The semaphore has no permits, so this only ends when it is closed.
            _ = self.0.alive.acquire() => None,
            done = RUN.scope(self.clone(), work) => Some(done),
        }
    }

    /// The number of calls so far.
    pub fn calls(&self) -> usize {
        self.0.calls.load(Ordering::SeqCst)
    }

    /// Whether the run has reached the call at which it is cut off.
    pub fn was_cut(&self) -> bool {
        self.0.cut.is_some_and(|(at, _)| self.calls() > at)
    }

    /// Counts a call, and returns what happens at it.
    fn begin_call(&self) -> Outcome {
        let call = self.0.calls.fetch_add(1, Ordering::SeqCst);
        match self.0.cut {
            Some((at, cut)) if at == call => Outcome::Cut(cut),
            Some((at, Cut::GoneAfter)) if at < call => Outcome::NotSent,
            _ => self.0.hangs.as_ref().and_then(Hangs::draw).unwrap_or(Outcome::Sent),
        }
    }

    async fn die<T>(&self) -> T {
        self.0.alive.close();
        pending().await
    }
}

/// The same configuration, whose calls belong to the [`Run`] that makes them, and carry the trace
/// header of their function.
///
/// Calls outside of a run do not change. If the configuration has no HTTP client, it gets one for
/// plain HTTP, which the stand-in uses.
pub fn interruptible(sdk: &SdkConfig) -> SdkConfig {
    let inner = sdk.http_client();
    let inner = inner.unwrap_or_else(|| aws_smithy_http_client::Builder::new().build_http());
    sdk.to_builder().http_client(SharedHttpClient::new(Client(inner))).build()
}

/// An HTTP client whose calls are counted by their run.
#[derive(Debug)]
struct Client(SharedHttpClient);

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector(self.0.http_connector(settings, components)))
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        HttpClient::validate_base_client_config(&self.0, components, config)
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        HttpClient::validate_final_config(&self.0, components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

#[derive(Debug)]
struct Connector(SharedHttpConnector);

impl HttpConnector for Connector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        add_trace(&mut request);
        let Ok(run) = RUN.try_with(Clone::clone) else { return self.0.call(request) };
        let inner = self.0.clone();
        HttpConnectorFuture::new(async move {
            match run.begin_call() {
                Outcome::Sent => inner.call(request).await,
                Outcome::Hangs { takes_effect } => {
                    if takes_effect {
                        let _ = inner.call(request).await;
                    }
                    pending().await
                }
                Outcome::NotSent => Err(network_error()),
                Outcome::Cut(Cut::DieBefore) => run.die().await,
                Outcome::Cut(Cut::BreakBefore) => Err(connection_error()),
                Outcome::Cut(cut) => {
                    // The run never receives the result.
                    let _ = inner.call(request).await;
                    match cut {
                        Cut::DieBefore | Cut::DieAfter => run.die().await,
                        Cut::BreakBefore | Cut::BreakAfter => Err(connection_error()),
                        Cut::GoneAfter => Err(network_error()),
                    }
                }
            }
        })
    }
}

fn connection_error() -> ConnectorError {
    ConnectorError::io(io::Error::from(io::ErrorKind::ConnectionReset).into())
}

/// An error that the SDK does not retry.
fn network_error() -> ConnectorError {
    ConnectorError::other(io::Error::from(io::ErrorKind::NetworkUnreachable).into(), None)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_config::timeout::TimeoutConfig;
    use aws_config::{BehaviorVersion, Region};
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use axum::Router;
    use tokio::net::TcpListener;

    use super::*;

    /// A DynamoDB that answers every request, and the number of requests.
    async fn serve() -> (aws_sdk_dynamodb::Client, Arc<AtomicUsize>) {
        let arrived = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&arrived);
        let answer = async move || {
            count.fetch_add(1, Ordering::SeqCst);
            "{}"
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, Router::new().fallback(answer)).await });
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::from_keys(
                "local", "local", None,
            )))
            .endpoint_url(url)
            .build();
        (aws_sdk_dynamodb::Client::new(&interruptible(&sdk)), arrived)
    }

    /// Makes three calls. Checks how many requests arrived, how many calls were counted, and how many
    /// calls succeeded if the run was not cut off.
    async fn check(run: Run, arrived: usize, counted: usize, succeeded: Option<usize>) {
        let (client, count) = serve().await;
        let work = async {
            let mut succeeded = 0;
            for _ in 0..3 {
                succeeded += usize::from(client.list_tables().send().await.is_ok());
            }
            succeeded
        };
        assert_eq!(run.execute(work).await, succeeded, "{run:?}");
        assert_eq!((count.load(Ordering::SeqCst), run.calls()), (arrived, counted), "{run:?}");
    }

    #[tokio::test]
    async fn a_run_is_cut_off_at_the_given_call() {
        check(Run::whole(), 3, 3, Some(3)).await;
        check(Run::cut_at(0, Cut::DieBefore), 0, 1, None).await;
        check(Run::cut_at(2, Cut::DieBefore), 2, 3, None).await;
        check(Run::cut_at(0, Cut::DieAfter), 1, 1, None).await;
        check(Run::cut_at(1, Cut::DieAfter), 2, 2, None).await;
        check(Run::cut_at(3, Cut::DieAfter), 3, 3, Some(3)).await;
        // The SDK retries.
        check(Run::cut_at(1, Cut::BreakBefore), 3, 4, Some(3)).await;
        check(Run::cut_at(1, Cut::BreakAfter), 4, 4, Some(3)).await;
        // The SDK does not retry.
        check(Run::cut_at(0, Cut::GoneAfter), 1, 3, Some(0)).await;
        check(Run::cut_at(1, Cut::GoneAfter), 2, 3, Some(1)).await;
    }

    #[tokio::test]
    async fn a_call_that_hangs_ends_at_the_timeout_of_the_sdk() {
        let (client, _) = serve().await;
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_millis(10))
            .operation_timeout(Duration::from_secs(10))
            .build();
        let settings = client.config().to_builder().timeout_config(timeouts).build();
        let client = aws_sdk_dynamodb::Client::from_conf(settings);
        let run = Run::with_hangs(None, 1.0, fastrand::Rng::with_seed(1));
        let error = run.execute(client.list_tables().send()).await.unwrap().unwrap_err();
        assert!(matches!(error, aws_sdk_dynamodb::error::SdkError::TimeoutError(_)), "{error:?}");
        assert_eq!(run.calls(), 3, "the SDK tries three times");
    }

    #[tokio::test]
    async fn concurrent_runs_are_counted_separately_and_calls_outside_of_runs_are_not_cut_off() {
        let (client, count) = serve().await;
        let call = async || client.list_tables().send().await.map(drop);
        let (dying, whole) = (Run::cut_at(0, Cut::DieAfter), Run::whole());
        let (died, done, outside) =
            tokio::join!(dying.execute(call()), whole.execute(call()), call());
        assert!(died.is_none() && dying.was_cut());
        done.unwrap().unwrap();
        outside.unwrap();
        assert_eq!((dying.calls(), whole.calls(), whole.was_cut()), (1, 1, false));
        assert_eq!(count.load(Ordering::SeqCst), 3);
    }
}
