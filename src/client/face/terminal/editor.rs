//! The line that the user is typing, and how keys change it. The editor is a plain value and does not use a terminal.

use unicode_segmentation::UnicodeSegmentation;

use super::completion::{Completion, Known};
use super::history::History;
use super::keys::Key;

/// The typed line with its history.
#[derive(Debug, Default)]
pub(super) struct Editor {
    text: String,
    /// The cursor's position in bytes, always at the border of a grapheme cluster.
    cursor: usize,
    /// The last word or line that was deleted, for Ctrl-Y.
    killed: String,
    history: History,
    completion: Option<Completion>,
    /// True if a part of a paste did not fit. Then the rest of the paste is dropped too.
    is_full: bool,
    /// True if bytes arrived that are not UTF-8. The line shows the character [`DAMAGE`] in their place until the user
    /// deletes this character.
    is_damaged: bool,
}

/// Shown in the place of bytes that are not UTF-8.
const DAMAGE: char = char::REPLACEMENT_CHARACTER;

/// What the program must do after a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Show the changed line, and do nothing else.
    Edited,
    /// The line was submitted with Enter.
    Submitted(String),
    /// The key has no effect here, so the bell rings.
    Bell,
    /// A part of a paste does not fit. The editor reports this once per paste.
    TooMuch,
    /// The line has bytes that are not UTF-8, so it cannot be submitted.
    NotUtf8,
    ClearScreen,
    /// Switch to the next conversation.
    Next,
    /// Ctrl-C on an empty line.
    Interrupted,
    /// Ctrl-D on an empty line.
    Ended,
    Suspended,
}

/// Maximum size of the line, in bytes. This is much more than a person pastes.
const MOST_BYTES: usize = 16 * 1024 * 1024;

impl Editor {
    pub(super) fn press(&mut self, key: Key, known: &Known<'_>) -> Outcome {
        if key == Key::Tab {
            return self.complete(known);
        }
        self.completion = None;
        if !matches!(key, Key::Paste(_) | Key::NotUtf8) {
            self.is_full = false;
        }
        match key {
            Key::Char(character) => return self.insert(character.encode_utf8(&mut [0; 4])),
            Key::Paste(text) => return self.paste(&text),
            Key::NotUtf8 => {
                self.is_damaged = true;
                return self.insert(DAMAGE.encode_utf8(&mut [0; 4]));
            }
            Key::Enter => return self.submit(),
            Key::Backspace => self.delete(self.before(), self.cursor),
            Key::Delete => self.delete(self.cursor, self.after_cursor()),
            Key::Left => self.cursor = self.before(),
            Key::Right => self.cursor = self.after_cursor(),
            Key::WordLeft => self.cursor = self.word_before(),
            Key::WordRight => self.cursor = self.word_behind(),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = self.text.len(),
            Key::KillToStart => self.kill(0, self.cursor),
            Key::KillToEnd => self.kill(self.cursor, self.text.len()),
            Key::KillWordLeft => self.kill(self.word_before(), self.cursor),
            Key::KillWordRight => self.kill(self.cursor, self.word_behind()),
            Key::Yank => return self.insert(&self.killed.clone()),
            Key::Up | Key::Down => return self.browse(key == Key::Up),
            Key::EndOfInput if self.text.is_empty() => return Outcome::Ended,
            Key::EndOfInput => self.delete(self.cursor, self.after_cursor()),
            Key::Interrupt if self.text.is_empty() => return Outcome::Interrupted,
            Key::Interrupt => self.replace_all(String::new()),
            Key::ClearScreen => return Outcome::ClearScreen,
            Key::Next => return Outcome::Next,
            Key::Suspend => return Outcome::Suspended,
            Key::Tab => {}
        }
        Outcome::Edited
    }

    /// Sets the text, if the line is empty.
    pub(super) fn suggest(&mut self, text: &str) {
        if self.text.is_empty() {
            self.replace_all(text.to_owned());
        }
    }

    /// Returns the text and the position of the cursor in it.
    pub(super) fn shown(&self) -> (&str, usize) {
        (&self.text, self.cursor)
    }

