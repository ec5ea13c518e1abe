//! Random inputs, made of what exports are made of. `TANDEM_FUZZ_INPUTS=1000000 cargo test --release --locked --test fuzz`
//! runs a million.

use tandem_chat::{parse, read};

const DEFAULT_INPUTS: u64 = 20_000;
const MAX_PIECES: u64 = 24;

const PIECES: &[&str] = &[
    "31/12/23, 21:41 - ",
    "12/31/23, 9:41\u{202f}PM - ",
    "[31/12/23, 21:41:05] ",
    "\u{200e}[2023. 12. 31. 오후 9:41:05] ",
    "[21:41] ",
    "٣١\u{200f}/١٢\u{200f}/٢٠٢٣، ٩:٤١ م - ",
    "31 dic 21:41 - ",
    "[9:41 PM, 12/31/2023] ",
    "99/99/9999 99:99 - ",
    "0/0/0 0:00 - ",
    "31",
    "/",
    "12",
    ".",
    "-",
    " - ",
    ":",
    ": ",
    "[",
    "]",
    "<",
    ">",
    "＜",
    "(",
    ")",
    "\"",
    "“",
    "”",
    "«",
    "»",
    "„",
    "*",
    "@\u{2068}",
    "\u{2069}",
    "\u{200e}",
    "\u{200f}",
    "\u{feff}",
    "\u{202f}",
    "\u{a0}",
    "~",
    "\n",
    "\r\n",
    "\r",
    "\u{2028}",
    "\u{85}",
    "\u{b}",
    " ",
    "  ",
    "\t",
    "\0",
    "Ana",
    "Ana: ",
    "Ben López: ",
    "+34 600 123 456: ",
    "א\"ב: ",
    "\u{2068}Zed\u{2069}: ",
    "a",
    "é",
    "😀",
    "👨\u{200d}👩\u{200d}👧",
    "\u{301}",
    "漢字",
    "आज",
    "𐐷",
    "<Media omitted>",
    "<Multimedia omitido>",
    "image omitted",
    "\u{200e}<attached: 1-PHOTO.jpg>",
    "IMG-1.jpg (file attached)",
    "null",
    "This message was deleted",
    " <This message was edited>",
    "Ana changed the subject from \"a: b\" to \"c\"",
    "Ana left",
    "Missed voice call",
    "\u{200e}POLL:\n",
    "location: https://maps.google.com/?q=1,2",
    "Invoice.pdf • \u{200e}3 pages \u{200e}document omitted",
    "8,\u{66b}9",
    "１２：３４",
    "PK\u{3}\u{4}",
    "11111111111111111111",
    "p.m.",
    "上午",
    "à",
    "de",
    "BE",
    "令和",
    "jan",
    "•",
    ".pdf",
];

/// splitmix64: small, and the same inputs for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    fn piece(&mut self) -> &'static str {
        PIECES[self.below(PIECES.len() as u64) as usize]
    }

    /// Pieces in any order, most of them in lines of one kind of stamp.
    fn text(&mut self) -> String {
        let stamp = self.piece();
        let pieces = (0..self.below(MAX_PIECES)).map(|_| match self.below(4) {
            0 => format!("\n{stamp}Ana: "),
            _ => self.piece().to_owned(),
        });
        pieces.collect()
    }
}

#[test]
fn no_input_panics() {
    let inputs = std::env::var("TANDEM_FUZZ_INPUTS").map_or(DEFAULT_INPUTS, |count| count.parse().expect("TANDEM_FUZZ_INPUTS is a number"));
    let mut said = 0;
    for seed in 0..inputs {
        let mut random = Random(seed);
        let text = random.text();
        let messages = parse(&text).unwrap();
        said += messages.len() as u64;
        for message in messages {
            assert!(!message.text.is_empty() && message.text == message.text.trim(), "seed {seed}: {text:?}");
        }
        // As a file with a few bytes changed.
        let mut bytes = text.into_bytes();
        for _ in 0..random.below(4).min(bytes.len() as u64) {
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] = random.below(256) as u8;
        }
        let _ = read(&bytes);
    }
    assert!(said > inputs, "{said} messages of {inputs} inputs: they no longer look like chats");
}
