use std::fmt::{self, Write as _};

/// True for a character that is invisible or changes the direction of the text: Unicode's properties
/// `Default_Ignorable_Code_Point` and `Bidi_Control` (as of Unicode 16), the separators of lines and paragraphs
/// (U+2028, U+2029) and the empty Braille pattern (U+2800).
///
/// This file has the project's only table of such characters. A name that a client proposes must not contain these
/// characters. Logs and terminals show them escaped.
pub fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' // soft hyphen
        | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' // zero widths and direction marks
        | '\u{2028}'..='\u{202e}' // separators and direction overrides
        | '\u{2060}'..='\u{206f}' // invisible operators, isolates
        | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' // variation selectors
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' // tags, more variation selectors
    )
}

/// True for a character that is always shown escaped: an invisible character, a control character (C0, DEL, C1), a mark
/// of interlinear annotation (U+FFF9 to U+FFFB) or one of Unicode's noncharacters.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || is_invisible(character)
        || matches!(character, '\u{fff9}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}')
        || u32::from(character) & 0xfffe == 0xfffe
}

/// Writes a hidden character as an escape of the Rust language: `\n`, `\r`, `\t` or `\u{1b}`.
pub fn write_escape(f: &mut impl fmt::Write, character: char) -> fmt::Result {
    match character {
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        other => write!(f, "\\u{{{:x}}}", u32::from(other)),
    }
}

/// Shows a text on one line, with every hidden character escaped.
#[derive(Debug, Clone, Copy)]
pub struct Visible<T>(pub T);

impl<T: fmt::Display> fmt::Display for Visible<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.split_inclusive(is_hidden) {
            let mut before = piece.chars();
            match before.next_back().filter(|last| is_hidden(*last)) {
                Some(hidden) => {
                    self.0.write_str(before.as_str())?;
                    write_escape(self.0, hidden)?;
                }
                None => self.0.write_str(piece)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use regex_syntax::hir::{Class, HirKind};

    use super::*;

    /// Returns the characters that match a pattern. The crate `regex-syntax` finds them in its copy of Unicode's lists.
    fn class(pattern: &str) -> Vec<char> {
        let parsed = regex_syntax::parse(pattern).unwrap();
        let HirKind::Class(Class::Unicode(class)) = parsed.kind() else {
            panic!("{pattern} is not a class of characters");
        };
        let ranges = class.iter().map(|range| range.start()..=range.end());
        ranges.flatten().collect()
    }

    fn all(is_one: fn(char) -> bool) -> Vec<char> {
        (char::MIN..=char::MAX)
            .filter(|each| is_one(*each))
            .collect()
    }

    #[test]
    fn the_table_is_unicodes() {
        let invisible = r"\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Zl}\p{Zp}\u{2800}";
        assert!(all(is_invisible) == class(&format!("[{invisible}]")));
        let hidden =
            format!(r"[{invisible}\p{{Cc}}\p{{Noncharacter_Code_Point}}\u{{fff9}}-\u{{fffb}}]");
        assert!(all(is_hidden) == class(&hidden));
    }

    #[test]
    fn a_text_is_shown_on_one_line_with_nothing_hidden() {
        let shown = Visible("a\u{1b}[2J\r\nb\u{ad}\u{ffff}\u{e0041}é").to_string();
        assert_eq!(shown, r"a\u{1b}[2J\r\nb\u{ad}\u{ffff}\u{e0041}é");
        let everything: String = (char::MIN..=char::MAX).collect();
        assert!(!Visible(&everything).to_string().contains(is_hidden));
    }
}
