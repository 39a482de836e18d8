//! Whoever is told of changes: takes every notice.

use std::io;
use std::net::Ipv4Addr;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use reqwest::Url;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// A webhook; it ends when it is dropped.
#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) url: Url,
    _server: AbortOnDropHandle<()>,
}

impl Receiver {
    pub(super) async fn serve() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let url = url.parse().expect("an address makes a URL");
        let router = Router::new().route("/", post(StatusCode::NO_CONTENT));
        let server = tokio::spawn(async move {
            // A server that is gone shows in what the function says of it.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, _server: AbortOnDropHandle::new(server) })
    }
}
