//! WhatsApp's exports, and what its apps copy. What one line does not tell (which number is the day, what is a name, which lines only look
//! like the start of a message), the whole export does.

pub mod calendar;
mod placeholder;
mod scan;
mod speaker;
pub mod stamp;
mod written;

use std::collections::{HashMap, HashSet};

use tandem_bundle::text::is_line_break;

use crate::whatsapp::calendar::Order;
use crate::whatsapp::placeholder::Tags;
use crate::whatsapp::speaker::Speakers;
use crate::whatsapp::stamp::{Shape, Stamp};
use crate::{SentAt, SentMessage, phrases, plain};

/// Where one stamp in so many is no date in the order of the others, it is text.
const MOST_ARE_DATES: usize = 4;

/// Reads an export; none if the text is none.
pub fn parse(text: &str) -> Option<Vec<SentMessage>> {
    let lines: Vec<Line<'_>> = Line::split(text);
    let mut stamped = stamped(&lines);
    let order = Order::of_export(&stamped.iter().map(|(_, stamp)| stamp));
    let undated = stamped.iter().filter(|(_, stamp)| order.is_no_date(stamp)).count();
    if undated * MOST_ARE_DATES <= stamped.len() {
        stamped.retain(|(_, stamp)| !order.is_no_date(stamp));
    }
    let of_iphone = stamped.first().is_some_and(|(_, stamp)| stamp.is_of_iphone());
    let starts = starts(stamped, order);
    is_export(&lines, &starts).then_some(())?;
    Some(messages(&entries(&lines, &starts), of_iphone))
}

/// A line, and the line break before it.
#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    text: &'a str,
    before: &'a str,
}

impl<'a> Line<'a> {
    /// Some apps put a line break of their own for each line of the export.
    fn split(text: &'a str) -> Vec<Self> {
        let mut lines = Vec::new();
        let (mut rest, mut before) = (text, "");
        loop {
            let end = rest.find(is_line_break).unwrap_or(rest.len());
            lines.push(Self { text: &rest[..end], before });
            let after = &rest[end..];
            let Some(first) = after.chars().next() else {
                return lines;
            };
            let width = if after.starts_with("\r\n") { 2 } else { first.len_utf8() };
            before = if first == '\r' { "\n" } else { &after[..width] };
            rest = &after[width..];
        }
    }
}

/// The lines that start an entry of the export: those with the stamp that most lines have. Between them other stamps are part of a message,
/// which quotes a chat or tells a date; before and after them they may be another export.
fn stamped<'a>(lines: &[Line<'a>]) -> Vec<(usize, Stamp<'a>)> {
    let all: Vec<_> = lines.iter().enumerate().filter_map(|(number, line)| Some((number, Stamp::of_line(line.text)?))).collect();
    let mut counts: HashMap<Shape, (usize, usize, usize)> = HashMap::new();
    for (number, stamp) in &all {
        let (count, _, last) = counts.entry(stamp.shape).or_insert((0, *number, *number));
        (*count, *last) = (*count + 1, *number);
    }
    // The first among the most frequent.
    let usual = counts.into_iter().max_by_key(|(_, (count, first, _))| (*count, std::cmp::Reverse(*first)));
    let Some((shape, (_, first, last))) = usual else {
        return Vec::new();
    };
    all.into_iter().filter(|(number, stamp)| stamp.shape == shape || !(first..=last).contains(number)).collect()
}

/// A line with a stamp.
#[derive(Debug)]
struct Start<'a> {
    line: usize,
    sent_at: Option<SentAt>,
    /// What follows the stamp.
    rest: &'a str,
    /// Speaker and text; a notice has none.
    said: Option<(&'a str, &'a str)>,
    /// When the next entry was sent that certainly is one.
    next: Option<SentAt>,
}

fn starts<'a>(stamped: Vec<(usize, Stamp<'a>)>, order: Order) -> Vec<Start<'a>> {
    let speakers = Speakers::of_export(stamped.iter().map(|(_, stamp)| stamp.rest));
    let start = |(line, stamp): (usize, Stamp<'a>)| {
        let said = speakers.split(stamp.rest);
        Start { line, sent_at: order.sent_at(&stamp), rest: stamp.rest, said, next: None }
    };
    let mut starts: Vec<_> = stamped.into_iter().map(start).collect();
    let mut next = None;
    for start in starts.iter_mut().rev() {
        start.next = next;
        if start.said.is_some() {
            next = start.sent_at;
        }
    }
    starts
}

