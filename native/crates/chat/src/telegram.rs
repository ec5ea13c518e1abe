//! What Telegram's desktop app copies: `Name, [31.12.2023 21:41]` on a line, the message on the lines below.

use crate::whatsapp::calendar::Order;
use crate::whatsapp::stamp::Stamp;
use crate::{Messages, SentMessage};

/// Reads a copy; none if the text does not start as one.
pub fn parse(text: &str) -> Option<Vec<SentMessage>> {
    let lines = text.lines().skip_while(|line| line.trim().is_empty());
    header(lines.clone().next()?)?;
    let headers: Vec<_> = lines.clone().map(header).collect();
    let order = Order::of_export(&headers.iter().flatten().map(|(_, stamp)| stamp));
    let mut messages = Messages::default();
    for (line, header) in lines.zip(&headers) {
        match header {
            Some((name, stamp)) => messages.start(name, "", order.sent_at(stamp)),
            None => messages.go_on(line),
        }
    }
    Some(messages.finish())
}

/// Splits `Name, [31.12.2023 21:41]`.
fn header(line: &str) -> Option<(&str, Stamp<'_>)> {
    let (name, stamp) =
        line.trim_end().rsplit_once(", [").map(|(name, stamp)| (name, &line[name.len() + 2..name.len() + 3 + stamp.len()]))?;
    let stamp = Stamp::of_line(stamp).filter(|stamp| stamp.rest.is_empty())?;
    (!name.trim().is_empty()).then(|| (name.trim(), stamp))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn copied_messages_come_back(chat in prop::collection::vec(("[A-Z][a-zé]{1,8}(, [A-Z]{2})?", "[a-z0-9é😀,.!?:/ ]{0,12}[a-z](\n[a-z]{1,4})?"), 1..6)) {
            let copy: Vec<_> = chat.iter().map(|(name, text)| format!("{name}, [31.12.2023 21:41]\n{text}\n\n")).collect();
            let read: Vec<_> = parse(&copy.concat()).unwrap().into_iter().map(|message| (message.speaker, message.text)).collect();
            let chat: Vec<_> = chat.into_iter().map(|(name, text)| (name, text.trim().to_owned())).collect();
            prop_assert_eq!(read, chat);
        }
    }
}
