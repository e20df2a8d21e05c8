//! Escapes text from peers before a terminal shows the text. A control character could move the cursor or set the title. A
//! direction mark (for text from right to left) could reverse a line. An invisible character could make two names look
//! alike.

use std::fmt::{self, Write as _};

pub(super) use matou_protocols::room::is_hidden;
use matou_protocols::room::write_escape;

/// Displays text of a peer, with invisible characters and control characters escaped.
#[derive(Debug, Clone, Copy)]
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = None;
        let mut characters = self.0.chars().peekable();
        while let Some(character) = characters.next() {
            let belongs = belongs(before, character, characters.peek().copied());
            if is_hidden(character) && !belongs {
                write_escape(f, character)?;
            } else {
                f.write_char(character)?;
            }
            before = Some(character);
        }
        Ok(())
    }
}

/// Zero width joiner. Between two pictographs, this character joins them into one pictograph, such as a family. In this
/// position the character is kept. In any other position it is escaped.
const JOINER: char = '\u{200d}';

/// Combining keycap: after a digit and a variation selector, it shows the digit as a key of a keyboard.
const KEYCAP: char = '\u{20e3}';

/// True if a hidden character is part of a visible pictograph.
fn belongs(before: Option<char>, character: char, after: Option<char>) -> bool {
    let after_a_pictograph = before.is_some_and(is_pictograph);
    match character {
        JOINER => after_a_pictograph && after.is_some_and(is_pictograph),
        selector if is_selector(selector) => {
            let on_a_key = |each: char| each.is_ascii_digit() || matches!(each, '#' | '*');
            (after_a_pictograph && before.is_some_and(|before| !is_selector(before)))
                || (after == Some(KEYCAP) && before.is_some_and(on_a_key))
        }
        _ => false,
    }
}

/// Returns true for a variation selector: this character says whether the character before it is shown as a sign or as a
/// pictograph.
fn is_selector(character: char) -> bool {
    matches!(character, '\u{fe0e}' | '\u{fe0f}')
}

fn is_pictograph(character: char) -> bool {
    matches!(
        character,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{24c2}'
            | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{25a0}'..='\u{27bf}'
            | '\u{2934}'..='\u{2935}' | '\u{2b00}'..='\u{2bff}' | '\u{3030}' | '\u{303d}'
            | '\u{3297}' | '\u{3299}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}'
    )
}

/// Displays bytes of a peer that should be UTF-8. An invalid byte becomes `\xNN`.
#[derive(Debug, Clone, Copy)]
pub(super) struct EscapedBytes<'a>(pub(super) &'a [u8]);

impl fmt::Display for EscapedBytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            Escaped(chunk.valid()).fmt(f)?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Displays a name, in quotes unless it is one plain word. In this form, the user can type the name in a command, and can
/// distinguish it from the punctuation around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a>(pub(super) &'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_plain_word(self.0) {
            return f.write_str(self.0);
        }
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                hidden if is_hidden(hidden) => write_escape(f, hidden)?,
                other => f.write_char(other)?,
            }
        }
        f.write_char('"')
    }
}

fn is_plain_word(name: &str) -> bool {
    !name.is_empty()
        && !name.chars().any(|character| {
            character.is_whitespace()
                || is_hidden(character)
                || matches!(
                    character,
                    '"' | '\\' | '<' | '>' | '*' | '[' | ']' | '(' | ')' | '/' | ';'
                )
        })
}

/// Reads a quoted name as [`Name`] writes it, starting after the opening quote. Returns the name and the text after the
/// closing quote; `None` if there is no closing quote or an escape is invalid.
pub(super) fn quoted_name(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text.chars();
    loop {
        match rest.next()? {
            '"' => return Some((name, rest.as_str())),
            '\\' => match rest.next()? {
                'n' => name.push('\n'),
                'r' => name.push('\r'),
                't' => name.push('\t'),
                'u' => {
                    let (digits, after) = rest.as_str().strip_prefix('{')?.split_once('}')?;
                    name.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
                    rest = after.chars();
                }
                same @ ('"' | '\\') => name.push(same),
                _ => return None,
            },
            other => name.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("hé, 世界 👍🏽", "hé, 世界 👍🏽")]
    #[case::clear_the_screen("\u{1b}[2J", "\\u{1b}[2J")]
    #[case::eight_bit_csi("\u{9b}2J", "\\u{9b}2J")]
    #[case::another_line("a\r\n<bob> b", "a\\r\\n<bob> b")]
    #[case::right_to_left("abc\u{202e}fed", "abc\\u{202e}fed")]
    #[case::isolate("\u{2066}x", "\\u{2066}x")]
    #[case::zero_width("a\u{200b}b", "a\\u{200b}b")]
    #[case::a_family("👩‍👩‍👧", "👩‍👩‍👧")]
    #[case::a_joiner_that_joins_nothing("a\u{200d}b👩\u{200d}", "a\\u{200d}b👩\\u{200d}")]
    #[case::a_red_heart("❤\u{fe0f}!", "❤\u{fe0f}!")]
    #[case::a_key("1\u{fe0f}\u{20e3}", "1\u{fe0f}\u{20e3}")]
    #[case::a_selector_that_selects_nothing(
        "a\u{fe0f}❤\u{fe0f}\u{fe0f}",
        "a\\u{fe0f}❤\u{fe0f}\\u{fe0f}"
    )]
    #[case::a_filler("a\u{3164}", "a\\u{3164}")]
    #[case::noncharacter("\u{ffff}", "\\u{ffff}")]
    #[case::tag("\u{e0041}", "\\u{e0041}")]
    fn hidden_characters_are_shown(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(Escaped(text).to_string(), shown);
    }

    #[test]
    fn invalid_utf8_is_shown_as_bytes() {
        let shown = EscapedBytes(b"a\xff\xc3\xa9\x07").to_string();
        assert_eq!(shown, "a\\xff\u{e9}\\u{7}");
    }

    #[rstest]
    #[case("alice", "alice")]
    #[case("élise", "élise")]
    #[case("alice b", "\"alice b\"")]
    #[case("bob> yes", "\"bob> yes\"")]
    #[case("a\"b\\c", "\"a\\\"b\\\\c\"")]
    #[case("\u{202e}bob", "\"\\u{202e}bob\"")]
    #[case("", "\"\"")]
    fn a_name_is_quoted_unless_it_is_one_word(#[case] name: &str, #[case] shown: &str) {
        assert_eq!(Name(name).to_string(), shown);
    }

    proptest! {
        #[test]
        fn a_name_can_be_typed_as_it_is_shown(name in ".*") {
            let shown = Name(&name).to_string();
            match shown.strip_prefix('"') {
                Some(quoted) => prop_assert_eq!(quoted_name(quoted), Some((name, ""))),
                None => prop_assert_eq!(shown, name),
            }
        }

        #[test]
        fn no_hidden_character_is_shown_raw(text in "\\PC*|.*") {
            let hides = |c: char| is_hidden(c) && c != JOINER && !is_selector(c);
            prop_assert!(!Escaped(&text).to_string().chars().any(hides));
        }
    }
}
