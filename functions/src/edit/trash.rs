//! How long a deleted clip can be restored.

use std::str::FromStr;

use chrono::TimeDelta;

/// The number of days for which a deleted clip is kept. With 0 it is removed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TrashDays(u32);

const DEFAULT_DAYS: u32 = 7;
const MAX_DAYS: u32 = 90;

impl TrashDays {
    pub(super) fn duration(self) -> TimeDelta {
        TimeDelta::days(self.0.into())
    }
}

impl Default for TrashDays {
    fn default() -> Self {
        Self(DEFAULT_DAYS)
    }
}

impl FromStr for TrashDays {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let days = text.parse().ok().filter(|days| *days <= MAX_DAYS);
        days.map(Self).ok_or_else(|| format!("the number of days must be from 0 to {MAX_DAYS}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_are_from_0_to_90() {
        assert_eq!("0".parse(), Ok(TrashDays(0)));
        assert_eq!("90".parse::<TrashDays>().unwrap().duration(), TimeDelta::days(90));
        for wrong in ["", "-1", "91", "7.5", "week"] {
            assert!(wrong.parse::<TrashDays>().is_err(), "{wrong}");
        }
    }
}
