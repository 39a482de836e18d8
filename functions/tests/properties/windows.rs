//! Windows are exact to the millisecond, and widened to whole seconds for MediaPackage.

use chrono::{TimeDelta, Timelike as _};
use matchcut::clip::{Limits, Window, WindowError};
use proptest::prelude::*;

use crate::values::{start_and_end, window};

proptest! {
    #[test]
    fn a_widened_window_contains_both_times_and_less_than_a_second_more((start, end) in start_and_end()) {
        let window = Window::new(start, end).unwrap();
        prop_assert_eq!((window.exact_start(), window.exact_end()), (start, end));
        prop_assert!(window.start() <= start && end <= window.end());
        let second = TimeDelta::seconds(1);
        prop_assert!(start - window.start() < second && window.end() - end < second);
        prop_assert_eq!((window.start().nanosecond(), window.end().nanosecond()), (0, 0));
    }

    #[test]
    fn a_window_within_two_times_is_the_longest_of_whole_seconds((start, end) in start_and_end()) {
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
    fn a_window_that_does_not_start_before_its_end_is_refused((start, end) in start_and_end()) {
        prop_assert_eq!(Window::new(end, start), Err(WindowError::Empty));
        prop_assert_eq!(Window::new_within(end, start), Err(WindowError::Empty));
    }

    #[test]
    fn a_window_of_whole_seconds_is_not_changed(window in window()) {
        let widened = Window::new(window.start(), window.end()).unwrap();
        prop_assert_eq!((widened.exact_start(), widened.exact_end()), (window.start(), window.end()));
        prop_assert_eq!((widened.start(), widened.end()), (window.start(), window.end()));
        prop_assert_eq!(Window::new_within(window.start(), window.end()), Ok(widened));
        let json = serde_json::to_string(&window).unwrap();
        prop_assert_eq!(serde_json::from_str::<Window>(&json).unwrap(), window);
    }

    #[test]
    fn a_window_passes_the_check_exactly_if_it_is_within_the_limits(
        window in window(),
        segment in 1_i64..60,
        startover in 60_i64..1_209_600,
    ) {
        let (segment, startover) = (TimeDelta::seconds(segment), TimeDelta::seconds(startover));
        let length = window.end() - window.start();
        let is_within = segment * 2 <= length && length <= startover && length <= Window::MAX_LENGTH;
        prop_assert_eq!(window.check(Limits { segment, startover }).is_ok(), is_within);
    }
}
