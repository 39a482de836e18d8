//! The HTTP API, as an app calls it: one connection that stays open.

use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode, Url};
use serde_json::Value;

use crate::error::BenchError;
use crate::timings::timed;

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

    /// Cuts a clip; its first reply, and how long that took.
    pub(crate) async fn cut(&self, asked: &Value) -> Result<(Value, Duration), BenchError> {
        let request = self.http.post(format!("{}/clip", self.base));
        let request = request.bearer_auth(&self.token).json(asked);
        self.json("POST /api/clip", request, StatusCode::ACCEPTED).await
    }

    /// A page of a competition's clips, and how long that took.
    pub(crate) async fn page(
        &self,
        competition: &str,
        query: &[(&str, &str)],
    ) -> Result<(Value, Duration), BenchError> {
        let url = format!("{}/competitions/{competition}/clips", self.base);
        let url = Url::parse_with_params(&url, query)
            .map_err(|_| BenchError::unexpected("an unusable URL of the API", &url))?;
        self.json("GET the list of clips", self.http.get(url), StatusCode::OK).await
    }

    /// Reads a manifest and its first rendition, and says whether that one is complete.
    pub(crate) async fn plays(&self, manifest: &str) -> Result<bool, BenchError> {
        let wrong = |text: &str| BenchError::unexpected("an unusable manifest", &text);
        let url: Url = manifest.parse().map_err(|_| wrong(manifest))?;
        let text = self.manifest(url.clone()).await?;
        let rendition = text.lines().find(|line| !line.is_empty() && !line.starts_with('#'));
        let rendition = rendition.and_then(|it| url.join(it).ok()).ok_or_else(|| wrong(&text))?;
        Ok(self.manifest(rendition).await?.contains("#EXT-X-ENDLIST"))
    }

    async fn manifest(&self, url: Url) -> Result<String, BenchError> {
        let path = url.path().to_owned();
        text(&path, self.http.get(url), StatusCode::OK).await
    }

    async fn json(
        &self,
        path: &str,
        request: RequestBuilder,
        expected: StatusCode,
    ) -> Result<(Value, Duration), BenchError> {
        let (answer, took) = timed(text(path, request, expected)).await;
        let answer = answer?;
        let body = serde_json::from_str(&answer)
            .map_err(|_| BenchError::unexpected("a reply that is not JSON", &answer))?;
        Ok((body, took))
    }
}

async fn text(
    path: &str,
    request: RequestBuilder,
    expected: StatusCode,
) -> Result<String, BenchError> {
    let failed = |source| BenchError::Http { path: path.to_owned(), source };
    let response = request.send().await.map_err(failed)?;
    let status = response.status();
    let body = response.text().await.map_err(failed)?;
    if status == expected {
        return Ok(body);
    }
    Err(BenchError::Status { path: path.to_owned(), status: status.as_u16(), body })
}
