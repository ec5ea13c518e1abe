//! The stamp at the start of a line: `31/12/23, 21:41 - ` on Android, `[31/12/23, 21:41:05] ` on an iPhone, `31/12/14 21:41:05: ` in old
//! exports, and the same with the date's parts, the separators, the digits and the words of other languages.

use crate::phrases;
use crate::whatsapp::scan::{Number, Scan, is_invisible};

/// No stamp is longer, in bytes.
const MAX_STAMP: usize = 120;
/// What follows a stamp without brackets.
const ENDS: &[&str] = &[" - ", " – ", " — ", " − ", COLON];
const COLON: &str = ": ";
/// Words between date and time (`at`, `um`, `a las`, `kl.`), or behind the time (`Uhr`).
const MAX_WORDS: usize = 3;
const MAX_WORD_CHARS: usize = 12;
const MAX_UNKNOWN_TAIL_CHARS: usize = 6;

/// Stands for the separator of a date whose month is a word.
const NAMED: char = 'a';

/// A line's stamp, and what follows it.
#[derive(Clone, Debug)]
pub struct Stamp<'a> {
    pub shape: Shape,
    pub date: Date,
    pub clock: Clock,
    pub first: Option<First>,
    pub rest: &'a str,
}

/// What is the same in all stamps of one export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    bracketed: bool,
    date_first: bool,
    parts_of_date: usize,
    separator: Option<char>,
    end: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Date {
    /// Three numbers, in an order that only the whole export tells.
    Numbers([Number; 3]),
    Named {
        day: u32,
        month: u32,
        year: u32,
    },
    /// There is none, or it lacks the year.
    Incomplete,
}

/// Which part of a date its writing suggests to come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    Day,
    /// `AM` or `PM` in capitals and no leading zero, as in the United States.
    Month,
    /// Words of East Asia.
    Year,
}

/// Hour and minute, by a clock of 24 hours.
pub type Clock = (u32, u32);

impl<'a> Stamp<'a> {
    /// Reads the stamp that a line starts with.
    pub fn of_line(line: &'a str) -> Option<Self> {
        let line = line.trim_start_matches(|c: char| is_invisible(c) || c.is_whitespace());
        if let Some(inside) = line.strip_prefix(['[', '［']) {
            let (stamp, rest) = start(inside).find([']', '］']).map(|at| inside.split_at(at))?;
            let rest = rest.trim_start_matches([']', '］']).trim_start();
            let rest = ENDS.iter().find_map(|end| rest.strip_prefix(end.trim_start())).unwrap_or(rest);
            return Self::new(stamp, "]", rest);
        }
        let ends = start(line).char_indices().filter_map(|(at, _)| {
            let end = ENDS.iter().find(|end| line[at..].starts_with(**end) || line[at..] == *end.trim_end())?;
            Some((at, *end))
        });
        ends.into_iter().find_map(|(at, end)| Self::new(&line[..at], end, line[at..].get(end.len()..).unwrap_or_default()))
    }

    /// Whether an iPhone exports such stamps: what is copied has brackets too, but the time first, or no year.
    pub fn is_of_iphone(&self) -> bool {
        self.shape.bracketed && self.shape.date_first && self.date != Date::Incomplete
    }

    fn new(text: &str, end: &'static str, rest: &'a str) -> Option<Self> {
        let scan = Scan::new(text)?;
        // What stands between a time and a colon may be a name.
        let unknown_tail = if end == COLON { 0 } else { MAX_UNKNOWN_TAIL_CHARS };
        let bracketed = end == "]";
        let orders = [true, false].into_iter().flat_map(|date_first| [3, 2, 1, 0].map(|parts| (date_first, parts)));
        let (date_first, parts_of_date, (separator, date, clock)) = orders.into_iter().find_map(|(date_first, parts)| {
            let found = read(&scan, date_first, parts, unknown_tail)?;
            // Without brackets and without a whole date it may be any text.
            (bracketed || found.1 != Date::Incomplete || found.0 == Some(NAMED)).then_some((date_first, parts, found))
        })?;
        let shape = Shape { bracketed, date_first, parts_of_date, separator, end };
        Some(Self { shape, date, clock, first: First::of(text, date), rest })
    }
}

impl First {
    fn of(text: &str, date: Date) -> Option<Self> {
        let Date::Numbers(numbers) = date else {
            return None;
        };
        let padded = numbers[..2].iter().any(|number| number.digits == 2 && number.value < 10);
        if text.contains(|c| matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7ff}')) {
            Some(Self::Year)
        } else if text.contains("AM") || text.contains("PM") {
            Some(if padded { Self::Day } else { Self::Month })
        } else {
            // Who has a clock of 24 hours may have it in any country.
            (padded || text.contains(char::is_alphabetic)).then_some(Self::Day)
        }
    }
}

/// The start of a line, as far as a stamp could reach.
fn start(line: &str) -> &str {
    &line[..line.floor_char_boundary(MAX_STAMP)]
}

