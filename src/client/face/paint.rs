//! The colours of a line. They do not change its text.

use std::fmt::Display;

use crate::escape::Name;

/// The colours of names and other parts of a line. The default has no colours.
#[derive(Debug, Clone, Default)]
pub(crate) struct Paint {
    /// False if `NO_COLOR` is set, or if the output is for a program.
    pub(crate) colours: bool,
    /// The user's own name.
    pub(crate) own: String,
}

/// The colours of names. Of the sixteen terminal colours, these are readable on black and on white.
const COLOURS: [u8; 10] = [31, 32, 33, 35, 36, 91, 92, 94, 95, 96];

const BOLD: &str = "1";
const DIM: &str = "2";
const BLUE: &str = "34";
const REVERSE: &str = "7";

impl Paint {
    /// Colours a name. A name has the same colour in every chat on every machine; the user's own name is bold.
    pub(crate) fn name(&self, name: &str) -> String {
        let code = if name == self.own {
            BOLD.to_owned()
        } else {
            colour_of(name).to_string()
        };
        self.with(&code, &Name(name))
    }

    /// Colours a name, and puts it between two marks.
    pub(crate) fn between(&self, left: &str, name: &str, right: &str) -> String {
        let (left, right) = (self.with(DIM, &left), self.with(DIM, &right));
        format!("{left}{}{right}", self.name(name))
    }

    /// Formats the text of a message. In messages of other users, the user's own name is highlighted.
    pub(crate) fn text(&self, from: &str, text: &impl Display) -> String {
        let text = text.to_string();
        if !self.colours || self.own.is_empty() || from == self.own {
            return text;
        }
        let mut shown = String::with_capacity(text.len());
        let mut rest = &*text;
        while let Some(at) = rest.find(&self.own) {
            let (before, found) = rest.split_at(at);
            let (found, after) = found.split_at(self.own.len());
            shown.push_str(before);
            let within =
                before.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric);
            if within {
                shown.push_str(found);
            } else {
                shown.push_str(&self.with("1;33", &found));
            }
            rest = after;
        }
        shown + rest
    }

    /// Shows a less important text, such as a time, in a faint colour.
    pub(crate) fn faint(&self, text: &impl Display) -> String {
        self.with(DIM, text)
    }

    /// Colours the `--` at the start of the program's own lines.
    pub(crate) fn remark(&self, line: &str) -> String {
        match line.strip_prefix("--") {
            Some(rest) => self.with(BLUE, &"--") + rest,
            None => line.to_owned(),
        }
    }

    /// Inverts the colours of a row that is not a message, such as the status line.
    pub(crate) fn bar(&self, text: &impl Display) -> String {
        self.with(REVERSE, text)
    }

    /// Gives a text the colour with the number `index`. Texts with neighbouring numbers have different colours.
    pub(crate) fn nth(&self, index: usize, text: &impl Display) -> String {
        let code = COLOURS[index % COLOURS.len()];
        self.with(&code.to_string(), text)
    }

    fn with(&self, code: &str, text: &impl Display) -> String {
        if self.colours {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }
}

/// Chooses the colour of a name. The hash FNV-1a needs little code. It is the same in every version of this program, so a
/// name keeps its colour.
fn colour_of(name: &str) -> u8 {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    COLOURS[hash as usize % COLOURS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paint(colours: bool) -> Paint {
        let own = "al".into();
        Paint { colours, own }
    }

    #[test]
    fn a_name_has_one_colour_and_the_own_name_is_bold() {
        let paint = paint(true);
        assert_eq!(paint.name("bob"), paint.name("bob"));
        assert_ne!(paint.name("bob"), paint.name("carol"));
        assert_eq!(paint.name("al"), "\x1b[1mal\x1b[0m");
    }

    #[test]
    fn the_own_name_is_highlighted_as_a_word() {
        let text = paint(true).text("bob", &"al: also for al");
        assert_eq!(text, "\x1b[1;33mal\x1b[0m: also for \x1b[1;33mal\x1b[0m");
        assert_eq!(paint(false).text("bob", &"al: also"), "al: also");
    }
}
