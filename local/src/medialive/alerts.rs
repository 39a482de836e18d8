//! The alerts of a channel: set while something is wrong, and cleared after that.
//! <https://docs.aws.amazon.com/medialive/latest/ug/monitoring-api.html>

use std::sync::{Mutex, MutexGuard};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

/// How long MediaLive lists a cleared alert.
const CLEARED_LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// The alerts since the channel was started.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    list: Mutex<Vec<Alert>>,
}

/// An alert as ListAlerts returns it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert {
    #[serde(rename = "alertType")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cleared_timestamp: Option<DateTime<Utc>>,
    /// The number of the alert, counted from the start of the channel.
    pub(super) id: String,
    message: String,
    pipeline_id: &'static str,
    set_timestamp: DateTime<Utc>,
    pub(super) state: AlertState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum AlertState {
    Set,
    Cleared,
}

impl Alerts {
    /// Sets an alert, unless one of this type is set.
    pub(super) fn set(&self, kind: &'static str, message: String, now: DateTime<Utc>) {
        let mut list = self.lock();
        let is_set = |it: &Alert| it.kind == kind && it.state == AlertState::Set;
        if list.iter().any(is_set) {
            return;
        }
        let id = list.len().to_string();
        list.push(Alert {
            kind,
            cleared_timestamp: None,
            id,
            message,
            pipeline_id: "0",
            set_timestamp: now,
            state: AlertState::Set,
        });
    }

    /// Clears every alert that is set.
    pub(super) fn clear(&self, now: DateTime<Utc>) {
        for alert in self.lock().iter_mut().filter(|alert| alert.state == AlertState::Set) {
            alert.state = AlertState::Cleared;
            alert.cleared_timestamp = Some(now);
        }
    }

    /// Removes every alert, as a start of the channel does.
    pub(super) fn reset(&self) {
        self.lock().clear();
    }

    /// The alerts that are set, or were cleared less than five minutes ago.
    pub(super) fn list(&self, now: DateTime<Utc>) -> Vec<Alert> {
        let is_listed =
            |it: &&Alert| it.cleared_timestamp.is_none_or(|at| now - at < CLEARED_LIFETIME);
        self.lock().iter().filter(is_listed).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Alert>> {
        self.list.lock().expect("no thread panics while it holds the lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_580_736_600 + seconds, 0).unwrap()
    }

    #[test]
    fn an_alert_is_set_once_and_listed_for_five_minutes_after_it_was_cleared() {
        let alerts = Alerts::default();
        alerts.set("Video Not Detected", "one".to_owned(), at(0));
        alerts.set("Video Not Detected", "two".to_owned(), at(1));
        let states = |now| alerts.list(now).iter().map(|it| it.state).collect::<Vec<_>>();
        assert_eq!(states(at(2)), [AlertState::Set]);
        assert_eq!(alerts.list(at(2))[0].message, "one");

        alerts.clear(at(10));
        assert_eq!(states(at(309)), [AlertState::Cleared]);
        assert_eq!(states(at(310)), []);
        alerts.set("Video Not Detected", "three".to_owned(), at(310));
        assert_eq!(states(at(310)), [AlertState::Set]);
    }
}
