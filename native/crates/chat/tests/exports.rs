//! What holds for every export, and the exports that were hard.

use proptest::prelude::*;
use tandem_chat::{SentMessage, parse};

const STAMPS: &[&str] = &[
    "12/31/23, 9:41\u{202f}PM - ",
    "31/12/23 21:41 - ",
    "31.12.23, 21:41 – ",
    "2023. 12. 31. 오후 9:41 - ",
    "٣١\u{200f}/١٢\u{200f}/٢٠٢٣، ٩:٤١ م - ",
    "31/12/23 21:41:05: ",
    "[31/12/23, 21:41:05] ",
    "\u{200e}[31.12.23, 21:41:05] ",
    "[21:41, 31/12/2023] ",
];

fn said(text: &str) -> Vec<(String, String)> {
    parse(text).unwrap().into_iter().map(|message| (message.speaker, message.text)).collect()
}

fn times(text: &str) -> Vec<String> {
    parse(text).unwrap().iter().map(|message| message.sent_at.map_or_else(String::new, |sent_at| sent_at.to_string())).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(speaker, text)| ((*speaker).into(), (*text).into())).collect()
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Z][a-zé]{1,6}( [A-Z][a-z]{1,6}){0,2}",
        r"\+[0-9]{2} [0-9]{3} [0-9]{3}",
        "[A-Z][a-z]{1,5} - [A-Z][a-z]{1,5}",
        "😀 [A-Z][a-z]{1,5} 🎉",
        "[א-ת]\"[א-ת] [א-ת]{2,6}",
        "[A-Z][a-z]{1,4}:[A-Z][a-z]{1,4}",
        "[A-Z][a-z]{1,4} \\([a-z]{1,4}\\)",
        "[A-Z][a-z]{1,4} \"[A-Z][a-z]{1,4}\" [A-Z][a-z]{1,4}",
        "\\[[A-Z]{2}\\] [A-Z][a-z]{1,4}",
    ]
}

fn text() -> impl Strategy<Value = String> {
    let line = "[a-zé😀?!,.:0-9 ]{0,10}[b-df-z]";
    prop::collection::vec(line, 1..4).prop_map(|lines| lines.join("\n").trim().to_owned())
}

fn chat() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec((name(), text()), 1..6)
}

proptest! {
    #[test]
    fn exported_messages_come_back(chat in chat(), stamp in prop::sample::select(STAMPS), newline in prop::sample::select(vec!["\n", "\r\n"]), tilde in any::<bool>()) {
        let mark = if tilde { "~\u{202f}" } else { "" };
        let lines: Vec<_> = chat.iter().map(|(name, text)| format!("{stamp}{mark}\u{2068}{name}\u{2069}: {text}\n")).collect();
        let export = lines.concat().replace('\n', newline);
        prop_assert_eq!(said(&export), chat.clone());
        prop_assert_eq!(said(&format!("\u{feff}{export}")), chat);
    }

    #[test]
    fn notices_and_placeholders_change_nothing_else(
        chat in chat(),
        stamp in prop::sample::select(STAMPS),
        own in prop::sample::select(vec![
            "Messages and calls are end-to-end encrypted.",
            "Ana changed the group name from \"a: b\" to \"c\"",
            "Ana a changé le sujet de « a : b » en « c »",
            "Anna hat den Betreff von „a: b“ zu „c“ geändert",
            "Ana cambió el asunto de “a: b” a “c”",
            "Ana added Ben",
            "Ana changed their phone number. You can reach them here: +34 600 123 456",
            "Zed: \u{200e}image omitted",
            "Zed: <Media omitted>",
            "Zed: This message was deleted",
            "Zed: Diese Nachricht wurde gelöscht.",
            "Zed: \u{200e}Zed changed this group's icon",
            "Zed: ",
            "Zed:",
        ]),
        at in 0usize..6,
    ) {
        let mut lines: Vec<_> = chat.iter().map(|(name, text)| format!("{stamp}{name}: {text}\n")).collect();
        lines.insert(at.min(lines.len()), format!("{stamp}{own}\n"));
        prop_assert_eq!(said(&lines.concat()), chat);
    }

    #[test]
    fn dates_are_read_in_the_order_of_the_export(start in 1u32..20, days in 2u32..9, month in 1u32..13, month_first in any::<bool>(), hours in 0usize..3) {
        let time = ["10:00", "10:00 AM", "10:00 am"][hours];
        let write = |day: u32| if month_first { format!("{month}/{day}/23") } else { format!("{day}/{month}/23") };
        let lines: Vec<_> = (start..start + days).map(|day| format!("{}, {time} - Ana: x\n", write(day))).collect();
        let expected: Vec<_> = (start..start + days).map(|day| format!("2023-{month:02}-{day:02}T10:00")).collect();
        // What the writing suggests, where both orders are possible.
        let both = start + days <= 13;
        let misleads = both && ((hours == 1 && !month_first) || (hours == 2 && month_first));
        prop_assert!(times(&lines.concat()) == expected || misleads);
    }

    #[test]
    fn whatever_the_text_messages_are_whole(text in r"([\[\]0-9/:, <>\-\n]|[ap]m| - |: |Ana|\PC){0,80}") {
        for SentMessage { speaker, text: said, .. } in parse(&text).unwrap() {
            prop_assert_eq!(said.trim(), &said);
            prop_assert!(!said.is_empty());
            prop_assert_eq!(speaker.trim(), &speaker);
        }
    }
}

