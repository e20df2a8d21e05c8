//! Colours. Nothing here is needed to understand a line: without them it says the same.

use std::fmt::Display;

use super::escape::Name;

/// How names and the like are coloured. The default is not at all.
#[derive(Debug, Clone, Default)]
pub(super) struct Paint {
    /// False with `NO_COLOR`, and wherever lines are for programs.
    pub(super) colours: bool,
    /// One's own name.
    pub(super) own: String,
}

/// Of the sixteen colours that people choose for their terminals: those that can be read on black and on white.
const COLOURS: [u8; 10] = [31, 32, 33, 35, 36, 91, 92, 94, 95, 96];

const BOLD: &str = "1";
const DIM: &str = "2";
const BLUE: &str = "34";
const REVERSE: &str = "7";

impl Paint {
    /// A name in its colour, which is the same in every chat on every machine; one's own is bold.
    pub(super) fn name(&self, name: &str) -> String {
        let code = if name == self.own {
            BOLD.to_owned()
        } else {
            colour_of(name).to_string()
        };
        self.with(&code, &Name(name))
    }

    /// A name between two marks.
    pub(super) fn between(&self, left: &str, name: &str, right: &str) -> String {
        let (left, right) = (self.with(DIM, &left), self.with(DIM, &right));
        format!("{left}{}{right}", self.name(name))
    }

    /// What somebody says; one's own name stands out where others say it.
    pub(super) fn text(&self, from: &str, text: &impl Display) -> String {
        let text = text.to_string();
        if !self.colours || self.own.is_empty() || from == self.own {
            return text;
        }
        let mut shown = String::with_capacity(text.len());
        let mut rest = &*text;
        while let Some(at) = rest.find(&self.own) {
            let (before, found) = rest.split_at(at);
            let (found, behind) = found.split_at(self.own.len());
            shown.push_str(before);
            let within = before.ends_with(char::is_alphanumeric)
                || behind.starts_with(char::is_alphanumeric);
            if within {
                shown.push_str(found);
            } else {
                shown.push_str(&self.with("1;33", &found));
            }
            rest = behind;
        }
        shown + rest
    }

    /// A time, and what else is less important.
    pub(super) fn faint(&self, text: &impl Display) -> String {
        self.with(DIM, text)
    }

    /// The mark in front of what the program itself says.
    pub(super) fn remark(&self, line: &str) -> String {
        match line.strip_prefix("--") {
            Some(rest) => self.with(BLUE, &"--") + rest,
            None => line.to_owned(),
        }
    }

    /// A row that is not a message.
    pub(super) fn bar(&self, text: &impl Display) -> String {
        self.with(REVERSE, text)
    }

    /// One of a few colours that differ, for things that stand side by side.
    pub(super) fn nth(&self, index: usize, text: &impl Display) -> String {
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

/// FNV-1a: small, and the same for ever.
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
    fn a_name_has_one_colour_and_ones_own_is_bold() {
        let paint = paint(true);
        assert_eq!(paint.name("bob"), paint.name("bob"));
        assert_ne!(paint.name("bob"), paint.name("carol"));
        assert_eq!(paint.name("al"), "\x1b[1mal\x1b[0m");
    }

    #[test]
    fn ones_own_name_stands_out_as_a_word() {
        let text = paint(true).text("bob", &"al: also for al");
        assert_eq!(text, "\x1b[1;33mal\x1b[0m: also for \x1b[1;33mal\x1b[0m");
        assert_eq!(paint(false).text("bob", &"al: also"), "al: also");
    }
}
