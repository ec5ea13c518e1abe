/// The zeros of the digits that phones write, in scripts of whatever language; nine more digits follow each.
const ZEROS: &[char] = &[
    '0', '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}', '\u{c66}', '\u{ce6}',
    '\u{d66}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{17e0}', '\u{1810}', '\u{ff10}',
];
/// No stamp has more.
const MAX_NUMBERS: usize = 6;
const MAX_DIGITS: u32 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    pub value: u32,
    pub digits: u32,
}

/// A text as numbers and what stands between them.
#[derive(Debug)]
pub struct Scan {
    pub numbers: Vec<Number>,
    /// One more than numbers: `gaps[i]` stands before `numbers[i]`, the last one at the end. Lower case, without invisible marks, and with
    /// one plain space for whatever space there is.
    pub gaps: Vec<String>,
}

impl Scan {
    /// None for what has more or longer numbers than a stamp.
    pub fn new(text: &str) -> Option<Self> {
        let mut numbers: Vec<Number> = Vec::new();
        let mut gaps = vec![String::new()];
        let mut in_number = false;
        for c in text.chars().filter(|c| !is_invisible(*c)) {
            match (digit(c), numbers.last_mut()) {
                (Some(digit), Some(number)) if in_number => {
                    *number = Number { value: number.value * 10 + digit, digits: number.digits + 1 };
                    (number.digits <= MAX_DIGITS).then_some(())?;
                }
                (Some(digit), _) => {
                    numbers.push(Number { value: digit, digits: 1 });
                    (numbers.len() <= MAX_NUMBERS).then_some(())?;
                    gaps.push(String::new());
                    in_number = true;
                }
                (None, _) => {
                    in_number = false;
                    let gap = gaps.last_mut()?;
                    match c.is_whitespace() {
                        true if gap.ends_with(' ') => {}
                        true => gap.push(' '),
                        false => gap.extend(c.to_lowercase()),
                    }
                }
            }
        }
        Some(Self { numbers, gaps })
    }
}

fn digit(c: char) -> Option<u32> {
    ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(u32::from(*zero)).filter(|digit| *digit < 10))
}

/// Marks of direction, order and joining, which show nothing.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{feff}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn digits_of_every_script_count(value in 0u32..10_000, zero in prop::sample::select(ZEROS)) {
            let written: String = value.to_string().chars().filter_map(|c| char::from_u32(u32::from(zero) + c.to_digit(10)?)).collect();
            let scan = Scan::new(&format!("a{written}\u{200f}/ \u{202f}B")).unwrap();
            prop_assert_eq!(scan.numbers, [Number { value, digits: written.chars().count() as u32 }]);
            prop_assert_eq!(scan.gaps, ["a", "/ b"]);
        }
    }
}
