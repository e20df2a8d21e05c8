//! Writes values and bytes in the language of scenarios.

use crate::evidence::hex;
use crate::grammar::Value;
use crate::text::kdl;

/// If a text only repeats one character, and is longer than this number of bytes, it is written in the short form `(xN)`.
const LONG_TEXT: usize = 64;

/// Returns, in the language of scenarios, a value that is the same in every run. If a text equals one of the names in
/// `lanes`, it gets the mark `(utf8)`. Without this mark, the suite would read the text as the name of a lane.
pub(super) fn literal<'a>(value: &Value, mut lanes: impl Iterator<Item = &'a str>) -> String {
    match value {
        Value::Text(text) => {
            let mut characters = text.chars();
            let first = characters.next();
            if let Some(first) = first.filter(|_| text.len() > LONG_TEXT)
                && characters.all(|other| other == first)
            {
                let times = text.chars().count();
                return format!("(x{times}){}", kdl(&first.to_string()));
            }
            let mark = if lanes.any(|lane| lane == text) {
                "(utf8)"
            } else {
                ""
            };
            format!("{mark}{}", kdl(text))
        }
        other => other.to_string(),
    }
}

/// Returns bytes of a tunnel as the argument of `raw` or `bytes`: as text if they are readable, otherwise in hexadecimal.
pub(super) fn bytes(bytes: &[u8]) -> String {
    let is_line = |text: &&str| text.chars().all(|each| !each.is_control() || each == '\n');
    match std::str::from_utf8(bytes).ok().filter(is_line) {
        Some(text) => format!("(utf8){}", kdl(text)),
        None => in_hex(bytes),
    }
}

/// Returns bytes in hexadecimal, as the argument of `raw` or `bytes`.
pub(super) fn in_hex(bytes: &[u8]) -> String {
    format!("(hex)\"{}\"", hex(bytes, bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_dangerous_texts_are_marked() {
        let text = |text: &str| Value::Text(text.to_owned());
        let lanes = || ["bob"].into_iter();
        assert_eq!(literal(&text("bob"), lanes()), "(utf8)\"bob\"");
        assert_eq!(literal(&text(&"é".repeat(100)), lanes()), "(x100)\"é\"");
        assert_eq!(literal(&Value::Int(-1), lanes()), "-1");
        assert_eq!(bytes(b"\x00\xff"), "(hex)\"00 ff\"");
        assert_eq!(bytes(b"hi"), "(utf8)\"hi\"");
    }
}
