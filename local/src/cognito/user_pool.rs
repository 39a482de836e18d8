//! The user pool: its client, its sessions, and the tokens that a sign-in gives.

use std::path::Path;
use std::{fs, io};

use chrono::{TimeDelta, Utc};
use matchcut::api::ScopeToken;
use matchcut::config::{ConfigError, Variables};
use serde_json::{Value, json};

use super::client::Client;
use super::codes::Codes;
use super::machine::{Machine, MachineOption};
use super::sessions::Sessions;
use super::tokens::{TokenError, Tokens};
use super::user::User;
use crate::account::CLIENT;
use crate::data_folder::DataFolderError;
use crate::secret_file::write_secret;

/// One year, so that scripts can keep the token of a data folder.
const SCRIPT_TOKEN_LIFETIME: TimeDelta = TimeDelta::days(365);

/// The user pool of a stand-in.
#[derive(Debug)]
pub(crate) struct UserPool {
    pub(super) tokens: Tokens,
    pub(super) client: Client,
    pub(super) codes: Codes,
    pub(super) machines: Vec<Machine>,
    pub(super) sessions: Sessions,
    /// The trigger that gives access tokens the scopes of their user's group.
    scope_token: ScopeToken,
    /// The lifetime of access and ID tokens.
    lifetime: TimeDelta,
}

#[derive(Debug, thiserror::Error)]
pub enum UserPoolError {
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    DataFolder(#[from] DataFolderError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("could not add a machine")]
    Machine(#[source] io::Error),
}

/// What a token reply is made of.
pub(super) struct TokenGrant<'a> {
    pub(super) user: &'a User,
    pub(super) scope: &'a str,
    pub(super) auth_time: i64,
    pub(super) nonce: Option<&'a str>,
}

impl UserPool {
    /// Opens the pool of a data folder. `issuer` is the URL of the stand-in, and `scopes` are the
    /// scopes that people can have.
    pub(crate) fn open(
        folder: &Path,
        issuer: &str,
        scopes: Vec<String>,
        variables: &Variables,
        lifetime: TimeDelta,
    ) -> Result<Self, UserPoolError> {
        let sessions = Sessions::open(&folder.join("sessions"), Utc::now());
        let scopes = std::iter::once("openid".to_owned()).chain(scopes).collect();
        Ok(Self {
            tokens: Tokens::open(folder, issuer)?,
            client: Client::new(issuer, scopes),
            codes: Codes::default(),
            machines: Vec::new(),
            sessions: sessions.map_err(DataFolderError::at(folder))?,
            scope_token: ScopeToken::new(variables)?,
            lifetime,
        })
    }

    /// Adds the machines, whose scopes must be in the `contract`.
    pub(crate) fn with_machines(
        self,
        folder: &Path,
        options: &[MachineOption],
        contract: &[String],
    ) -> Result<Self, UserPoolError> {
        let machines = options.iter().map(|option| Machine::open(folder, option, contract));
        let machines = machines.collect::<Result<_, _>>();
        Ok(Self { machines: machines.map_err(UserPoolError::Machine)?, ..self })
    }

