//! The page that stands in for the console while it is not built.

use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{Html, IntoResponse as _, Response};

const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width\"><title>The console is not built</title>\
<h1>The console is not built</h1>\
<p>The API runs. The console and the viewer's pages are missing, because they were not built.</p>\
<p>To build them, run <code>make console</code> in the folder of the repository, then load this \
page again. A restart is not needed.</p>\
<p><code>make console</code> needs Node.js 20.19 or newer (nodejs.org). If there is none, it \
installs one with python3 and pip into <code>target/node</code>.</p></html>";

/// Answers 503 with what to install and how to build.
pub(super) fn not_built() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(CACHE_CONTROL, "no-store")], Html(PAGE)).into_response()
}
