//! `POST /api/competitions/{competitionId}/playback`: the cookies that open a private library.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;
use url::Url;

use super::cookies::{CookieSigner, KeyError, SignedCookies};
use super::private;
use crate::clip::CompetitionId;
use crate::config::{ConfigError, Variables};
use crate::http::{self, Problem, ProblemKind, Reply, Request, utc};

/// Everything `grant-playback` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct GrantPlayback {
    /// What stands before the path of a VOD manifest.
    vod: Url,
    /// `None` in a public library.
    key: Option<PlaybackKey>,
}

/// The private key, where it is kept and once it was read.
#[derive(Clone, Debug)]
struct PlaybackKey {
    client: aws_sdk_secretsmanager::Client,
    secret: String,
    key_pair_id: String,
    lifetime: TimeDelta,
    signer: Arc<OnceCell<CookieSigner>>,
}

/// What the secret holds, as `make deploy` writes it. The seal key in it is for others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Secret {
    private_key: String,
}

#[derive(Debug, thiserror::Error)]
enum SecretError {
    #[error("could not read the playback key")]
    Read(#[source] Box<aws_sdk_secretsmanager::Error>),
    #[error("the secret of the playback key has no text")]
    NoText,
    // Its cause could quote the secret.
    #[error("the secret of the playback key is not JSON with a privateKey")]
    Json,
    #[error("could not use the playback key")]
    Key(#[source] KeyError),
}

/// A week: cookies cannot be taken back.
const LONGEST_HOURS: u8 = 168;

impl GrantPlayback {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        let key = match variables.get("PLAYBACK_KEY_SECRET_ARN") {
            None => None,
            Some(secret) => Some(PlaybackKey {
                client: aws_sdk_secretsmanager::Client::new(sdk),
                secret: secret.to_owned(),
                key_pair_id: variables.required("PLAYBACK_KEY_PAIR_ID")?.to_owned(),
                lifetime: lifetime(variables)?,
                signer: Arc::default(),
            }),
        };
        Ok(Self { vod: variables.parsed("VOD_BASE_URL")?, key })
    }

    /// Reads the key, so that no viewer waits for it.
    pub async fn warm_up(&self) {
        if let Some(key) = &self.key
            && let Err(error) = key.signer().await
        {
            // The first request tries again, and tells why it cannot be answered.
            tracing::warn!("{}", crate::error::chain(&error));
        }
    }

    pub async fn handle(&self, event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
        let request = Request::from(event);
        let reply = match request.path("competitionId") {
            Ok(competition) => self.grant(&competition, Utc::now()).await,
            Err(problem) => Err(problem),
        };
        http::respond(&request, reply)
    }

    async fn grant(
        &self,
        competition: &CompetitionId,
        now: DateTime<Utc>,
    ) -> Result<Reply, Problem> {
        let Some(key) = &self.key else {
            let detail = "The library is public: its clips play without cookies.";
            return Err(Problem::new(ProblemKind::LibraryPublic, detail));
        };
        let signer = key.signer().await.map_err(|error| Problem::unavailable(&error))?;
        let until = now.trunc_subsecs(0) + key.lifetime;
        let base = self.vod.as_str().trim_end_matches('/');
        let resource = format!("{base}{}*", private::folder(competition));
        let cookies = signer.sign(&resource, until);
        let body = json!({
            "competition": competition,
            "resource": resource,
            "expiresAt": utc(until),
            "cookies": cookies
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect::<Map<String, Value>>(),
        });
        let headers = self.set_cookies(competition, &cookies);
        Ok(Reply::json(200, body).with_cookies(headers))
    }

    /// The cookies as browsers take them.
    ///
    /// Their names are CloudFront's, the same for every competition: the path keeps those of
    /// several competitions apart. Apps on other sites may play, too, which browsers only allow
    /// over HTTPS. They end with the browser's session, as CloudFront's guide advises.
    fn set_cookies(&self, competition: &CompetitionId, cookies: &SignedCookies) -> Vec<String> {
        let base = self.vod.path().trim_end_matches('/');
        let path = format!("{base}{}", private::folder(competition));
        let site =
            if self.vod.scheme() == "https" { "Secure; SameSite=None" } else { "SameSite=Lax" };
        let cookie = |(name, value)| format!("{name}={value}; Path={path}; HttpOnly; {site}");
        cookies.iter().map(|(name, value)| cookie((name, value))).collect()
    }
}

impl PlaybackKey {
    async fn signer(&self) -> Result<&CookieSigner, SecretError> {
        self.signer.get_or_try_init(|| self.read()).await
    }

    async fn read(&self) -> Result<CookieSigner, SecretError> {
        let asked = self.client.get_secret_value().secret_id(&self.secret).send().await;
        let value = asked.map_err(|error| SecretError::Read(Box::new(error.into())))?;
        let text = value.secret_string().ok_or(SecretError::NoText)?;
        let secret: Secret = serde_json::from_str(text).map_err(|_| SecretError::Json)?;
        CookieSigner::new(&secret.private_key, &self.key_pair_id).map_err(SecretError::Key)
    }
}

fn lifetime(variables: &Variables) -> Result<TimeDelta, ConfigError> {
    let hours: u8 = variables.parsed("PLAYBACK_HOURS")?;
    if (1..=LONGEST_HOURS).contains(&hours) {
        return Ok(TimeDelta::hours(hours.into()));
    }
    let reason = format!("it has to be from 1 to {LONGEST_HOURS}");
    Err(ConfigError::Invalid { name: "PLAYBACK_HOURS", reason })
}
