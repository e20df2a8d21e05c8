//! Colours for reports on a terminal.

use crate::run::Verdict;

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Without colours.
    Plain,
    /// With colours, as escape sequences that terminals understand.
    Colour,
}

impl Paint {
    pub(super) fn verdict(self, verdict: Verdict, text: &str) -> String {
        match verdict {
            Verdict::Pass => self.wrap("32", text),
            Verdict::Note => self.wrap("36", text),
            Verdict::NonStrict | Verdict::Inconclusive => self.wrap("33", text),
            Verdict::Unsupported => self.wrap("2", text),
            Verdict::Fail | Verdict::Error => self.wrap("1;31", text),
        }
    }

    pub(super) fn strong(self, text: &str) -> String {
        self.wrap("1", text)
    }

    pub(super) fn faint(self, text: &str) -> String {
        self.wrap("2", text)
    }

    pub(super) fn wrong(self, text: &str) -> String {
        self.wrap("31", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        match self {
            Paint::Plain => text.to_owned(),
            Paint::Colour => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}
