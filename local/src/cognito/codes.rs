//! Authorization codes: each can be used once, within 60 s.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use chrono::{DateTime, TimeDelta, Utc};

use super::random::random_text;
use super::user::User;

/// Cognito's codes live for five minutes. A client that works with less works with both.
const LIFETIME: TimeDelta = TimeDelta::seconds(60);

/// What a code stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) user: User,
    /// When the user signed in, in epoch seconds.
    pub(super) auth_time: i64,
    pub(super) redirect_uri: String,
    pub(super) challenge: Vec<u8>,
    pub(super) scope: String,
    pub(super) nonce: Option<String>,
}

#[derive(Debug)]
struct Code {
    expires: DateTime<Utc>,
    /// Taken by the first use.
    grant: Option<Grant>,
    /// The session that the first use started.
    session: Option<String>,
}

/// The outcome of the use of a code.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Redeemed {
    Granted(Grant),
    /// The code was used before. The session of the first use must end, because one of the two was
    /// not the client (RFC 6749, section 4.1.2).
    Again(Option<String>),
    /// The code is unknown or expired.
    Unknown,
}

/// The codes of the last 60 s. A restart forgets them, and the client signs in again.
#[derive(Debug, Default)]
pub(super) struct Codes(Mutex<HashMap<String, Code>>);

impl Codes {
    pub(super) fn issue(&self, grant: Grant, now: DateTime<Utc>) -> String {
        let text = random_text();
        let code = Code { expires: now + LIFETIME, grant: Some(grant), session: None };
        let mut codes = self.lock();
        codes.retain(|_, code| code.expires > now);
        codes.insert(text.clone(), code);
        text
    }

    /// Uses a code.
    pub(super) fn redeem(&self, text: &str, now: DateTime<Utc>) -> Redeemed {
        let mut codes = self.lock();
        match codes.get_mut(text).filter(|code| code.expires > now) {
            None => Redeemed::Unknown,
            Some(code) => match code.grant.take() {
                Some(grant) => Redeemed::Granted(grant),
                None => Redeemed::Again(code.session.clone()),
            },
        }
    }

    /// Records the session that a code started.
    pub(super) fn record_session(&self, text: &str, session: &str) {
        if let Some(code) = self.lock().get_mut(text) {
            code.session = Some(session.to_owned());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Code>> {
        self.0.lock().expect("no thread panics while it holds the lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_good_once_and_for_a_minute() {
        let grant = Grant {
            user: User::operator(),
            auth_time: 0,
            redirect_uri: "http://127.0.0.1/console".to_owned(),
            challenge: vec![1],
            scope: "openid".to_owned(),
            nonce: None,
        };
        let (codes, now) = (Codes::default(), Utc::now());
        let code = codes.issue(grant.clone(), now);
        let late = codes.issue(grant.clone(), now);
        assert_ne!(code, late);
        let soon = now + TimeDelta::seconds(59);
        assert_eq!(codes.redeem(&code, soon), Redeemed::Granted(grant.clone()));
        assert_eq!(codes.redeem(&code, soon), Redeemed::Again(None));
        codes.record_session(&code, "s");
        assert_eq!(codes.redeem(&code, soon), Redeemed::Again(Some("s".to_owned())));
        assert_eq!(codes.redeem(&late, now + LIFETIME), Redeemed::Unknown);
        assert_eq!(codes.redeem("other", now), Redeemed::Unknown);

        codes.issue(grant, now + LIFETIME);
        assert_eq!(codes.lock().len(), 1, "expired codes are kept");
    }
}
