//! Times in requests, in every form.

use chrono::{DateTime, FixedOffset, SecondsFormat};
use matchcut::clip::{ceil_second, floor_second, parse_time};
use proptest::prelude::*;

use crate::values::time;

proptest! {
    #[test]
    fn both_forms_and_every_offset_give_the_same_time(time in time(), minutes in -1439..1440_i32) {
        let offset = FixedOffset::east_opt(minutes * 60).expect("less than a day");
        let local = time.with_timezone(&offset).to_rfc3339_opts(SecondsFormat::Millis, false);
        // With this offset, the year may be 10000 or 1969, which RFC 3339 or the product refuses.
        if DateTime::parse_from_rfc3339(&local).is_ok() {
            prop_assert_eq!(parse_time(&local), Ok(time));
        }
        let milliseconds = time.timestamp_millis();
        if milliseconds < 100_000_000_000_000 {
            let seconds = format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
            prop_assert_eq!(parse_time(&seconds), Ok(time));
        }
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in r"\PC*") {
        let _ = parse_time(&text);
    }

    #[test]
    fn any_text_like_a_time_is_a_time_since_1970_or_refused(
        text in r"[+-]?[0-9]{1,5}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-6][0-9](\.[0-9]{1,12})?([Zz]|[+-][0-9]{2}:[0-9]{2})",
    ) {
        if let Ok(time) = parse_time(&text) {
            prop_assert!(time >= DateTime::UNIX_EPOCH);
            prop_assert!(floor_second(time) <= time && time <= ceil_second(time));
        }
    }

    #[test]
    fn any_number_is_a_time_since_1970_or_refused(number in any::<f64>()) {
        if let Ok(time) = parse_time(&number.to_string()) {
            prop_assert!(time >= DateTime::UNIX_EPOCH);
            #[expect(clippy::cast_precision_loss, reason = "below 1e14")]
            let seconds = time.timestamp_millis() as f64 / 1000.0;
            prop_assert!((seconds - number).abs() < 0.001);
        }
    }
}