#[test]
fn another_stamp_inside_a_message_is_its_text() {
    let export = "31/12/23, 21:41 - Ana: Ben wrote:\n[21:30, 31/12/2023] Ben: hi\n[21:31, 31/12/2023] Ben: ho\n31/12/23, 21:42 - Cat: ok\n";
    let expected = [("Ana", "Ben wrote:\n[21:30, 31/12/2023] Ben: hi\n[21:31, 31/12/2023] Ben: ho"), ("Cat", "ok")];
    assert_eq!(said(export), pairs(&expected));
}

#[test]
fn a_date_without_a_speaker_between_other_days_is_text() {
    let export = "10/12/23, 21:41 - Ana: Dates:\n24/12/23, 18:00 - dinner\n01/11/23, 18:00 - too late\n10/12/23, 21:42 - Ben: ok\n";
    assert_eq!(said(export), pairs(&[("Ana", "Dates:\n24/12/23, 18:00 - dinner\n01/11/23, 18:00 - too late"), ("Ben", "ok")]));
}

#[test]
fn what_is_no_date_in_the_order_of_the_export_is_text() {
    let export = "31/12/23, 21:41 - Ana: see\n12/31/23, 21:40 - Ben: hi\n31/12/23, 21:42 - Ana: a\n31/12/23, 21:43 - Ana: b\n";
    assert_eq!(said(export)[0], ("Ana".into(), "see\n12/31/23, 21:40 - Ben: hi".into()));
}

#[test]
fn no_text_is_lost_in_formats_that_are_not_known() {
    let export = "2023년 12월 31일 오후 9:41, 아나 : 안녕\n2023년 12월 31일 오후 9:42, 벤 : 네";
    assert_eq!(said(export), pairs(&[("", export)]));
}

#[test]
fn two_exports_one_after_the_other_are_read() {
    let export = "31/12/23, 21:41 - Ana: a\n31/12/23, 21:42 - Ana: b\n[31.12.23, 21:43:00] Ben: c\n";
    assert_eq!(said(export), pairs(&[("Ana", "a"), ("Ana", "b"), ("Ben", "c")]));
}

#[test]
fn names_with_a_colon_and_a_space_are_learnt() {
    let line = |text: &str| format!("31/12/23, 21:41 - Dr: Who: {text}\n");
    let export = ["one", "two: 2", "three"].map(line).concat();
    assert_eq!(said(&export), pairs(&[("Dr: Who", "one"), ("Dr: Who", "two: 2"), ("Dr: Who", "three")]));
    let two = "31/12/23, 21:41 - Ana: Note: x\n31/12/23, 21:41 - Ana: hi\n31/12/23, 21:41 - Ana: Note: y\n";
    assert_eq!(said(two)[0], ("Ana".into(), "Note: x".into()));
}

#[test]
fn marks_and_spaces_of_names_are_made_plain() {
    let export = "[31/12/23, 21:41:05] \u{202a}+34\u{a0}600\u{a0}123\u{202c}: hi\n[31/12/23, 21:41:06] ~\u{202f}Ana: ho\n[31/12/23, 21:41:07] 王小明：你好\n";
    assert_eq!(said(export), pairs(&[("+34 600 123", "hi"), ("Ana", "ho"), ("王小明", "你好")]));
}

#[test]
fn a_name_may_read_like_a_notice() {
    let line = |text: &str| format!("31/12/23, 21:41 - Value added services: {text}\n");
    assert_eq!(said(&["one", "two"].map(line).concat()), pairs(&[("Value added services", "one"), ("Value added services", "two")]));
}

#[test]
fn on_an_iphone_the_group_is_no_speaker() {
    let export = "[31/12/23, 21:41:05] Family: Messages and calls are end-to-end encrypted. No one outside can read them.\n\
                  [31/12/23, 21:41:06] Family: Ana created this group\n\
                  [31/12/23, 21:41:07] Ana: Ana added you\n\
                  [31/12/23, 21:41:08] Ana: Ben left, right?\n";
    assert_eq!(said(export), pairs(&[("Ana", "Ben left, right?")]));
}

