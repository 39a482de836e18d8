//! Lambda's runtime API for one function: what it polls, and where it answers.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;
use std::{io, time};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio_util::task::AbortOnDropHandle;

/// What a function says to the runtime API.
#[derive(Debug)]
pub(super) enum Call {
    /// It asks for an event.
    Next {
        at: Instant,
    },
    Answered(String),
    Failed(String),
}

/// The runtime API; it ends when it is dropped.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    pub(super) address: SocketAddr,
    pub(super) calls: mpsc::UnboundedReceiver<Call>,
    pub(super) events: mpsc::UnboundedSender<String>,
    _server: AbortOnDropHandle<()>,
}

#[derive(Debug)]
struct Ends {
    calls: mpsc::UnboundedSender<Call>,
    events: Mutex<mpsc::UnboundedReceiver<String>>,
}

impl RuntimeApi {
    pub(super) async fn serve() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (calls, called) = mpsc::unbounded_channel();
        let (events, waiting) = mpsc::unbounded_channel();
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failure))
            .route("/2018-06-01/runtime/init/error", post(failure))
            .with_state(Arc::new(Ends { calls, events: Mutex::new(waiting) }));
        let server = tokio::spawn(async move {
            // A server that is gone shows in the function's next call.
            let _ = axum::serve(listener, router).await;
        });
        let server = AbortOnDropHandle::new(server);
        Ok(Self { address, calls: called, events, _server: server })
    }
}

async fn next(State(ends): State<Arc<Ends>>) -> Response {
    let _ = ends.calls.send(Call::Next { at: Instant::now() });
    let Some(event) = ends.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = time::SystemTime::now() + time::Duration::from_secs(30);
    let deadline = deadline.duration_since(time::UNIX_EPOCH).unwrap_or_default().as_millis();
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", format!("{:032x}", fastrand::u128(..))),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:000000000000:function:bench".to_owned(),
        ),
    ];
    (headers, event).into_response()
}

async fn response(State(ends): State<Arc<Ends>>, body: String) -> StatusCode {
    let _ = ends.calls.send(Call::Answered(body));
    StatusCode::ACCEPTED
}

async fn failure(State(ends): State<Arc<Ends>>, body: String) -> StatusCode {
    let _ = ends.calls.send(Call::Failed(body));
    StatusCode::ACCEPTED
}
