//! Runs of a function that end at one of their calls to AWS.
//!
//! A function can be cut off at any `await`: Lambda stops it at its timeout, its machine is lost,
//! a connection breaks. What counts is how far the calls to AWS have come, so runs are cut there:
//!
//! ```no_run
//! # use matchcut_local::{Cut, Run, interruptible};
//! # async fn example(sdk: &aws_config::SdkConfig) {
//! let dynamodb = aws_sdk_dynamodb::Client::new(&interruptible(sdk));
//! let work = async || dynamodb.list_tables().send().await;
//!
//! // Once to the end: how many calls are there?
//! let whole = Run::whole();
//! whole.of(work()).await.expect("nothing cuts this run").unwrap();
//! for call in 0..whole.calls() {
//!     // The call takes effect, and nobody learns its answer.
//!     assert!(Run::cut_at(call, Cut::DieAfter).of(work()).await.is_none());
//! }
//! # }
//! ```

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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

tokio::task_local! {
    static RUN: Run;
}

/// What happens at the call where a run is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The run ends before the request is sent.
    DieBefore,
    /// The request takes effect; the run ends before its answer is acted on.
    DieAfter,
    /// The request is not sent, and the SDK is told of a connection that broke.
    BreakBefore,
    /// The request takes effect, and the SDK is told of a connection that broke.
    BreakAfter,
    /// The request takes effect, its answer is lost, and so is every call after it: the network is
    /// gone. The SDK tries none of them again, as if it had done so in vain.
    GoneAfter,
}

/// One run of a function: counts its calls, and may be cut at one of them.
///
/// Each try of the SDK is a call of its own. What the function spawns does not belong to the run.
#[derive(Clone, Debug)]
pub struct Run(Arc<State>);

#[derive(Debug)]
struct State {
    calls: AtomicUsize,
    cut: Option<(usize, Cut)>,
    /// Closed when the run is over before its end.
    alive: Semaphore,
}

/// What becomes of one call.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Whole,
    Cut(Cut),
    /// There is no network any more.
    Unsent,
}

impl Run {
    /// A run that goes to its end.
    pub fn whole() -> Self {
        Self::new(None)
    }

    /// A run that is cut at a call, counted from 0; if it has fewer, it goes to its end.
    pub fn cut_at(call: usize, cut: Cut) -> Self {
        Self::new(Some((call, cut)))
    }

    fn new(cut: Option<(usize, Cut)>) -> Self {
        let calls = AtomicUsize::new(0);
        Self(Arc::new(State { calls, cut, alive: Semaphore::new(0) }))
    }

    /// Does the work as this run; `None` if the run died before the work was done.
    pub async fn of<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            // Nothing is ever to be had of it, so this only ends when it is closed.
            _ = self.0.alive.acquire() => None,
            done = RUN.scope(self.clone(), work) => Some(done),
        }
    }

    /// How many calls were begun so far.
    pub fn calls(&self) -> usize {
        self.0.calls.load(Ordering::SeqCst)
    }

    /// Whether the call was reached at which the run is cut.
    pub fn was_cut(&self) -> bool {
        self.0.cut.is_some_and(|(at, _)| at < self.calls())
    }

    /// Counts a call; what is to happen at it.
    fn begin_call(&self) -> Fate {
        let call = self.0.calls.fetch_add(1, Ordering::SeqCst);
        match self.0.cut {
            Some((at, cut)) if at == call => Fate::Cut(cut),
            Some((at, Cut::GoneAfter)) if at < call => Fate::Unsent,
            _ => Fate::Whole,
        }
    }

    async fn die<T>(&self) -> T {
        self.0.alive.close();
        pending().await
    }
}

/// The same configuration, with calls that belong to the [`Run`] that makes them.
///
/// Outside of a run nothing is different. Without an HTTP client of its own the configuration
/// gets one that speaks plain HTTP, as the stand-in does.
pub fn interruptible(sdk: &SdkConfig) -> SdkConfig {
    let inner = sdk.http_client();
    let inner = inner.unwrap_or_else(|| aws_smithy_http_client::Builder::new().build_http());
    sdk.to_builder().http_client(SharedHttpClient::new(Client(inner))).build()
}

