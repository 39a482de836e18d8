//! The routes of pages and files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Path as PathParameter, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tower_http::services::{ServeDir, ServeFile};

use super::branding::Branding;
use super::headers::SiteHeaders;
use super::not_built::not_built;
use crate::api_gateway::not_found;
use crate::media_file::to_response;

/// What the site is made of.
pub(crate) struct SiteSettings<'a> {
    /// The folder of the built console and viewer's pages.
    pub(crate) folder: PathBuf,
    pub(crate) branding: Branding,
    /// Where the console finds the login.
    pub(crate) login: Value,
    /// The origin of the site itself, of the login and of the media.
    pub(crate) origin: &'a str,
    /// The origin of presigned URLs.
    pub(crate) uploads_origin: &'a str,
    /// Whether clips only play with signed cookies.
    pub(crate) private: bool,
}

/// The console and the viewer's pages.
#[derive(Debug)]
pub(crate) struct Site {
    origin: String,
    folder: PathBuf,
    branding: Branding,
    /// What `config.json` says.
    config: Value,
    headers: SiteHeaders,
    /// The headers of all pages but the embedded player.
    page_headers: HeaderMap,
}

impl Site {
    pub(crate) fn new(settings: SiteSettings<'_>) -> Self {
        let SiteSettings { folder, branding, login, origin, uploads_origin, private } = settings;
        let headers = SiteHeaders::read();
        let page_headers = headers.of_site(origin, uploads_origin);
        let config = json!({
            "login": login,
            "private": private,
            "uploads": uploads_origin,
            "version": env!("CARGO_PKG_VERSION"),
        });
        if !folder.join("console.html").is_file() {
            tracing::warn!(
                "the console is not built in {}; build it with `make console`",
                folder.display()
            );
        }
        Self { origin: origin.to_owned(), folder, branding, config, headers, page_headers }
    }

    /// Adds the headers of the site, and those of the file, to a reply.
    fn dress(&self, file: &str, mut reply: Response) -> Response {
        reply.headers_mut().extend(self.page_headers.clone());
        if reply.status().is_success() || reply.status() == StatusCode::NOT_MODIFIED {
            let (name, value) = self.headers.cache_control(file);
            reply.headers_mut().insert(name, value);
        } else {
            reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        reply
    }

    /// Serves a file under the name that it has in the console's folder.
    async fn serve(&self, name: &str, path: &Path, request: Request) -> Response {
        self.dress(name, serve_file(path, request).await)
    }
}

/// The pages, their files, `config.json` and the branding.
pub(crate) fn router(site: Arc<Site>) -> Router {
    let mut pages = Router::new().route("/", get(open_console));
    for (path, file) in &site.headers.pages {
        let (file, is_embed) = (file.clone(), path == "/embed");
        let page = async move |State(site): State<Arc<Site>>, request: Request| {
            serve_page(&site, &file, is_embed, request).await
        };
        let below = format!("{path}/{{*path}}");
        pages = pages.route(path, get(page.clone())).route(&below, get(page));
    }
    let router = pages
        .layer(from_fn_with_state(Arc::clone(&site), lead_to_origin))
        .route("/config.json", get(show_config))
        .route("/branding.json", get(serve_branding))
        .route("/branding/{name}", get(serve_picture))
        .route("/assets/{*path}", get(serve_asset))
        .route("/{file}", get(serve_root_file).fallback(refuse));
    router.with_state(site)
}

/// Leads a browser that asked for `localhost` to the address that the login, the media and the policy
/// of the pages name.
async fn lead_to_origin(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if host.split(':').next() != Some("localhost") {
        return next.run(request).await;
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    (StatusCode::FOUND, [(LOCATION, format!("{}{path}", site.origin))]).into_response()
}

/// Adds the headers of pages to the replies of `/c/…`, which a function renders.
pub(crate) async fn add_page_headers(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let is_page = request.uri().path().starts_with("/c/");
    let mut reply = next.run(request).await;
    if is_page {
        reply.headers_mut().extend(site.page_headers.clone());
    }
    reply
}

/// `GET /`
async fn open_console(State(site): State<Arc<Site>>) -> Response {
    if site.folder.join("console.html").is_file() {
        let mut reply = Redirect::to("/console").into_response();
        *reply.status_mut() = StatusCode::FOUND;
        return site.dress("", reply);
    }
    site.dress("", not_built())
}

async fn serve_page(site: &Site, file: &str, is_embed: bool, request: Request) -> Response {
    let path = site.folder.join(file);
    if !path.is_file() {
        return site.dress(file, not_built());
    }
    let mut reply = site.serve(file, &path, request).await;
    if is_embed {
        for name in site.page_headers.keys() {
            reply.headers_mut().remove(name);
        }
        reply.headers_mut().extend(site.headers.of_embed(&site.branding.embed_origins()));
    }
    reply
}

async fn show_config(State(site): State<Arc<Site>>) -> Response {
    site.dress("config.json", Json(&site.config).into_response())
}

async fn serve_branding(State(site): State<Arc<Site>>, request: Request) -> Response {
    let mut reply = site.serve("branding.json", site.branding.file(), request).await;
    if reply.headers().contains_key(CONTENT_TYPE) {
        let media_type = HeaderValue::from_static("application/json");
        reply.headers_mut().insert(CONTENT_TYPE, media_type);
    }
    reply
}

async fn serve_picture(
    State(site): State<Arc<Site>>,
    PathParameter(name): PathParameter<String>,
    request: Request,
) -> Response {
    match site.branding.picture(&name) {
        Some(path) => site.serve("branding", &path, request).await,
        None => site.dress("branding", not_found(request.uri().path())),
    }
}

async fn serve_asset(
    State(site): State<Arc<Site>>,
    PathParameter(path): PathParameter<String>,
    request: Request,
) -> Response {
    let mut folder = ServeDir::new(&site.folder).append_index_html_on_directories(false);
    let reply = to_response(folder.try_call(request).await);
    site.dress(&format!("assets/{path}"), reply)
}

/// Serves a file beside the pages, such as the icon.
async fn serve_root_file(
    State(site): State<Arc<Site>>,
    PathParameter(name): PathParameter<String>,
    request: Request,
) -> Response {
    let path = site.folder.join(&name);
    let is_file = !name.contains(['/', '\\']) && !name.starts_with('.') && path.is_file();
    if is_file { site.serve(&name, &path, request).await } else { not_found(request.uri().path()) }
}

async fn refuse(uri: Uri) -> Response {
    not_found(uri.path())
}

async fn serve_file(path: &Path, request: Request) -> Response {
    let mut file = ServeFile::new(path).ignore_multi_range_requests(true);
    to_response(file.try_call(request).await)
}