    /// Inserts a part of a paste. If a part does not fit, all later parts of the paste are dropped too, even short parts
    /// that would fit.
    fn paste(&mut self, text: &str) -> Outcome {
        if self.is_full || self.insert(text) == Outcome::Edited {
            return Outcome::Edited;
        }
        self.is_full = true;
        Outcome::TooMuch
    }

    fn insert(&mut self, text: &str) -> Outcome {
        if self.text.len() + text.len() > MOST_BYTES {
            return Outcome::Bell;
        }
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
        Outcome::Edited
    }

    fn submit(&mut self) -> Outcome {
        self.is_damaged &= self.text.contains(DAMAGE);
        if self.is_damaged {
            return Outcome::NotUtf8;
        }
        let line = std::mem::take(&mut self.text);
        self.cursor = 0;
        self.history.add(&line);
        Outcome::Submitted(line)
    }

    fn complete(&mut self, known: &Known<'_>) -> Outcome {
        if let Some(completion) = &mut self.completion {
            completion.advance();
        } else {
            self.completion = Completion::begin(&self.text, self.cursor, known);
        }
        let Some(completion) = &self.completion else {
            return Outcome::Bell;
        };
        let (start, word) = completion.current();
        self.text.replace_range(start..self.cursor, word);
        self.cursor = start + word.len();
        Outcome::Edited
    }

    fn browse(&mut self, older: bool) -> Outcome {
        let line = if older {
            self.history.older(&self.text).map(str::to_owned)
        } else {
            self.history.newer()
        };
        match line {
            Some(line) => self.replace_all(line),
            None => return Outcome::Bell,
        }
        Outcome::Edited
    }

    fn replace_all(&mut self, text: String) {
        self.text = text;
        self.cursor = self.text.len();
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.text.drain(from..to);
        self.cursor = from;
    }

    fn kill(&mut self, from: usize, to: usize) {
        if from < to {
            self.killed = self.text[from..to].to_owned();
            self.delete(from, to);
        }
    }

    fn before(&self) -> usize {
        let last = self.text[..self.cursor].grapheme_indices(true).next_back();
        last.map_or(0, |(at, _)| at)
    }

    fn after_cursor(&self) -> usize {
        let next = self.text[self.cursor..].graphemes(true).next();
        self.cursor + next.map_or(0, str::len)
    }

    fn word_before(&self) -> usize {
        let mut words = self.text[..self.cursor].split_word_bound_indices();
        let last = words.rfind(|(_, word)| !is_blank(word));
        last.map_or(0, |(at, _)| at)
    }

    fn word_behind(&self) -> usize {
        let mut words = self.text[self.cursor..].split_word_bound_indices();
        let next = words.find(|(_, word)| !is_blank(word));
        next.map_or(self.text.len(), |(at, word)| self.cursor + at + word.len())
    }
}

