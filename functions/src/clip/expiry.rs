//! The default expiry of the clips of each competition.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};

use super::CompetitionId;

/// The number of days after which the clips of each competition are deleted.
///
/// The variable `CLIP_EXPIRY_DAYS` holds it as a JSON object from competition to days. `*` applies
/// to every competition that is not named, for example `{"*":365,"100m-dash":30}`. A competition
/// without an entry keeps its clips.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpirySettings(BTreeMap<String, u32>);

#[derive(Debug, thiserror::Error)]
pub enum ExpirySettingsError {
    #[error("{0}")]
    Json(serde_json::Error),
    #[error("{0:?} is neither a competition nor *")]
    Competition(String),
    #[error("the number of days must be from 1 to 36500")]
    Days,
}

const OTHERS: &str = "*";
const MAX_DAYS: u32 = 36_500;

impl ExpirySettings {
    /// When a clip of the competition that is created now expires.
    pub fn expires_at(
        &self,
        competition: &CompetitionId,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let days = self.0.get(competition.as_str()).or_else(|| self.0.get(OTHERS))?;
        Some(now + TimeDelta::days((*days).into()))
    }
}

impl FromStr for ExpirySettings {
    type Err = ExpirySettingsError;

    fn from_str(text: &str) -> Result<Self, ExpirySettingsError> {
        let days: BTreeMap<String, u32> =
            serde_json::from_str(text).map_err(ExpirySettingsError::Json)?;
        for (competition, days) in &days {
            if competition != OTHERS && competition.parse::<CompetitionId>().is_err() {
                return Err(ExpirySettingsError::Competition(competition.clone()));
            }
            if !(1..=MAX_DAYS).contains(days) {
                return Err(ExpirySettingsError::Days);
            }
        }
        Ok(Self(days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_competition_has_its_own_expiry_or_the_default() {
        let now = DateTime::UNIX_EPOCH;
        let check = |expiry: &str, competition: &str, days: Option<i64>| {
            let expiry: ExpirySettings = expiry.parse().unwrap();
            let at = expiry.expires_at(&competition.parse().unwrap(), now);
            assert_eq!(at.map(|at| (at - now).num_days()), days);
        };
        check(r#"{"*":365,"100m-dash":30}"#, "100m-dash", Some(30));
        check(r#"{"*":365,"100m-dash":30}"#, "hurdles", Some(365));
        check(r#"{"100m-dash":30}"#, "hurdles", None);
        for wrong in ["", "[]", "7", r#"{"a b":7}"#, r#"{"*":0}"#, r#"{"*":-1}"#, r#"{"*":36501}"#]
        {
            assert!(wrong.parse::<ExpirySettings>().is_err(), "{wrong}");
        }
    }
}
