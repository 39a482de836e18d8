//! An HTTP client of the API, which keeps its connection open as an app does.

use std::time::Duration;

use reqwest::header::CACHE_CONTROL;
use reqwest::{RequestBuilder, StatusCode, Url};
use serde_json::Value;

use crate::error::BenchError;
use crate::timings::time;

#[derive(Clone, Debug)]
pub(crate) struct Api {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Api {
    pub(crate) fn new(base: &str, token: &str) -> Self {
        Self { http: reqwest::Client::new(), base: base.to_owned(), token: token.to_owned() }
    }

    /// Creates a clip. Returns the reply and its response time.
    pub(crate) async fn create_clip(&self, body: &Value) -> Result<(Value, Duration), BenchError> {
        let request = self.http.post(format!("{}/clip", self.base));
        let request = request.bearer_auth(&self.token).json(body);
        get_json("POST /api/clip", request, StatusCode::ACCEPTED).await
    }

    /// Gets a page of a competition's clips. Returns the page and its response time.
    pub(crate) async fn list_clips(
        &self,
        competition: &str,
        query: &[(&str, &str)],
    ) -> Result<(Value, Duration), BenchError> {
        let url = format!("{}/competitions/{competition}/clips", self.base);
        let url = Url::parse_with_params(&url, query)
            .map_err(|_| BenchError::unexpected("URL of the API", &url))?;
        get_json("GET of a page of clips", self.http.get(url), StatusCode::OK).await
    }

    /// Polls the changes of a competition. Returns the response time.
    pub(crate) async fn read_changes(&self, competition: &str) -> Result<Duration, BenchError> {
        let request = self.http.get(format!("{}/competitions/{competition}/changes", self.base));
        let request = request.bearer_auth(&self.token);
        let (_, duration) = get_json("GET of changes", request, StatusCode::OK).await?;
        Ok(duration)
    }

    /// Gets the changes of a competition that are newer than a cursor; without one, the newest.
    pub(crate) async fn list_changes(
        &self,
        competition: &str,
        cursor: Option<&str>,
    ) -> Result<Value, BenchError> {
        let url = format!("{}/competitions/{competition}/changes", self.base);
        let query: Vec<_> = cursor.map(|cursor| ("cursor", cursor)).into_iter().collect();
        let url = Url::parse_with_params(&url, &query)
            .map_err(|_| BenchError::unexpected("URL of the API", &url))?;
        let request = self.http.get(url).bearer_auth(&self.token);
        Ok(get_json("GET of changes", request, StatusCode::OK).await?.0)
    }

    /// Creates a mark or a rule.
    pub(crate) async fn create(&self, path: &str, body: &Value) -> Result<Value, BenchError> {
        let request = self.http.post(format!("{}{path}", self.base));
        let request = request.bearer_auth(&self.token).json(body);
        Ok(get_json(&format!("POST {path}"), request, StatusCode::CREATED).await?.0)
    }

    /// Gets a path without a token. Returns how long a cache may keep the reply. A reply other than 200
    /// and 404 is an error: a throttled one would count as a reply that no cache keeps.
    pub(crate) async fn read_max_age(&self, path: &str) -> Result<Duration, BenchError> {
        let response = self.http.get(format!("{}{path}", self.base)).send().await;
        let response = response
            .map_err(|source| BenchError::Http { request: format!("GET {path}"), source })?;
        let status = response.status();
        if !matches!(status, StatusCode::OK | StatusCode::NOT_FOUND) {
            let (request, body) =
                (format!("GET {path}"), response.text().await.unwrap_or_default());
            return Err(BenchError::Status { request, status: status.as_u16(), body });
        }
        let policy = response.headers().get(CACHE_CONTROL).and_then(|value| value.to_str().ok());
        let max_age = policy
            .unwrap_or_default()
            .split(',')
            .find_map(|directive| directive.trim().strip_prefix("max-age=")?.parse().ok());
        Ok(Duration::from_secs(max_age.unwrap_or_default()))
    }

    /// Gets a multivariant manifest and its first rendition. Returns whether the rendition has an
    /// `EXT-X-ENDLIST` tag.
    pub(crate) async fn has_endlist(&self, manifest: &str) -> Result<bool, BenchError> {
        let unexpected = |text: &str| BenchError::unexpected("manifest", &text);
        let url: Url = manifest.parse().map_err(|_| unexpected(manifest))?;
        let text = self.get_manifest(url.clone()).await?;
        let rendition = text.lines().find(|line| !line.is_empty() && !line.starts_with('#'));
        let rendition = rendition.and_then(|path| url.join(path).ok());
        let rendition = rendition.ok_or_else(|| unexpected(&text))?;
        Ok(self.get_manifest(rendition).await?.contains("#EXT-X-ENDLIST"))
    }

    async fn get_manifest(&self, url: Url) -> Result<String, BenchError> {
        let request = format!("GET {}", url.path());
        get_text(&request, self.http.get(url), StatusCode::OK).await
    }
}

/// Sends a request and parses the reply. `name` describes the request in errors.
async fn get_json(
    name: &str,
    request: RequestBuilder,
    expected: StatusCode,
) -> Result<(Value, Duration), BenchError> {
    let (reply, duration) = time(get_text(name, request, expected)).await;
    let reply = reply?;
    let body = serde_json::from_str(&reply)
        .map_err(|_| BenchError::unexpected("reply that is not JSON", &reply))?;
    Ok((body, duration))
}

/// Sends a request. Any status but the expected one is an error.
async fn get_text(
    name: &str,
    request: RequestBuilder,
    expected: StatusCode,
) -> Result<String, BenchError> {
    let failed = |source| BenchError::Http { request: name.to_owned(), source };
    let response = request.send().await.map_err(failed)?;
    let status = response.status();
    let body = response.text().await.map_err(failed)?;
    if status == expected {
        return Ok(body);
    }
    Err(BenchError::Status { request: name.to_owned(), status: status.as_u16(), body })
}