#[test]
fn who_writes_like_a_notice_is_no_group() {
    for stamp in ["[31/12/23, 21:42:05]", "[21:42, 31/12/2023]", "[31/12, 21:42]"] {
        let chat = pairs(&[("Ana", "did you get the milk?"), ("Ben", "I added it to the list"), ("Cat", "Dan left")]);
        let export: Vec<_> = chat.iter().map(|(speaker, text)| format!("{stamp} {speaker}: {text}\n")).collect();
        assert_eq!(said(&export.concat()), chat, "{stamp}");
    }
}

#[test]
fn what_goes_on_behind_words_of_whatsapp_is_a_persons() {
    let written = [
        "Missed call at work, can you ring mum and tell her 6 pm?",
        "Missed video call, sorry, dinner is at 8",
        "Videollamada perdida, llámame cuando puedas",
        "Waiting for this message. Still nothing",
    ];
    for text in written {
        assert_eq!(said(&format!("31/12/23, 21:41 - Ana: {text}\n")), pairs(&[("Ana", text)]));
    }
    for text in [
        "Missed call at 9:41\u{202f}PM",
        "Missed voice call, tap to call back",
        "Waiting for this message. Check your phone.",
        "Verpasster Anruf um 21:41 Uhr",
        "Appel vocal manqué à 21 h 41",
    ] {
        assert_eq!(said(&format!("31/12/23, 21:41 - Ana: {text}\n31/12/23, 21:42 - Ana: hi\n")), pairs(&[("Ana", "hi")]), "{text}");
    }
    for placeholder in ["<Media omitted>", "IMG-20231231-WA0001.jpg (file attached)"] {
        for caption in ["I booked the room on booking.com", "tickets at ticketmaster.de"] {
            assert_eq!(said(&format!("31/12/23, 21:41 - Ana: {placeholder}\n{caption}\n")), pairs(&[("Ana", caption)]));
        }
    }
}

#[test]
fn tags_that_come_again_are_of_whatsapp_in_any_language() {
    let export = "31/12/23, 21:41 - Ana: <sarin midiya>\n31/12/23, 21:41 - Ana: hi\n31/12/23, 21:41 - Ben: <sarin midiya>\n";
    assert_eq!(said(export), pairs(&[("Ana", "hi")]));
    let once = "31/12/23, 21:41 - Ana: <not a tag at all>\n";
    assert_eq!(said(once), pairs(&[("Ana", "<not a tag at all>")]));
}

#[test]
fn a_cut_export_keeps_what_was_before_the_first_stamp() {
    let export = "end of a message\n31/12/23, 21:41 - Ana: hi\n31/12/23, 21:42 - Ben: ho\n";
    assert_eq!(said(export), pairs(&[("", "end of a message"), ("Ana", "hi"), ("Ben", "ho")]));
}

#[test]
fn a_paste_with_one_stamp_in_it_stays_a_paste() {
    let paste = "Ana: see this\n31/12/23, 21:41 - Ben: x\nBen: ok\n";
    assert_eq!(said(paste), pairs(&[("Ana", "see this\n31/12/23, 21:41 - Ben: x"), ("Ben", "ok")]));
}

#[test]
fn lines_end_as_the_app_ends_them() {
    for newline in ["\n", "\r\n", "\r", "\u{2028}", "\u{2029}", "\u{85}"] {
        let export = format!("31/12/23, 21:41 - Ana: hi{newline}31/12/23, 21:42 - Ben: ho{newline}");
        assert_eq!(said(&export), pairs(&[("Ana", "hi"), ("Ben", "ho")]), "{newline:?}");
    }
    assert_eq!(said("31/12/23, 21:41 - Ana: a\u{2028}b\n"), pairs(&[("Ana", "a\u{2028}b")]));
}

#[test]
fn hours_of_two_halves_are_of_one_day() {
    let hours = [("12:05 AM", "00:05"), ("1:05 AM", "01:05"), ("12:05 PM", "12:05"), ("11:59 PM", "23:59")];
    for (written, hour) in hours {
        assert_eq!(times(&format!("12/31/23, {written} - Ana: x")), [format!("2023-12-31T{hour}")]);
    }
    assert_eq!(times("[2023/12/31 凌晨1:05:00] 安: x\n[2023/12/31 中午12:05:00] 安: y"), ["2023-12-31T01:05", "2023-12-31T12:05"]);
}

#[test]
fn times_and_dates_in_a_text_are_no_stamps() {
    for line in [
        "at 12:30 - maybe",
        "31/12/23 - party",
        "[1] see",
        "a - b: c",
        "12/31/23, 9:41 quite late now - x: y",
        "[see 1: 2]",
        "12.30: lunch",
    ] {
        assert_eq!(said(&format!("[31/12/23, 21:41:05] Ana: hi\n{line}")).len(), 1, "{line}");
    }
}
