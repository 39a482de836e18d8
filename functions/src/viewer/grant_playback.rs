//! `POST /api/competitions/{competitionId}/playback`: signs the cookies that play a private library.

use std::sync::Arc;

use aws_config::SdkConfig;
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;
use url::Url;

use super::cookies::{CookieSigner, KeyError, SignedCookies};
use crate::api::{Fields, Problem, ProblemKind, Reply, Request, Route, private_folder};
use crate::clip::{CompetitionId, format_utc};
use crate::config::{ConfigError, Variables};
use crate::error;

/// The route of `grant-playback`.
#[derive(Clone, Debug)]
pub struct GrantPlayback {
    /// The base URL of manifests: the CDN.
    vod: Url,
    /// The domain whose hosts get the cookies. `None` is only the host that sets them.
    cookie_domain: Option<String>,
    /// `None` if the library is public.
    key: Option<PlaybackKey>,
}

/// The private key that signs cookies. It is read from its secret once.
#[derive(Clone, Debug)]
struct PlaybackKey {
    client: aws_sdk_secretsmanager::Client,
    secret: String,
    key_pair_id: String,
    lifetime: TimeDelta,
    signer: Arc<OnceCell<CookieSigner>>,
}

/// The secret, as `make deploy` writes it. Its seal key is for other functions.
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
    // Without its cause, which could quote the secret.
    #[error("the secret of the playback key is not JSON with a privateKey")]
    Json,
    #[error("could not use the playback key")]
    Key(#[source] KeyError),
}

/// Longest lifetime of cookies, in hours. A week, because cookies cannot be revoked.
const MAX_HOURS: u8 = 168;

impl Route for GrantPlayback {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        let key = match variables.get("PLAYBACK_KEY_SECRET_ARN") {
            None => None,
            Some(secret) => Some(PlaybackKey {
                client: aws_sdk_secretsmanager::Client::new(sdk),
                secret: secret.to_owned(),
                key_pair_id: variables.required("PLAYBACK_KEY_PAIR_ID")?.to_owned(),
                lifetime: parse_lifetime(variables)?,
                signer: Arc::default(),
            }),
        };
        let vod: Url = variables.parsed("VOD_BASE_URL")?;
        let cookie_domain: Option<String> = variables.optional("PLAYBACK_COOKIE_DOMAIN")?;
        if let Some(domain) = &cookie_domain {
            check_cookie_domain(domain, &vod)?;
        }
        Ok(Self { vod, cookie_domain, key })
    }

    /// Reads the key, so that no viewer waits for it.
    async fn warm_up(&self) {
        if let Some(key) = &self.key
            && let Err(failure) = key.signer().await
        {
            // The first request retries, and fails with the same error if that fails.
            tracing::warn!("{}", error::chain(&failure));
        }
    }

    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let competition = &request.path_parameter("competitionId")?;
        let Some(key) = &self.key else {
            let detail = "The library is public. Its clips play without cookies.";
            return Err(Problem::new(ProblemKind::LibraryPublic, detail));
        };
        let last = now.trunc_subsecs(0) + key.lifetime;
        let until = parse_expiry(&request.body()?, now, last)?.unwrap_or(last);
        let signer = key.signer().await.map_err(|error| Problem::unavailable(&error))?;
        let base = self.vod.as_str().trim_end_matches('/');
        let resource = format!("{base}{}*", private_folder(competition));
        let cookies = signer.sign(&resource, until);
        let body = json!({
            "competition": competition,
            "resource": resource,
            "expiresAt": format_utc(until),
            "cookies": cookies
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect::<Map<String, Value>>(),
        });
        let headers = self.format_set_cookies(competition, &cookies);
        Ok(Reply::json(200, &body).with_cookies(headers))
    }
}

impl GrantPlayback {
    /// Formats the `Set-Cookie` headers.
    ///
    /// CloudFront defines the names of the cookies, so the cookies of several competitions differ only
    /// by their path. The cookies have no expiry of their own, so they end with the session of the
    /// browser, as the guide of CloudFront recommends.
    ///
    /// Pages and media are hosts of one site, so `SameSite=Lax` is enough. `SameSite=None` would add
    /// only pages of other sites, where Safari and Firefox drop the cookies. A cookie with `Domain`
    /// can be set by any host of the domain, such as a backend that passes these headers on.
    /// <https://www.rfc-editor.org/rfc/rfc6265#section-5.3>
    fn format_set_cookies(
        &self,
        competition: &CompetitionId,
        cookies: &SignedCookies,
    ) -> Vec<String> {
        let base = self.vod.path().trim_end_matches('/');
        let path = format!("{base}{}", private_folder(competition));
        let domain = self.cookie_domain.as_ref().map(|it| format!("Domain={it}; "));
        let domain = domain.unwrap_or_default();
        let secure = if self.vod.scheme() == "https" { "Secure; " } else { "" };
        let rest = format!("Path={path}; {domain}HttpOnly; {secure}SameSite=Lax");
        let cookie = |(name, value)| format!("{name}={value}; {rest}");
        cookies.iter().map(|(name, value)| cookie((name, value))).collect()
    }
}

impl PlaybackKey {
    async fn signer(&self) -> Result<&CookieSigner, SecretError> {
        self.signer.get_or_try_init(|| self.read_secret()).await
    }

    async fn read_secret(&self) -> Result<CookieSigner, SecretError> {
        let response = self.client.get_secret_value().secret_id(&self.secret).send().await;
        let value = response.map_err(|error| SecretError::Read(Box::new(error.into())))?;
        let text = value.secret_string().ok_or(SecretError::NoText)?;
        let secret: Secret = serde_json::from_str(text).map_err(|_| SecretError::Json)?;
        CookieSigner::new(&secret.private_key, &self.key_pair_id).map_err(SecretError::Key)
    }
}

/// Parses the body: a time at which the cookies expire, at the latest the `last` one.
fn parse_expiry(
    body: &[u8],
    now: DateTime<Utc>,
    last: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Problem> {
    let name = "expiresAt";
    let Some(time) = Fields::parse(body, &[name])?.time(name)? else { return Ok(None) };
    // A policy has whole seconds.
    let until = time.trunc_subsecs(0);
    if until <= now {
        return Err(Problem::invalid_field(name, "This must be in the future."));
    }
    if until > last {
        let detail = format!("This must not be later than {}.", format_utc(last));
        return Err(Problem::invalid_field(name, detail));
    }
    Ok(Some(until))
}

/// Checks the domain of the cookies. Browsers drop a cookie of a domain that its host is not in.
fn check_cookie_domain(domain: &str, vod: &Url) -> Result<(), ConfigError> {
    let host = vod.host_str().unwrap_or_default();
    if host == domain || host.ends_with(&format!(".{domain}")) {
        return Ok(());
    }
    let reason = format!("the host {host} of VOD_BASE_URL is not in this domain");
    Err(ConfigError::Invalid { name: "PLAYBACK_COOKIE_DOMAIN", reason })
}

fn parse_lifetime(variables: &Variables) -> Result<TimeDelta, ConfigError> {
    let hours: u8 = variables.parsed("PLAYBACK_HOURS")?;
    if (1..=MAX_HOURS).contains(&hours) {
        return Ok(TimeDelta::hours(hours.into()));
    }
    let reason = format!("it must be from 1 to {MAX_HOURS}");
    Err(ConfigError::Invalid { name: "PLAYBACK_HOURS", reason })
}