fn is_blank(word: &str) -> bool {
    word.chars().all(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    const NO_NAMES: Known<'_> = Known {
        commands: &["/msg"],
        names: &[],
    };

    fn after(keys: impl IntoIterator<Item = Key>) -> Editor {
        let mut editor = Editor::default();
        for key in keys {
            editor.press(key, &NO_NAMES);
        }
        editor
    }

    fn typed(text: &str, keys: &[Key]) -> Editor {
        let text = text.chars().map(Key::Char);
        after(text.chain(keys.iter().cloned()))
    }

    #[rstest]
    #[case::a_character_with_a_modifier_is_one("a👍🏽", &[Key::Backspace], "a|")]
    #[case::in_the_middle("abc", &[Key::Left, Key::Char('x')], "abx|c")]
    #[case::delete("abc", &[Key::Home, Key::Delete], "|bc")]
    #[case::words("one two  ", &[Key::WordLeft], "one |two  ")]
    #[case::to_the_end_of_a_word("one two", &[Key::Home, Key::WordRight], "one| two")]
    #[case::kill_a_word("one two", &[Key::KillWordLeft], "one |")]
    #[case::and_bring_it_back("one two", &[Key::KillWordLeft, Key::Home, Key::Yank], "two|one ")]
    #[case::kill_to_the_end("abc", &[Key::Left, Key::KillToEnd], "ab|")]
    #[case::kill_to_the_start("abc", &[Key::Left, Key::KillToStart], "|c")]
    #[case::throw_away("abc", &[Key::Interrupt], "|")]
    #[case::history("abc", &[Key::Enter, Key::Char('x'), Key::Up], "abc|")]
    #[case::and_back("abc", &[Key::Enter, Key::Char('x'), Key::Up, Key::Down], "x|")]
    #[case::completion("/m", &[Key::Tab], "/msg |")]
    #[case::completion_and_back("/m", &[Key::Tab, Key::Tab], "/m|")]
    #[case::a_paste("a", &[Key::Paste("b\nc".into())], "ab\nc|")]
    fn keys_edit(#[case] text: &str, #[case] keys: &[Key], #[case] expected: &str) {
        let editor = typed(text, keys);
        let (text, cursor) = editor.shown();
        let shown = format!("{}|{}", &text[..cursor], &text[cursor..]);
        assert_eq!(shown, expected);
    }

    #[test]
    fn enter_hands_the_line_over() {
        let mut editor = typed("hi", &[]);
        let submitted = editor.press(Key::Enter, &NO_NAMES);
        assert_eq!(submitted, Outcome::Submitted("hi".into()));
        assert_eq!(editor.shown(), ("", 0));
        assert_eq!(editor.press(Key::EndOfInput, &NO_NAMES), Outcome::Ended);
        assert_eq!(
            editor.press(Key::Interrupt, &NO_NAMES),
            Outcome::Interrupted
        );
    }

    #[test]
    fn a_line_that_is_not_utf8_is_submitted_only_after_it_was_mended() {
        let mut editor = typed("caf", &[Key::NotUtf8]);
        assert_eq!(editor.press(Key::Enter, &NO_NAMES), Outcome::NotUtf8);
        assert_eq!(editor.shown().0, "caf\u{fffd}");
        editor.press(Key::Backspace, &NO_NAMES);
        editor.press(Key::Char('é'), &NO_NAMES);
        let submitted = editor.press(Key::Enter, &NO_NAMES);
        assert_eq!(submitted, Outcome::Submitted("café".into()));
        // A user may also type U+FFFD on purpose. Then the line can be submitted.
        editor.press(Key::Char(DAMAGE), &NO_NAMES);
        let submitted = editor.press(Key::Enter, &NO_NAMES);
        assert_eq!(submitted, Outcome::Submitted(DAMAGE.to_string()));
    }

    #[test]
    fn a_paste_is_cut_where_there_is_no_more_room_and_has_no_gap() {
        let mut editor = Editor::default();
        let part = "x".repeat(MOST_BYTES / 2 - 1);
        let mut paste = |text: &str| editor.press(Key::Paste(text.into()), &NO_NAMES);
        assert_eq!(paste(&part), Outcome::Edited);
        assert_eq!(paste(&part), Outcome::Edited);
        assert_eq!(paste("yyy"), Outcome::TooMuch);
        assert_eq!(paste("z"), Outcome::Edited);
        let submitted = editor.press(Key::Enter, &NO_NAMES);
        assert!(submitted == Outcome::Submitted(part.repeat(2)));
        assert_eq!(
            editor.press(Key::Paste("a".into()), &NO_NAMES),
            Outcome::Edited
        );
        assert_eq!(editor.shown(), ("a", 1));
    }

    fn any_key() -> impl Strategy<Value = Key> {
        prop_oneof![
            any::<char>().prop_map(Key::Char),
            "\\PC{0,5}".prop_map(Key::Paste),
            prop::sample::select(vec![
                Key::Enter,
                Key::Tab,
                Key::Backspace,
                Key::Delete,
                Key::Left,
                Key::Right,
                Key::WordLeft,
                Key::WordRight,
                Key::Home,
                Key::Up,
                Key::Down,
                Key::KillToEnd,
                Key::KillWordLeft,
                Key::KillWordRight,
                Key::Yank,
            ]),
        ]
    }

    proptest! {
        #[test]
        fn the_cursor_never_leaves_the_text(keys in prop::collection::vec(any_key(), 0..60)) {
            let editor = after(keys);
            let (text, cursor) = editor.shown();
            prop_assert!(text.is_char_boundary(cursor));
        }
    }
}
