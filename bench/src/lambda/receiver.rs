//! A webhook subscriber that accepts every webhook message.

use std::io;
use std::net::Ipv4Addr;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use reqwest::Url;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// A running HTTP server. Dropping it stops the server.
#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) url: Url,
    _server: AbortOnDropHandle<()>,
}

impl Receiver {
    pub(super) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let url = url.parse().expect("a socket address is a valid host and port");
        let router = Router::new().route("/", post(StatusCode::NO_CONTENT));
        let server = tokio::spawn(async move {
            // If the server fails, `deliver-webhook` fails too.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, _server: AbortOnDropHandle::new(server) })
    }
}
