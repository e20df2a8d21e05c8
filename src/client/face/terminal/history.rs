use std::collections::VecDeque;

/// The submitted lines, for the Up key. The lines are kept only in memory: a file would expose private messages.
#[derive(Debug, Default)]
pub(super) struct History {
    lines: VecDeque<String>,
    /// The total size of the lines, in bytes.
    bytes: usize,
    /// The index of the line that is shown, and the draft that the user was typing before.
    shown: Option<(usize, String)>,
}

/// Maximum number of lines; the oldest are dropped first.
const MAX_LINES: usize = 500;
/// Maximum total size, in bytes. The oldest lines are dropped first. The newest line always stays, because the user may need
/// to send it again.
const MOST_BYTES: usize = 1024 * 1024;

impl History {
    /// Adds a line, unless it equals the last one.
    pub(super) fn add(&mut self, line: &str) {
        self.shown = None;
        if line.is_empty() || self.lines.back().is_some_and(|last| last == line) {
            return;
        }
        self.bytes += line.len();
        while self.lines.len() == MAX_LINES || self.bytes > MOST_BYTES {
            let Some(oldest) = self.lines.pop_front() else {
                break;
            };
            self.bytes -= oldest.len();
        }
        self.lines.push_back(line.to_owned());
    }

    /// Returns the line that was submitted before the shown line, if there is one.
    pub(super) fn older(&mut self, typed: &str) -> Option<&str> {
        let index = match &self.shown {
            Some((index, _)) => index.checked_sub(1)?,
            None => self.lines.len().checked_sub(1)?,
        };
        let draft = match self.shown.take() {
            Some((_, draft)) => draft,
            None => typed.to_owned(),
        };
        self.shown = Some((index, draft));
        self.lines.get(index).map(String::as_str)
    }

    /// Returns the line that was submitted after the shown line. After the last line, returns the draft.
    pub(super) fn newer(&mut self) -> Option<String> {
        let (index, draft) = self.shown.take()?;
        match self.lines.get(index + 1) {
            Some(line) => {
                self.shown = Some((index + 1, draft));
                Some(line.clone())
            }
            None => Some(draft),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_goes_back_and_down_returns_to_what_was_being_typed() {
        let mut history = History::default();
        assert_eq!(history.older("draft"), None);
        for line in ["one", "two", "two", ""] {
            history.add(line);
        }
        assert_eq!(history.older("draft"), Some("two"));
        assert_eq!(history.older("two"), Some("one"));
        assert_eq!(history.older("one"), None);
        assert_eq!(history.newer().as_deref(), Some("two"));
        assert_eq!(history.newer().as_deref(), Some("draft"));
        assert_eq!(history.newer(), None);
    }

    #[test]
    fn long_pastes_are_forgotten_earlier_and_the_newest_never() {
        let mut history = History::default();
        history.add("one");
        for digit in 0..10 {
            history.add(&digit.to_string().repeat(MOST_BYTES / 4));
        }
        assert_eq!(
            (history.lines.len(), history.bytes),
            (4, MOST_BYTES / 4 * 4)
        );
        let longest = "x".repeat(2 * MOST_BYTES);
        history.add(&longest);
        assert!(history.older("") == Some(&*longest));
        assert_eq!(history.older(""), None);
        history.add("short");
        assert_eq!((history.lines.len(), history.bytes), (1, 5));
    }
}
