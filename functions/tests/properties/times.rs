//! Times in every accepted format.

use chrono::{DateTime, FixedOffset, SecondsFormat};
use matchcut::clip::{ceil_second, floor_second, parse_time};
use proptest::prelude::*;

use crate::values::moment;

proptest! {
    #[test]
    fn every_format_and_offset_parses_to_the_same_time(moment in moment(), minutes in -1439..1440_i32) {
        let offset = FixedOffset::east_opt(minutes * 60).expect("less than a day");
        let local = moment.with_timezone(&offset).to_rfc3339_opts(SecondsFormat::Millis, false);
        // Of the year 10000 or of 1969 there, it cannot be written with that offset.
        if DateTime::parse_from_rfc3339(&local).is_ok() {
            prop_assert_eq!(parse_time(&local), Ok(moment));
        }
        let milliseconds = moment.timestamp_millis();
        if milliseconds < 100_000_000_000_000 {
            let seconds = format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
            prop_assert_eq!(parse_time(&seconds), Ok(moment));
        }
    }

    #[test]
    fn parsing_arbitrary_text_does_not_panic(text in r"\PC*") {
        let _ = parse_time(&text);
    }

    #[test]
    fn time_like_text_is_a_time_since_1970_or_is_refused(
        text in r"[+-]?[0-9]{1,5}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-6][0-9](\.[0-9]{1,12})?([Zz]|[+-][0-9]{2}:[0-9]{2})",
    ) {
        if let Ok(moment) = parse_time(&text) {
            prop_assert!(moment >= DateTime::UNIX_EPOCH);
            prop_assert!(floor_second(moment) <= moment && moment <= ceil_second(moment));
        }
    }

    #[test]
    fn a_number_is_a_time_since_1970_or_is_refused(number in any::<f64>()) {
        if let Ok(moment) = parse_time(&number.to_string()) {
            prop_assert!(moment >= DateTime::UNIX_EPOCH);
            #[expect(clippy::cast_precision_loss, reason = "below 1e14")]
            let seconds = moment.timestamp_millis() as f64 / 1000.0;
            prop_assert!((seconds - number).abs() < 0.001);
        }
    }
}
