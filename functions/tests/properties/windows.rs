//! Windows: whole seconds around, or within, what was asked.

use chrono::{TimeDelta, Timelike as _};
use matchcut::clip::{Limits, Window, WindowError};
use proptest::prelude::*;

use crate::values::{span, window};

proptest! {
    #[test]
    fn a_window_holds_what_was_asked_and_less_than_a_second_more((start, end) in span()) {
        let window = Window::new(start, end).unwrap();
        prop_assert!(window.start() <= start && end <= window.end());
        let second = TimeDelta::seconds(1);
        prop_assert!(start - window.start() < second && window.end() - end < second);
        prop_assert_eq!((window.start().nanosecond(), window.end().nanosecond()), (0, 0));
    }

    #[test]
    fn a_window_within_is_the_longest_of_whole_seconds((start, end) in span()) {
        match Window::new_within(start, end) {
            Ok(window) => {
                prop_assert!(start <= window.start() && window.end() <= end);
                let second = TimeDelta::seconds(1);
                prop_assert!(window.start() - start < second && end - window.end() < second);
                prop_assert_eq!((window.start().nanosecond(), window.end().nanosecond()), (0, 0));
            }
            Err(error) => {
                prop_assert_eq!(error, WindowError::Empty);
                prop_assert!(end - start < TimeDelta::seconds(2));
            }
        }
    }

    #[test]
    fn what_does_not_start_before_its_end_is_no_window((start, end) in span()) {
        prop_assert_eq!(Window::new(end, start), Err(WindowError::Empty));
        prop_assert_eq!(Window::new_within(end, start), Err(WindowError::Empty));
    }

    #[test]
    fn a_window_is_asked_for_again_as_the_same(window in window()) {
        prop_assert_eq!(Window::new(window.start(), window.end()), Ok(window));
        prop_assert_eq!(Window::new_within(window.start(), window.end()), Ok(window));
        let json = serde_json::to_string(&window).unwrap();
        prop_assert_eq!(serde_json::from_str::<Window>(&json).unwrap(), window);
    }

    #[test]
    fn a_window_that_is_allowed_can_be_harvested(
        window in window(),
        segment in 1_i64..60,
        startover in 60_i64..1_209_600,
    ) {
        let (segment, startover) = (TimeDelta::seconds(segment), TimeDelta::seconds(startover));
        let length = window.end() - window.start();
        let fits = segment * 2 <= length && length <= startover && length <= Window::MAX_LENGTH;
        prop_assert_eq!(window.check(Limits { segment, startover }).is_ok(), fits);
    }
}
