use std::fmt;

/// Text from a peer, as the log shows it: escaped, and cut when it is long.
///
/// `{}` is for names (`alice`); `{:?}` adds quotes. A text that is cut is followed by its whole length: `"aaaa"...
/// (32767 bytes)`. So a log message stays on one line, and an excerpt shows at most [`Excerpt::MOST`] characters that a
/// peer has chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Excerpt<'a>(pub &'a str);

impl<'a> Excerpt<'a> {
    /// Maximum number of characters shown, after escaping: `\u{1b}` counts as six.
    pub const MOST: usize = 64;

    /// Returns the part that is shown.
    fn shown(self) -> &'a str {
        let mut width = 0;
        let end = self.0.char_indices().find_map(|(at, character)| {
            width += character.escape_debug().len();
            (width > Excerpt::MOST).then_some(at)
        });
        self.0.split_at(end.unwrap_or(self.0.len())).0
    }

    fn length(self, f: &mut fmt::Formatter<'_>, shown: &str) -> fmt::Result {
        match self.0.len() {
            length if length > shown.len() => write!(f, "... ({length} bytes)"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.shown();
        write!(f, "{}", shown.escape_debug())?;
        self.length(f, shown)
    }
}

impl fmt::Debug for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.shown();
        write!(f, "{shown:?}")?;
        self.length(f, shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::short("alice", r#""alice""#)]
    #[case::empty("", r#""""#)]
    #[case::quotes(r#"it's "me""#, r#""it's \"me\"""#)]
    #[case::controls("\u{1b}[2J\n", r#""\u{1b}[2J\n""#)]
    #[case::just_short_enough(&"a".repeat(64), &format!("\"{}\"", "a".repeat(64)))]
    #[case::too_long(&"a".repeat(65), &format!("\"{}\"... (65 bytes)", "a".repeat(64)))]
    #[case::of_two_bytes_each(&"é".repeat(65), &format!("\"{}\"... (130 bytes)", "é".repeat(64)))]
    #[case::escapes_count(&"\u{1}".repeat(1000), &format!("\"{}\"... (1000 bytes)", "\\u{1}".repeat(12)))]
    fn a_text_is_escaped_and_cut(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(format!("{:?}", Excerpt(text)), shown);
    }

    #[test]
    fn a_name_has_no_quotes() {
        assert_eq!(Excerpt("Zoé 🐈").to_string(), "Zoé 🐈");
        assert_eq!(Excerpt("a\u{7}").to_string(), "a\\u{7}");
        let long = Excerpt(&"n".repeat(255)).to_string();
        assert_eq!(long, format!("{}... (255 bytes)", "n".repeat(64)));
    }

    #[test]
    fn every_text_of_a_peer_is_a_short_part_of_one_line() {
        for character in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let text = String::from(character).repeat(70);
            let shown = format!("{:?}", Excerpt(&text));
            assert!(shown.chars().count() <= 64 + 2 + 16, "{shown}");
            assert!(!shown.contains(char::is_control), "{character:?}");
        }
    }
}
