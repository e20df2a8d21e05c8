use std::fmt;

use super::hidden::is_invisible;

/// Why a proposed name is refused.
///
/// The rules protect people who read names in a terminal or in a log. A name must be visible, must show its characters in
/// their real order, and must not move the cursor. The rules apply only to a name that a client proposes for itself. The
/// names in other frames need no check. For example, a message to a name that breaks the rules has no recipient, because no
/// client has such a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRefused {
    /// The name is empty.
    Empty,
    /// The name has more bytes than the protocol allows.
    TooLong {
        /// The length of the name, in bytes.
        bytes: usize,
        /// The maximum, in bytes.
        limit: usize,
    },
    /// The name contains a control character (C0, DEL or C1).
    Control(char),
    /// The name contains a character that is invisible or changes the direction of the text.
    Invisible(char),
    /// The name begins or ends with white space.
    OuterWhiteSpace,
}

/// Checks a proposed name; `limit` is in bytes of UTF-8.
pub fn check_name(name: &str, limit: usize) -> Result<(), NameRefused> {
    if name.is_empty() {
        return Err(NameRefused::Empty);
    }
    if name.len() > limit {
        return Err(NameRefused::TooLong {
            bytes: name.len(),
            limit,
        });
    }
    for character in name.chars() {
        if character.is_control() {
            return Err(NameRefused::Control(character));
        }
        if is_invisible(character) {
            return Err(NameRefused::Invisible(character));
        }
    }
    if name.starts_with(char::is_whitespace) || name.ends_with(char::is_whitespace) {
        return Err(NameRefused::OuterWhiteSpace);
    }
    Ok(())
}

impl fmt::Display for NameRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            NameRefused::Empty => f.write_str("a name needs at least one character"),
            NameRefused::TooLong { bytes, limit } => {
                write!(
                    f,
                    "the name has {bytes} bytes; choose a name of at most {limit} bytes"
                )
            }
            NameRefused::Control(character) => write!(
                f,
                "the name contains the control character U+{:04X}; remove it",
                u32::from(character)
            ),
            NameRefused::Invisible(character) => write!(
                f,
                "the name contains the invisible character U+{:04X}; remove it",
                u32::from(character)
            ),
            NameRefused::OuterWhiteSpace => {
                f.write_str("the name begins or ends with white space; remove the white space")
            }
        }
    }
}

impl std::error::Error for NameRefused {}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::one_letter("a")]
    #[case::at_the_limit("123456789012345678901234567890")]
    #[case::inner_white_space("Grand Chaton")]
    #[case::accents_and_emoji("Zoé 🐈")]
    #[case::no_letters("--")]
    fn a_name_that_people_can_read_is_granted(#[case] name: &str) {
        assert_eq!(check_name(name, 30), Ok(()));
    }

    #[rstest]
    #[case::empty("", NameRefused::Empty)]
    #[case::one_byte_too_many("1234567890123456789012345678901", NameRefused::TooLong { bytes: 31, limit: 30 })]
    #[case::sixteen_characters_of_two_bytes("éééééééééééééééé", NameRefused::TooLong { bytes: 32, limit: 30 })]
    #[case::nul("a\0b", NameRefused::Control('\0'))]
    #[case::escape("\u{1b}[2J", NameRefused::Control('\u{1b}'))]
    #[case::delete("a\u{7f}", NameRefused::Control('\u{7f}'))]
    #[case::c1("a\u{9b}b", NameRefused::Control('\u{9b}'))]
    #[case::line_end("alice\n", NameRefused::Control('\n'))]
    #[case::zero_width_space("a\u{200b}", NameRefused::Invisible('\u{200b}'))]
    #[case::right_to_left_mark("\u{200f}a", NameRefused::Invisible('\u{200f}'))]
    #[case::line_separator("a\u{2028}", NameRefused::Invisible('\u{2028}'))]
    #[case::right_to_left_override("a\u{202e}b", NameRefused::Invisible('\u{202e}'))]
    #[case::word_joiner("a\u{2060}b", NameRefused::Invisible('\u{2060}'))]
    #[case::isolate("a\u{2069}b", NameRefused::Invisible('\u{2069}'))]
    #[case::byte_order_mark("\u{feff}a", NameRefused::Invisible('\u{feff}'))]
    #[case::soft_hyphen("a\u{ad}b", NameRefused::Invisible('\u{ad}'))]
    #[case::grapheme_joiner("a\u{34f}b", NameRefused::Invisible('\u{34f}'))]
    #[case::hangul_filler("a\u{3164}", NameRefused::Invisible('\u{3164}'))]
    #[case::choseong_filler("\u{115f}", NameRefused::Invisible('\u{115f}'))]
    #[case::halfwidth_filler("a\u{ffa0}", NameRefused::Invisible('\u{ffa0}'))]
    #[case::empty_braille("a\u{2800}", NameRefused::Invisible('\u{2800}'))]
    #[case::variation_selector("a\u{fe0f}", NameRefused::Invisible('\u{fe0f}'))]
    #[case::variation_of_an_ideograph("葛\u{e0100}", NameRefused::Invisible('\u{e0100}'))]
    #[case::tag("a\u{e0041}", NameRefused::Invisible('\u{e0041}'))]
    #[case::white_space_before(" alice", NameRefused::OuterWhiteSpace)]
    #[case::white_space_behind("alice\u{3000}", NameRefused::OuterWhiteSpace)]
    #[case::only_white_space(" ", NameRefused::OuterWhiteSpace)]
    fn a_name_that_misleads_its_readers_is_refused(
        #[case] name: &str,
        #[case] expected: NameRefused,
    ) {
        assert_eq!(check_name(name, 30), Err(expected));
    }

    #[test]
    fn a_refusal_says_what_to_change() {
        let sentence = check_name("a\u{202e}b", 30).map_err(|refused| refused.to_string());
        assert_eq!(
            sentence,
            Err("the name contains the invisible character U+202E; remove it".to_owned())
        );
    }
}
