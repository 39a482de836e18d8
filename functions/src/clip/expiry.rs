//! How long clips are kept.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};

use super::CompetitionId;

/// After how many days the clips of each competition are deleted.
///
/// Written as a JSON object in the variable `CLIP_EXPIRY_DAYS`; `*` stands for every competition
/// that it does not name. Without one, clips are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expiry(BTreeMap<String, u32>);

#[derive(Debug, thiserror::Error)]
pub enum ExpiryError {
    #[error("{0}")]
    Json(serde_json::Error),
    #[error("{0:?} is no competition, nor * for all others")]
    Competition(String),
    #[error("a clip is kept for at least one day, and at most 36500")]
    Days,
}

const OTHERS: &str = "*";
const MOST_DAYS: u32 = 36_500;

impl Expiry {
    /// When a clip that is made now is to be deleted.
    pub fn of(&self, competition: &CompetitionId, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let days = self.0.get(competition.as_str()).or_else(|| self.0.get(OTHERS))?;
        Some(now + TimeDelta::days((*days).into()))
    }
}

impl FromStr for Expiry {
    type Err = ExpiryError;

    fn from_str(text: &str) -> Result<Self, ExpiryError> {
        let days: BTreeMap<String, u32> = serde_json::from_str(text).map_err(ExpiryError::Json)?;
        for (competition, days) in &days {
            if competition != OTHERS && competition.parse::<CompetitionId>().is_err() {
                return Err(ExpiryError::Competition(competition.clone()));
            }
            if !(1..=MOST_DAYS).contains(days) {
                return Err(ExpiryError::Days);
            }
        }
        Ok(Self(days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_competition_has_its_own_days_or_those_of_all_others() {
        let now = DateTime::UNIX_EPOCH;
        let check = |expiry: &str, competition: &str, days: Option<i64>| {
            let expiry: Expiry = expiry.parse().unwrap();
            let at = expiry.of(&competition.parse().unwrap(), now);
            assert_eq!(at.map(|at| (at - now).num_days()), days);
        };
        check(r#"{"*":365,"100m-dash":30}"#, "100m-dash", Some(30));
        check(r#"{"*":365,"100m-dash":30}"#, "hurdles", Some(365));
        check(r#"{"100m-dash":30}"#, "hurdles", None);
        for wrong in ["", "[]", "7", r#"{"a b":7}"#, r#"{"*":0}"#, r#"{"*":-1}"#, r#"{"*":36501}"#]
        {
            assert!(wrong.parse::<Expiry>().is_err(), "{wrong}");
        }
    }
}
