use std::fmt;

/// A minute of local time, of whatever place the phone was in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SentAt {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
}

impl SentAt {
    /// None where there is no such minute.
    pub fn new((year, month, day): (u32, u32, u32), (hour, minute): (u32, u32)) -> Option<Self> {
        let real = (1..=9999).contains(&year) && (1..=days_of_month(year, month)).contains(&day) && hour < 24 && minute < 60;
        let small = |number: u32| u8::try_from(number).ok();
        real.then_some(())?;
        Some(Self { year: u16::try_from(year).ok()?, month: small(month)?, day: small(day)?, hour: small(hour)?, minute: small(minute)? })
    }

    /// Days since some day long ago, nearly: months count as 31 days.
    pub fn rough_days(self) -> u32 {
        (u32::from(self.year) * 12 + u32::from(self.month)) * 31 + u32::from(self.day)
    }

    /// Year, month and day, which order as days do.
    pub fn date(self) -> (u16, u8, u8) {
        (self.year, self.month, self.day)
    }
}

/// `YYYY-MM-DDTHH:MM`
impl fmt::Display for SentAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}T{:02}:{:02}", self.year, self.month, self.day, self.hour, self.minute)
    }
}

/// 0 for what is no month.
fn days_of_month(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn texts_order_as_times_do(a in (1900u32..2100, 1u32..14, 1u32..33, 0u32..25, 0u32..61), b in (1900u32..2100, 1u32..13, 1u32..29, 0u32..24, 0u32..60)) {
            let sent_at = |(year, month, day, hour, minute)| SentAt::new((year, month, day), (hour, minute));
            if let (Some(a), Some(b)) = (sent_at(a), sent_at(b)) {
                prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
                prop_assert_eq!(a.to_string().len(), 16);
            }
        }
    }

    #[test]
    fn days_that_are_not_in_the_calendar_are_none() {
        let day = |date| SentAt::new(date, (0, 0)).is_some();
        assert!(day((2024, 2, 29)) && day((2000, 2, 29)) && day((2023, 12, 31)));
        assert!(!day((2023, 2, 29)) && !day((1900, 2, 29)) && !day((2023, 4, 31)) && !day((2023, 13, 1)) && !day((2023, 1, 0)));
    }
}