    pub(crate) fn machines(&self) -> &[Machine] {
        &self.machines
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Where the console finds the login, as `login` in its `config.json`.
    pub(crate) fn login_config(&self) -> Value {
        let issuer = &self.tokens.issuer;
        json!({
            "issuer": issuer,
            "authorizationEndpoint": format!("{issuer}/oauth2/authorize"),
            "tokenEndpoint": format!("{issuer}/oauth2/token"),
            "revocationEndpoint": format!("{issuer}/oauth2/revoke"),
            "logoutEndpoint": format!("{issuer}/logout"),
            "clientId": CLIENT,
            "scopes": self.client.scopes,
        })
    }

    /// Reads a user's token for scripts from a data folder.
    ///
    /// If there is none, or the stand-in would not accept it or would now issue another one, it is
    /// replaced. So a data folder of an earlier version, or of another port, gets a good token.
    pub(crate) fn open_token(&self, folder: &Path, user: &User) -> Result<String, TokenError> {
        let path = folder.join(format!("{}.token", user.name));
        let claims = self.access_claims(user, "", Utc::now().timestamp());
        if let Ok(token) = fs::read_to_string(&path)
            && let Some(kept) = self.tokens.verify(token.trim())
            && ["sub", "username", "scope"].iter().all(|name| kept[*name] == claims[*name])
        {
            return Ok(token.trim().to_owned());
        }
        let token = self.tokens.sign(claims, SCRIPT_TOKEN_LIFETIME)?;
        write_secret(&path, token.as_bytes()).map_err(|source| TokenError::Io { path, source })?;
        Ok(token)
    }

    /// Issues an access token with exactly this scope.
    pub(crate) fn issue_token(
        &self,
        name: &str,
        scope: &str,
        lifetime: TimeDelta,
    ) -> Result<String, TokenError> {
        let claims = json!({
            "sub": name,
            "username": name,
            "client_id": CLIENT,
            "token_use": "access",
            "scope": scope,
        });
        self.tokens.sign(claims, lifetime)
    }

    /// The reply of the token endpoint to a machine: an access token only, of no user. Cognito starts
    /// no trigger of version 2 for it.
    /// <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html>
    pub(super) fn machine_reply(
        &self,
        machine: &Machine,
        scope: &str,
    ) -> Result<Value, TokenError> {
        let claims = json!({
            "sub": machine.id,
            "client_id": machine.id,
            "token_use": "access",
            "auth_time": Utc::now().timestamp(),
            "version": 2,
            "scope": scope,
        });
        Ok(json!({
            "access_token": self.tokens.sign(claims, self.lifetime)?,
            "token_type": "Bearer",
            "expires_in": self.lifetime.num_seconds(),
        }))
    }

    /// The reply of the token endpoint. Like Cognito's, it does not say which scopes were granted.
    /// <https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html>
    pub(super) fn token_reply(
        &self,
        grant: &TokenGrant<'_>,
        refresh_token: &str,
    ) -> Result<Value, TokenError> {
        let &TokenGrant { user, scope, auth_time, nonce } = grant;
        let access = self.access_claims(user, scope, auth_time);
        let mut reply = json!({
            "access_token": self.tokens.sign(access, self.lifetime)?,
            "refresh_token": refresh_token,
            "token_type": "Bearer",
            "expires_in": self.lifetime.num_seconds(),
        });
        if scope.split(' ').any(|scope| scope == "openid") {
            let mut claims = json!({
                "sub": user.name,
                "aud": CLIENT,
                "token_use": "id",
                "auth_time": auth_time,
                "cognito:username": user.name,
                "cognito:groups": [user.group],
            });
            if let Some(nonce) = nonce {
                claims["nonce"] = nonce.into();
            }
            reply["id_token"] = self.tokens.sign(claims, self.lifetime)?.into();
        }
        Ok(reply)
    }

    /// The claims of an access token. The trigger decides about its scopes.
    /// <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html>
    fn access_claims(&self, user: &User, requested: &str, auth_time: i64) -> Value {
        let requested: Vec<&str> = requested.split_whitespace().collect();
        let reply = self.scope_token.handle(json!({
            "version": "2",
            "triggerSource": "TokenGeneration_HostedAuth",
            "userName": user.name,
            "request": {
                "userAttributes": { "sub": user.name, "name": user.name },
                "groupConfiguration": { "groupsToOverride": [user.group] },
                "scopes": requested,
            },
            "response": { "claimsAndScopeOverrideDetails": null },
        }));
        let changes = &reply["response"]["claimsAndScopeOverrideDetails"]["accessTokenGeneration"];
        let list = |name: &str| -> Vec<&str> {
            changes[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
        };
        let (added, suppressed) = (list("scopesToAdd"), list("scopesToSuppress"));
        let kept = requested.iter().filter(|it| !suppressed.contains(it) && !added.contains(it));
        let scope: Vec<&str> = kept.chain(&added).copied().collect();
        let mut claims = json!({
            "sub": user.name,
            "username": user.name,
            "client_id": CLIENT,
            "token_use": "access",
            "auth_time": auth_time,
            "cognito:groups": [user.group],
            "scope": scope.join(" "),
        });
        for (name, value) in changes["claimsToAddOrOverride"].as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        claims
    }

    /// The cookie that keeps a user signed in at the login page.
    ///
    /// Browsers send a cookie to every port of a host, so its name has the port.
    pub(super) fn login_cookie(&self) -> String {
        format!("matchcut-login-{}", self.tokens.issuer.rsplit(':').next().unwrap_or_default())
    }

    /// The user of a login cookie, and when the user signed in.
    pub(super) fn read_login(&self, cookie: &str) -> Option<(User, i64)> {
        let claims = self.tokens.verify(cookie)?;
        if claims["token_use"] != "login" {
            return None;
        }
        let user = User::parse(claims["sub"].as_str()?, claims["group"].as_str()?)?;
        Some((user, claims["iat"].as_i64()?))
    }

    /// The value of a login cookie.
    pub(super) fn issue_login(
        &self,
        user: &User,
        lifetime: TimeDelta,
    ) -> Result<String, TokenError> {
        let claims = json!({ "sub": user.name, "group": user.group, "token_use": "login" });
        self.tokens.sign(claims, lifetime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCOPES: &str = r#"{"viewer":["clips.read"],"operator":["channels.write","clips.write"]}"#;

    fn open(folder: &Path, issuer: &str, scopes: &str) -> UserPool {
        let variables: Variables = [("GROUP_SCOPES", scopes)].into_iter().collect();
        UserPool::open(folder, issuer, Vec::new(), &variables, TimeDelta::hours(1)).unwrap()
    }

    #[test]
    fn a_token_is_kept_in_the_data_folder_until_it_is_not_good_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let token = |issuer, scopes| {
            let pool = open(folder.path(), issuer, scopes);
            let token = pool.open_token(folder.path(), &User::operator()).unwrap();
            let claims = pool.tokens.verify(&token).expect("the stand-in accepts its own token");
            assert_eq!(claims["username"], "operator");
            (token, claims["scope"].as_str().unwrap().to_owned())
        };
        let old = r#"{"operator":["clips.write"]}"#;
        let (first, scope) = token("http://127.0.0.1:1", old);
        assert_eq!(scope, "clips.write");
        assert_eq!(token("http://127.0.0.1:1", old).0, first);
        // A newer version, and then another port.
        let (second, scope) = token("http://127.0.0.1:1", SCOPES);
        assert_eq!(scope, "channels.write clips.write");
        let (third, _) = token("http://127.0.0.1:2", SCOPES);
        assert_ne!(first, second);
        assert_ne!(second, third);
        // An earlier version wrote tokens with another issuer and without a user name.
        fs::write(folder.path().join("operator.token"), "not.a.token").unwrap();
        token("http://127.0.0.1:2", SCOPES);
    }

    #[test]
    fn the_trigger_decides_about_the_scopes_and_may_add_claims() {
        let folder = tempfile::tempdir().unwrap();
        let pool = open(folder.path(), "http://127.0.0.1:1", SCOPES);
        let check = |user: &User, requested: &str, expected: &str| {
            assert_eq!(pool.access_claims(user, requested, 0)["scope"], expected, "{requested}");
        };
        check(&User::operator(), "openid", "openid channels.write clips.write");
        check(&User::operator(), "openid clips.read", "openid channels.write clips.write");
        check(&User::viewer(), "openid clips.write", "openid clips.read");
        check(&User::viewer(), "", "clips.read");
        let user = User { name: "eve".to_owned(), group: "other".to_owned() };
        check(&user, "openid clips.write", "openid");
    }

    #[test]
    fn only_a_login_cookie_signs_somebody_in() {
        let folder = tempfile::tempdir().unwrap();
        let pool = open(folder.path(), "http://127.0.0.1:1", SCOPES);
        let cookie = pool.issue_login(&User::viewer(), TimeDelta::hours(1)).unwrap();
        assert_eq!(pool.read_login(&cookie).unwrap().0, User::viewer());
        let expired = pool.issue_login(&User::viewer(), TimeDelta::hours(-1)).unwrap();
        let access = pool.issue_token("ann", "clips.write", TimeDelta::hours(1)).unwrap();
        for other in [expired, access, String::new()] {
            assert_eq!(pool.read_login(&other), None, "{other}");
        }
        assert_eq!(pool.login_cookie(), "matchcut-login-1");
    }
}
