//! Lambda's runtime API for one function, which gets its events and posts its responses here.
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

/// A call that a function makes to the runtime API.
#[derive(Debug)]
pub(super) enum Call {
    /// A request for the next event.
    Next {
        at: Instant,
    },
    Response(String),
    Error(String),
}

/// A running server of the runtime API. Dropping it stops the server.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    pub(super) address: SocketAddr,
    pub(super) calls: mpsc::UnboundedReceiver<Call>,
    pub(super) events: mpsc::UnboundedSender<String>,
    _server: AbortOnDropHandle<()>,
}

#[derive(Debug)]
struct RuntimeState {
    calls: mpsc::UnboundedSender<Call>,
    events: Mutex<mpsc::UnboundedReceiver<String>>,
}

impl RuntimeApi {
    pub(super) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (calls, received_calls) = mpsc::unbounded_channel();
        let (events, queued_events) = mpsc::unbounded_channel();
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(send_next_event))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(receive_response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(receive_error))
            .route("/2018-06-01/runtime/init/error", post(receive_error))
            .with_state(Arc::new(RuntimeState { calls, events: Mutex::new(queued_events) }));
        let server = tokio::spawn(async move {
            // If the server fails, the function's next call fails too.
            let _ = axum::serve(listener, router).await;
        });
        let server = AbortOnDropHandle::new(server);
        Ok(Self { address, calls: received_calls, events, _server: server })
    }
}

async fn send_next_event(State(state): State<Arc<RuntimeState>>) -> Response {
    let _ = state.calls.send(Call::Next { at: Instant::now() });
    let Some(event) = state.events.lock().await.recv().await else {
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

async fn receive_response(State(state): State<Arc<RuntimeState>>, body: String) -> StatusCode {
    let _ = state.calls.send(Call::Response(body));
    StatusCode::ACCEPTED
}

async fn receive_error(State(state): State<Arc<RuntimeState>>, body: String) -> StatusCode {
    let _ = state.calls.send(Call::Error(body));
    StatusCode::ACCEPTED
}