/// An export starts with a stamp. Of one that was cut there, more lines start with a stamp than with a name alone.
fn is_export(lines: &[Line<'_>], starts: &[Start<'_>]) -> bool {
    let first = lines.iter().position(|line| !line.text.trim().is_empty());
    let said = starts.iter().filter(|start| start.said.is_some()).count();
    let named = || lines.iter().filter(|line| plain::split(line.text).is_some()).count();
    starts.first().is_some_and(|start| Some(start.line) == first || said > named())
}

/// What one stamp starts: a message, or a notice, which has no speaker.
#[derive(Debug)]
struct Entry<'a> {
    speaker: Option<&'a str>,
    text: String,
    sent_at: Option<SentAt>,
}

fn entries<'a>(lines: &[Line<'a>], starts: &[Start<'a>]) -> Vec<Entry<'a>> {
    // What stands before the first stamp is the end of a message whose start is not there.
    let mut entries = vec![Entry { speaker: Some(""), text: String::new(), sent_at: None }];
    let mut coming = starts.iter().peekable();
    let mut before = None;
    for (number, line) in lines.iter().enumerate() {
        let start = coming.next_if(|start| start.line == number);
        if let Some(start) = start.filter(|start| start.said.is_some() || phrases::is_notice(start.rest) || !start.is_out_of_order(before))
        {
            let (speaker, text) = start.said.map_or((None, start.rest), |(speaker, text)| (Some(speaker), text));
            entries.push(Entry { speaker, text: text.to_owned(), sent_at: start.sent_at });
            before = start.sent_at.or(before);
        } else if let Some(entry) = entries.last_mut() {
            entry.text.push_str(line.before);
            entry.text.push_str(line.text);
        }
    }
    entries
}

impl Start<'_> {
    /// Whether a line tells of another day than the lines around it, which are in order: without a speaker it is then a line of a message.
    fn is_out_of_order(&self, before: Option<SentAt>) -> bool {
        let day = |time: Option<SentAt>| time.map(SentAt::date);
        let (Some(before), Some(this), next) = (day(before), day(self.sent_at), day(self.next)) else {
            return false;
        };
        let in_order = next.is_none_or(|next| before <= next);
        in_order && (this < before || next.is_some_and(|next| this > next))
    }
}

/// What persons wrote.
fn messages(entries: &[Entry<'_>], of_iphone: bool) -> Vec<SentMessage> {
    let tags = Tags::of_export(entries.iter().filter(|entry| entry.speaker.is_some()).map(|entry| entry.text.as_str()));
    let group = if of_iphone { group_names(entries) } else { HashSet::new() };
    let message = |entry: &Entry<'_>| {
        let speaker = entry.speaker.filter(|speaker| !group.contains(speaker))?;
        let text = written::by_person(speaker, &entry.text, &tags)?;
        Some(SentMessage { speaker: speaker.replace(is_no_break_space, " "), text, sent_at: entry.sent_at })
    };
    entries.iter().filter_map(message).collect()
}

/// Phones put them into numbers.
fn is_no_break_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{202f}')
}

/// On an iPhone notices have the group as their speaker: who says nothing but notices, one of which no person can have written.
fn group_names<'a>(entries: &[Entry<'a>]) -> HashSet<&'a str> {
    let mut speakers: HashMap<&str, (bool, bool)> = HashMap::new();
    for entry in entries {
        if let Some(speaker) = entry.speaker.filter(|speaker| !speaker.is_empty()) {
            let (only_notices, of_whatsapp) = speakers.entry(speaker).or_insert((true, false));
            *only_notices &= phrases::is_notice(&entry.text);
            *of_whatsapp |= written::starts_with_own(&entry.text) || phrases::is_system(&entry.text);
        }
    }
    speakers.into_iter().filter(|(_, (only_notices, of_whatsapp))| *only_notices && *of_whatsapp).map(|(speaker, _)| speaker).collect()
}
