//! Which number of a date is the day. One stamp may not tell; the whole export does.

use crate::SentAt;
use crate::whatsapp::scan::Number;
use crate::whatsapp::stamp::{Date, First, Stamp};

/// Years of two digits from here on are of the Thai calendar: WhatsApp is as old as its year 2552.
const THAI_FROM: u32 = 52;
/// How far the Thai calendar is ahead.
const THAI_YEARS: u32 = 543;
/// Years of which the calendar is known; others, as the Persian, are not converted.
const GREGORIAN: std::ops::Range<u32> = 1970..2200;
const THAI: std::ops::Range<u32> = 1970 + THAI_YEARS..2200 + THAI_YEARS;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    DayMonthYear,
    MonthDayYear,
    YearMonthDay,
}

impl Order {
    /// The order in which most stamps are dates; of those the one that goes back in time least often; of those the one that the writing
    /// suggests; else the one in which the least time passes.
    pub fn of_export<'a>(stamps: &(impl Iterator<Item = &'a Stamp<'a>> + Clone)) -> Self {
        let suggested = stamps.clone().find_map(|stamp| stamp.first).map(|first| match first {
            First::Day => Self::DayMonthYear,
            First::Month => Self::MonthDayYear,
            First::Year => Self::YearMonthDay,
        });
        let cost = |order: &Self| {
            let times: Vec<_> = stamps.clone().map(|stamp| order.sent_at(stamp)).collect();
            let none = times.iter().filter(|time| time.is_none()).count();
            let known: Vec<_> = times.into_iter().flatten().collect();
            let backward = known.windows(2).filter(|pair| pair[0] > pair[1]).count();
            let days = || known.iter().map(|time| time.rough_days());
            let passed = days().max().unwrap_or(0) - days().min().unwrap_or(0);
            (none, backward, suggested.is_some_and(|suggested| suggested != *order), passed)
        };
        // The first of equal ones is taken.
        [Self::DayMonthYear, Self::MonthDayYear, Self::YearMonthDay].into_iter().min_by_key(cost).unwrap_or(Self::DayMonthYear)
    }

    /// Whether three numbers are no date in this order.
    pub fn is_no_date(self, stamp: &Stamp<'_>) -> bool {
        matches!(stamp.date, Date::Numbers(_)) && self.sent_at(stamp).is_none()
    }

    /// None where the date is not whole, or is none in this order.
    pub fn sent_at(self, stamp: &Stamp<'_>) -> Option<SentAt> {
        let (year, month, day) = match stamp.date {
            Date::Incomplete => return None,
            Date::Named { day, month, year } => (gregorian(year)?, month, day),
            Date::Numbers([a, b, c]) => {
                let (year, month, day) = match self {
                    Self::DayMonthYear => (c, b, a),
                    Self::MonthDayYear => (c, a, b),
                    Self::YearMonthDay => (a, b, c),
                };
                let two = |number: Number| (number.digits <= 2).then_some(number.value);
                (gregorian(year.value)?, two(month)?, two(day)?)
            }
        };
        SentAt::new((year, month, day), stamp.clock)
    }
}

fn gregorian(year: u32) -> Option<u32> {
    match year {
        0..THAI_FROM => Some(year + 2000),
        THAI_FROM..100 => Some(year + 2500 - THAI_YEARS),
        year if GREGORIAN.contains(&year) => Some(year),
        year if THAI.contains(&year) => Some(year - THAI_YEARS),
        _ => None,
    }
}
