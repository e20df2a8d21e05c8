//! The characters that are always escaped when text is shown.

use std::fmt::Write;

/// Returns whether the character is invisible, or can make other characters look different, or is a command for a terminal.
///
/// Such characters are: control characters (C0, DEL, C1); the characters with the Unicode properties
/// `Default_Ignorable_Code_Point`, `Bidi_Control` or `Noncharacter_Code_Point` (as of Unicode 16); the separators of lines
/// and paragraphs (U+2028, U+2029); the empty Braille pattern (U+2800); and the marks of interlinear annotations (U+FFF9 to
/// U+FFFB).
#[must_use]
pub fn is_hidden(character: char) -> bool {
    character.is_control() || is_invisible(character) || is_noncharacter(character)
}

fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            // Zero-width characters, and the characters that set the direction of text or separate lines.
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}'
            // Variation selectors, the byte order mark, annotations.
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            // Tags, and more variation selectors.
            | '\u{e0000}'..='\u{e0fff}'
    )
}

fn is_noncharacter(character: char) -> bool {
    matches!(character, '\u{fdd0}'..='\u{fdef}') || u32::from(character) & 0xfffe == 0xfffe
}

/// Adds the escape of a character: `\n`, `\r` or `\t`, or an escape with its number such as `\u{1b}`.
pub(super) fn push_escape(out: &mut String, character: char) {
    match character {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        other => {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(other));
        }
    }
}

/// Returns the text with each hidden character escaped, except those in `spared`.
pub(super) fn visible(text: &str, spared: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) && !spared.contains(&character) {
            push_escape(&mut out, character);
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use regex_syntax::hir::{Class, HirKind};

    use super::*;

    /// Returns the characters of a Unicode class. They come from the tables of another library, so the test compares two
    /// sources.
    fn class(pattern: &str) -> Vec<(char, char)> {
        let parsed = regex_syntax::parse(pattern).expect("a class of characters");
        let HirKind::Class(Class::Unicode(class)) = parsed.kind() else {
            panic!("{pattern} is not a class of characters");
        };
        class
            .ranges()
            .iter()
            .map(|range| (range.start(), range.end()))
            .collect()
    }

    #[test]
    fn the_table_is_unicodes() {
        let listed = class(
            r"[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Noncharacter_Code_Point}\p{Cc}\p{Zl}\p{Zp}\u{2800}\u{fff9}-\u{fffb}]",
        );
        let mut expected = listed.iter().flat_map(|(first, last)| *first..=*last);
        let mut ours = (char::MIN..=char::MAX).filter(|each| is_hidden(*each));
        loop {
            let (one, other) = (ours.next(), expected.next());
            assert_eq!(one, other, "{one:x?} {other:x?}");
            if one.is_none() {
                return;
            }
        }
    }

    #[test]
    fn an_escape_names_its_character() {
        assert_eq!(visible("a\u{1b}]0;x\u{7}\n", &[]), r"a\u{1b}]0;x\u{7}\n");
        assert_eq!(visible("é \u{202e}\t", &['\t']), "é \\u{202e}\t");
    }
}
