//! Ids and names of clips parse back, and sort by time.

use chrono::TimeDelta;
use matchcut::clip::{
    Attempt, ClipId, ClipKey, CompetitionId, IdError, Window, format_stamp, parse_time,
};
use proptest::prelude::*;

use crate::values::{key, time, window};

proptest! {
    #[test]
    fn every_new_id_parses_back(time in time(), window in window(), text in ".*") {
        for id in [
            ClipId::for_window(window),
            ClipId::for_time(time),
            ClipId::derive(time, &text),
        ] {
            prop_assert_eq!(id.as_str().parse::<ClipId>(), Ok(id.clone()));
            let json = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(serde_json::from_str::<ClipId>(&json).unwrap(), id);
        }
    }

    #[test]
    fn every_time_of_a_request_has_an_id(
        text in r"(1970|2020|9999)-(01-01|06-30|12-31)T(00|23):(00|59):(00|59|60)(\.5|)(Z|[+-]23:59)",
    ) {
        if let Ok(time) = parse_time(&text) {
            let window = Window::new(time - TimeDelta::seconds(1), time).unwrap();
            for id in [ClipId::for_time(time), ClipId::for_window(window)] {
                prop_assert_eq!(id.as_str().parse::<ClipId>(), Ok(id.clone()));
            }
        }
    }

    #[test]
    fn a_key_parses_back(key in key()) {
        let name = key.to_string();
        prop_assert_eq!(name.parse::<ClipKey>(), Ok(key.clone()));
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        prop_assert!(name.bytes().all(allowed), "MediaPackage refuses this id: {}", name);
    }

    #[test]
    fn an_attempt_parses_back_and_shares_no_prefix_with_another(key in key(), one in 1..=5_u32, other in 1..=5_u32) {
        let attempt = |number| Attempt { clip: key.clone(), number };
        let name = attempt(one).to_string();
        prop_assert_eq!(name.parse::<Attempt>(), Ok(attempt(one)));
        prop_assert_eq!(name.parse::<ClipKey>(), Err(IdError::Key));
        prop_assert_eq!(key.to_string().parse::<Attempt>(), Err(IdError::Attempt));
        if one != other {
            let (one, other) = (attempt(one), attempt(other));
            prop_assert!(!one.media_prefix().starts_with(&other.media_prefix()));
            prop_assert!(!one.thumbnail_prefix().starts_with(&other.thumbnail_prefix()));
        }
    }

    #[test]
    fn a_text_that_parses_as_a_name_is_formatted_the_same(
        name in r"[A-Za-z0-9-]{0,3}_?[0-9]{13,15}_[0-9]{13,15}_[A-Za-z0-9]{5,7}(_[0-9]{1,2})?",
    ) {
        if let Ok(key) = name.parse::<ClipKey>() {
            prop_assert_eq!(key.to_string(), name.clone());
        }
        if let Ok(attempt) = name.parse::<Attempt>() {
            prop_assert_eq!(attempt.to_string(), name);
        }
    }

    #[test]
    fn any_text_is_formatted_as_it_was_parsed_or_refused(name in r"\PC*") {
        if let Ok(key) = name.parse::<ClipKey>() {
            prop_assert_eq!(key.to_string(), name.clone());
        }
        if let Ok(id) = name.parse::<CompetitionId>() {
            prop_assert_eq!(id.as_str(), name);
        }
    }

    #[test]
    fn ids_sort_by_time(first in time(), second in time()) {
        let (first, second) = if first <= second { (first, second) } else { (second, first) };
        if first.timestamp() < second.timestamp() {
            prop_assert!(ClipId::for_time(first) < ClipId::for_time(second));
        }
        // A page's bounds compare with ids as text.
        prop_assert!(format_stamp(first).as_str() < ClipId::for_time(first).as_str());
        let next = first + TimeDelta::seconds(1);
        if format_stamp(next).len() == format_stamp(first).len() {
            prop_assert!(ClipId::for_time(first).as_str() < format_stamp(next).as_str());
        }
    }
}