/// Reads a date of so many numbers, and a time of two or three, in the order given. The character is what separates the date's
/// parts.
fn read(scan: &Scan, date_first: bool, parts: usize, unknown_tail: usize) -> Option<(Option<char>, Date, Clock)> {
    let Scan { numbers, gaps } = scan;
    let of_time = numbers.len().checked_sub(parts).filter(|of_time| (2..=3).contains(of_time))?;
    let [date_at, time_at] = if date_first { [0, parts] } else { [of_time, 0] };
    let (first, last) = (&gaps[0], &gaps[numbers.len()]);
    let between = &gaps[if date_first { parts } else { of_time }];
    // The gaps around the time, where a half of the day may be named.
    let (before_time, after_time) = if date_first { (between, last) } else { (first, between) };

    let dated = Dated { numbers: &numbers[date_at..date_at + parts], gaps: &gaps[date_at..=date_at + parts] };
    let (separator, date) = dated.read()?;
    let (hour, minute) = read_time(&numbers[time_at..time_at + of_time], &gaps[time_at + 1..time_at + of_time])?;
    let half = half_of_day(after_time).or_else(|| half_of_day(before_time));
    let clock = (by_24_hours(hour, half), minute);

    let leading =
        first.trim().is_empty() || is_weekday(first) || is_era(first) || half_of_day(first).is_some() || phrases::month(first).is_some();
    let joined = parts == 0 || (!between.is_empty() && joins(between));
    let trailing = last.trim().chars().count() <= unknown_tail || half_of_day(last).is_some() || phrases::month(last).is_some();
    let date = if is_era(first) { Date::Incomplete } else { date };
    (leading && joined && trailing && last.chars().all(is_of_words)).then_some((separator, date, clock))
}

/// A date's numbers, and the gaps before, between and behind them.
struct Dated<'a> {
    numbers: &'a [Number],
    gaps: &'a [String],
}

impl Dated<'_> {
    fn read(&self) -> Option<(Option<char>, Date)> {
        let short = |number: &Number| number.digits <= 2;
        let month = || self.gaps.iter().find_map(|gap| phrases::month(gap));
        match (self.numbers, self.gaps) {
            ([], _) => Some((None, Date::Incomplete)),
            (&[a, b, c], [_, first, second, _]) => {
                let separator = date_separator(first)?;
                date_separator(second)?;
                let years = [a, c].iter().filter(|number| !short(number)).count();
                (short(&b) && years <= 1).then_some((Some(separator), Date::Numbers([a, b, c])))
            }
            ([a, b], [_, joint, _]) if date_separator(joint).is_some() => {
                (short(a) && short(b)).then_some((date_separator(joint), Date::Incomplete))
            }
            ([a, b], _) => {
                let (day, year) = if short(a) { (a, b) } else { (b, a) };
                let named = Date::Named { day: day.value, month: month()?, year: year.value };
                short(day).then_some((Some(NAMED), named))
            }
            // `28 Jul 11:35`
            ([day], _) => {
                month()?;
                short(day).then_some((Some(NAMED), Date::Incomplete))
            }
            _ => None,
        }
    }
}

fn date_separator(gap: &str) -> Option<char> {
    let mut characters = gap.trim().chars();
    let separator = characters.next()?;
    (characters.next().is_none() && matches!(separator, '/' | '-' | '.' | '‐' | '‑' | '–' | '年' | '月' | '년' | '월' | '／'))
        .then_some(separator)
}

/// Hour and minute as they are written.
fn read_time(numbers: &[Number], between: &[String]) -> Option<(u32, u32)> {
    let joint = |gap: &String| {
        matches!(gap.trim(), ":" | "." | "：" | "∶" | "h" | "h." | "min" | "m" | "時" | "时" | "點" | "点" | "시" | "分" | "분")
    };
    let (hour, minute) = (numbers[0], numbers[1]);
    let valid = between.iter().all(joint)
        && hour.digits <= 2
        && hour.value <= 24
        && numbers[1..].iter().all(|part| part.digits == 2 && part.value <= 60);
    (valid && minute.value < 60).then_some((hour.value, minute.value))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Half {
    BeforeNoon,
    AfterNoon,
}

fn by_24_hours(hour: u32, half: Option<Half>) -> u32 {
    match half {
        Some(Half::BeforeNoon) if hour == 12 => 0,
        Some(Half::AfterNoon) if hour < 12 => hour + 12,
        // So some clocks count the first hour.
        None if hour == 24 => 0,
        _ => hour,
    }
}

/// The half of the day that the last words of a gap name.
fn half_of_day(gap: &str) -> Option<Half> {
    let words: Vec<&str> = gap.split([' ', ',', '،', '、']).filter(|word| !word.is_empty()).collect();
    (words.len().saturating_sub(MAX_WORDS)..words.len()).find_map(|from| {
        let named = words[from..].concat();
        if phrases::is_before_noon(&named) { Some(Half::BeforeNoon) } else { phrases::is_after_noon(&named).then_some(Half::AfterNoon) }
    })
}

/// `Di., ` or `Tuesday, `
fn is_weekday(gap: &str) -> bool {
    gap.trim().ends_with([',', '.']) && joins(gap) && gap.trim().chars().all(|c| !c.is_whitespace())
}

/// What says that the years are counted from an emperor or a republic.
fn is_era(gap: &str) -> bool {
    matches!(gap.trim(), "r" | "令和" | "平成" | "民國" | "民国")
}

/// Whether a gap may stand between a date and a time.
fn joins(gap: &str) -> bool {
    let words = || gap.split(|c: char| !is_letter(c)).filter(|word| !word.is_empty());
    let parted = gap.chars().any(|c| c.is_whitespace() || is_letter(c) || matches!(c, ',' | '،' | '、' | '，'));
    parted && gap.chars().all(is_of_words) && words().count() <= MAX_WORDS && words().all(|word| word.chars().count() <= MAX_WORD_CHARS)
}

/// Letters, and the marks that some scripts put on them.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() || (!c.is_ascii() && !c.is_whitespace() && !"،、，–—·״׳".contains(c))
}

fn is_of_words(c: char) -> bool {
    is_letter(c) || c.is_whitespace() || ",.،、，-–—·|'’\"״׳".contains(c)
}
