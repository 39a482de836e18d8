//! HTTP servers on loopback, and tasks that end together.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a stop waits for requests in flight. A player may keep its connection open forever.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("port {0} is in use; stop the program that uses it or choose another port with --port")]
    PortInUse(u16),
    #[error("could not listen on port {port}")]
    Listen {
        port: u16,
        #[source]
        source: std::io::Error,
    },
}

/// Listens on a port of the loopback address. With port 0 the system chooses a free one.
pub(crate) async fn listen(port: u16) -> Result<TcpListener, ListenError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => ListenError::PortInUse(port),
        _ => ListenError::Listen { port, source },
    })
}

/// The base URL of a listener, without a trailing slash.
pub(crate) fn base_url(listener: &TcpListener) -> Result<String, ListenError> {
    let address = listener.local_addr();
    let address = address.map_err(|source| ListenError::Listen { port: 0, source })?;
    Ok(format!("http://{address}"))
}

/// The servers and background tasks of a process, which are stopped together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tasks {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Tasks {
    /// Serves a router until [`Tasks::stop`], and then finishes the requests in flight.
    pub(crate) fn serve(&self, listener: TcpListener, router: Router) {
        let shutdown = self.stop.clone().cancelled_owned();
        self.tasks.spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(shutdown).await;
            if let Err(error) = served {
                tracing::error!("an HTTP server stopped: {error}");
            }
        });
    }

    /// Runs a task that ends by itself once its token is cancelled.
    pub(crate) fn spawn_with_token<F>(&self, task: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(task(self.stop.clone()));
    }

    /// Runs a task that [`Tasks::stop`] cuts off.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            stop.run_until_cancelled(task).await;
        });
    }

    /// Stops everything. Requests in flight have [`STOP_TIMEOUT`] to finish.
    pub(crate) async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        let _ = tokio::time::timeout(STOP_TIMEOUT, self.tasks.wait()).await;
    }
}
