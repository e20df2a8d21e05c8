//! The scan of texts in quotes, of `#`, and of invisible characters.

use super::{Scanner, mistake};

impl Scanner<'_> {
    /// Reports invisible characters; returns whether there are any. KDL treats some of them as line breaks and refuses
    /// others. Usually an editor put them into the file by accident.
    pub(super) fn invisible_characters(&mut self) -> bool {
        let mut found = false;
        let mut previous = None;
        for (at, character) in self.text.char_indices() {
            let lone_return = previous == Some('\r') && character != '\n';
            let control = character.is_control() && !['\n', '\r', '\t'].contains(&character);
            let invisible = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if control || invisible || lone_return || (character == '\u{feff}' && at > 0) {
                let code = u32::from(character);
                let (shown, escape) = (format!("{code:04X}"), format!("{code:x}"));
                let span = at..at + character.len_utf8();
                self.error(span, mistake::invisible(shown, escape));
                found = true;
            }
            previous = Some(character);
        }
        found
    }

    /// Handles text in quotes. If there are `hashes` before it, the text is raw: it has no escapes.
    pub(super) fn quoted(&mut self, hashes: usize) -> bool {
        self.begun();
        let start = self.at;
        let body = start + hashes;
        let rest = self.text.get(body..).unwrap_or_default();
        let multiline = rest.starts_with("\"\"\"");
        let line_break = |rest: &str| rest.starts_with('\n') || rest.starts_with("\r\n");
        if multiline && !self.text.get(body + 3..).is_some_and(line_break) {
            self.error(start..body + 3, mistake::text_after_quotes());
            return false;
        }
        let quotes = if multiline { "\"\"\"" } else { "\"" };
        let end_mark = format!("{quotes}{}", "#".repeat(hashes));
        let mut at = body + quotes.len();
        while let Some(rest) = self.text.get(at..) {
            if rest.starts_with(&end_mark) {
                self.at = at + end_mark.len();
                return true;
            }
            match rest.chars().next() {
                Some('\n') if !multiline => break,
                Some('\\') if hashes == 0 => at += self.escape(at),
                Some(next) => at += next.len_utf8(),
                None => break,
            }
        }
        self.error(start..body + quotes.len(), mistake::text_not_closed());
        false
    }

    /// Returns the length of the escape at this offset. A `\` before a line break continues the text on the next line.
    fn escape(&mut self, at: usize) -> usize {
        let after = self.text.get(at + 1..).unwrap_or_default();
        match after.chars().next() {
            Some(blank) if blank.is_whitespace() => 1 + after.len() - after.trim_start().len(),
            Some('n' | 'r' | 't' | 'b' | 'f' | 's' | '"' | '\\') => 2,
            Some('u') => {
                if numbered_character(after).is_none() {
                    self.error(at..at + 2, mistake::not_a_character());
                }
                2
            }
            other => {
                let length = 1 + other.map_or(0, char::len_utf8);
                let escape = self.text.get(at..at + length).unwrap_or_default();
                self.error(at..at + length, mistake::unknown_escape(escape));
                length
            }
        }
    }

    pub(super) fn hash(&mut self) -> bool {
        let rest = self.rest();
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        if rest.trim_start_matches('#').starts_with('"') {
            return self.quoted(hashes);
        }
        let line = rest.lines().next().unwrap_or_default();
        let word_end = line
            .find(|c: char| c.is_whitespace() || "{}();=".contains(c))
            .unwrap_or(line.len());
        let word = line.get(..word_end).unwrap_or(line);
        let keyword = ["#true", "#false", "#null", "#inf", "#-inf", "#nan"].contains(&word);
        let span = self.at..self.at + word.len().max(1);
        if keyword {
            let before = self.text.get(..self.at).unwrap_or_default();
            let wrong = match before.ends_with("others=") {
                true => mistake::not_yes(word),
                false => mistake::no_such_value(word),
            };
            self.error(span, wrong);
            return self.skip(word.len());
        }
        self.error(span, mistake::hash_comment());
        self.skip(line.len())
    }
}

/// Returns the character for the code in an escape such as `u{e9}`.
fn numbered_character(escape: &str) -> Option<char> {
    let (code, _) = escape.strip_prefix("u{")?.split_once('}')?;
    char::from_u32(u32::from_str_radix(code, 16).ok()?)
}
