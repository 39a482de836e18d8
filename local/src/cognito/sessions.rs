//! Sessions, each with one refresh token that is replaced at every use.
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html>

use std::io;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::random::{random_id, random_text};
use super::user::User;
use crate::records::Records;

/// How long a user stays signed in, as in the deployment.
const LIFETIME: TimeDelta = TimeDelta::days(30);

/// A session: what a user agreed to at a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) user: User,
    pub(super) scope: String,
    /// When the user signed in, in epoch seconds.
    pub(super) auth_time: i64,
    /// The digest of the newest refresh token's secret. The data folder has no refresh token.
    secret_digest: String,
}

/// The sessions of a data folder. They survive a restart.
#[derive(Debug)]
pub(super) struct Sessions(Records<Session>);

impl Sessions {
    pub(super) fn open(folder: &Path, now: DateTime<Utc>) -> io::Result<Self> {
        let sessions = Records::open(folder)?;
        for (id, session) in sessions.all() {
            if is_over(&session, now) {
                sessions.remove(&id)?;
            }
        }
        Ok(Self(sessions))
    }

    /// Starts a session. Returns its id and its first refresh token.
    pub(super) fn start(
        &self,
        user: User,
        scope: String,
        auth_time: i64,
    ) -> io::Result<(String, String)> {
        let (id, secret) = (random_id(), random_text());
        let session = Session { user, scope, auth_time, secret_digest: digest_secret(&secret) };
        self.0.add(&id, session, |_| io::Result::Ok(()))?;
        let token = format!("{id}.{secret}");
        Ok((id, token))
    }

    /// Replaces the refresh token of a session. Returns the session and its new token.
    ///
    /// A token that was replaced before ends the session, because one of its two users was not the
    /// client (RFC 9700, section 4.14.2). The deployment has no grace period either.
    pub(super) fn rotate(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> io::Result<Option<(Session, String)>> {
        let Some((id, secret)) = token.split_once('.') else { return Ok(None) };
        let (given, next) = (digest_secret(secret), random_text());
        let mut is_good = false;
        let session = self.0.change(id, |session| {
            is_good = session.secret_digest == given && !is_over(session, now);
            if is_good {
                session.secret_digest = digest_secret(&next);
            }
        })?;
        if !is_good {
            self.end(id)?;
        }
        Ok(session.filter(|_| is_good).map(|session| (session, format!("{id}.{next}"))))
    }

    /// Ends the session of a refresh token, if there is one.
    pub(super) fn revoke(&self, token: &str) -> io::Result<()> {
        token.split_once('.').map_or(Ok(()), |(id, _)| self.end(id))
    }

    /// Ends a session: its refresh token is worth nothing from now on.
    pub(super) fn end(&self, id: &str) -> io::Result<()> {
        self.0.remove(id).map(drop)
    }
}

fn is_over(session: &Session, now: DateTime<Utc>) -> bool {
    session.auth_time + LIFETIME.num_seconds() <= now.timestamp()
}

fn digest_secret(secret: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_is_replaced_at_each_use_and_its_reuse_ends_the_session() {
        let folder = tempfile::tempdir().unwrap();
        let now = Utc::now();
        let open = || Sessions::open(folder.path(), now).unwrap();
        let sessions = open();
        let start =
            || sessions.start(User::operator(), "openid".to_owned(), now.timestamp()).unwrap().1;
        let (first, other) = (start(), start());
        let (session, second) = sessions.rotate(&first, now).unwrap().unwrap();
        assert_eq!(session.user, User::operator());

        // A restart knows the newest token.
        let sessions = open();
        let (_, third) = sessions.rotate(&second, now).unwrap().unwrap();
        assert_eq!(sessions.rotate(&first, now).unwrap(), None);
        assert_eq!(sessions.rotate(&third, now).unwrap(), None, "the session has ended");
        let sessions = open();
        assert_eq!(sessions.rotate(&third, now).unwrap(), None, "a restart revives no session");

        let (_, other) = sessions.rotate(&other, now).unwrap().expect("another session lives on");
        sessions.revoke(&other).unwrap();
        assert_eq!(sessions.rotate(&other, now).unwrap(), None);
        for unknown in ["", ".", "../../key.x", "nothing"] {
            assert_eq!(sessions.rotate(unknown, now).unwrap(), None);
            sessions.revoke(unknown).unwrap();
        }
    }

    #[test]
    fn a_session_ends_after_thirty_days() {
        let folder = tempfile::tempdir().unwrap();
        let now = Utc::now();
        let sessions = Sessions::open(folder.path(), now).unwrap();
        let start =
            || sessions.start(User::viewer(), "openid".to_owned(), now.timestamp()).unwrap().1;
        let (used, unused) = (start(), start());
        assert_eq!(sessions.rotate(&used, now + LIFETIME).unwrap(), None);
        let sessions = Sessions::open(folder.path(), now + LIFETIME).unwrap();
        assert_eq!(sessions.rotate(&unused, now).unwrap(), None);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