/// Connects each call through the run it belongs to.
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
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Ok(run) = RUN.try_with(Clone::clone) else { return self.0.call(request) };
        let inner = self.0.clone();
        HttpConnectorFuture::new(async move {
            match run.begin_call() {
                Fate::Whole => inner.call(request).await,
                Fate::Unsent => Err(gone()),
                Fate::Cut(Cut::DieBefore) => run.die().await,
                Fate::Cut(Cut::BreakBefore) => Err(broken()),
                Fate::Cut(cut) => {
                    // Whether it succeeded is what the run does not hear.
                    let _ = inner.call(request).await;
                    match cut {
                        Cut::DieBefore | Cut::DieAfter => run.die().await,
                        Cut::BreakBefore | Cut::BreakAfter => Err(broken()),
                        Cut::GoneAfter => Err(gone()),
                    }
                }
            }
        })
    }
}

fn broken() -> ConnectorError {
    ConnectorError::io(io::Error::from(io::ErrorKind::ConnectionReset).into())
}

/// An error that the SDK takes for one that no other try cures.
fn gone() -> ConnectorError {
    ConnectorError::other(io::Error::from(io::ErrorKind::NetworkUnreachable).into(), None)
}

#[cfg(test)]
mod tests {
    use aws_config::{BehaviorVersion, Region};
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use axum::Router;
    use tokio::net::TcpListener;

    use super::*;

    /// A DynamoDB that answers everything, and counts it.
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

    /// Three calls; the requests that arrived, the calls that were begun, and how many of the three
    /// succeeded if it ended.
    async fn check(run: Run, arrived: usize, begun: usize, succeeded: Option<usize>) {
        let (client, count) = serve().await;
        let work = async {
            let mut succeeded = 0;
            for _ in 0..3 {
                succeeded += usize::from(client.list_tables().send().await.is_ok());
            }
            succeeded
        };
        assert_eq!(run.of(work).await, succeeded, "{run:?}");
        assert_eq!((count.load(Ordering::SeqCst), run.calls()), (arrived, begun), "{run:?}");
    }

    #[tokio::test]
    async fn a_run_is_cut_at_the_call_that_was_asked_for() {
        check(Run::whole(), 3, 3, Some(3)).await;
        check(Run::cut_at(0, Cut::DieBefore), 0, 1, None).await;
        check(Run::cut_at(2, Cut::DieBefore), 2, 3, None).await;
        check(Run::cut_at(0, Cut::DieAfter), 1, 1, None).await;
        check(Run::cut_at(1, Cut::DieAfter), 2, 2, None).await;
        check(Run::cut_at(3, Cut::DieAfter), 3, 3, Some(3)).await;
        // The SDK tries again.
        check(Run::cut_at(1, Cut::BreakBefore), 3, 4, Some(3)).await;
        check(Run::cut_at(1, Cut::BreakAfter), 4, 4, Some(3)).await;
        // It does not.
        check(Run::cut_at(0, Cut::GoneAfter), 1, 3, Some(0)).await;
        check(Run::cut_at(1, Cut::GoneAfter), 2, 3, Some(1)).await;
    }

    #[tokio::test]
    async fn runs_at_once_are_counted_apart_and_calls_of_no_run_are_left_alone() {
        let (client, count) = serve().await;
        let call = async || client.list_tables().send().await.map(drop);
        let (dying, whole) = (Run::cut_at(0, Cut::DieAfter), Run::whole());
        let (died, done, outside) = tokio::join!(dying.of(call()), whole.of(call()), call());
        assert!(died.is_none() && dying.was_cut());
        done.unwrap().unwrap();
        outside.unwrap();
        assert_eq!((dying.calls(), whole.calls(), whole.was_cut()), (1, 1, false));
        assert_eq!(count.load(Ordering::SeqCst), 3);
    }
}
