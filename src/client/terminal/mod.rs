//! A terminal with somebody in front of it.
//!
//! The loop owns it and is the only one that writes to it, so nothing has to be locked and nothing is ever written into a
//! half-typed line: whatever there is to print goes above the two rows at the bottom, which are taken away before and
//! painted again behind it, in one write. `keys` knows what a terminal sends, `editor` what each key does to the typed
//! line, `screen` what must be written; all three are values that know no terminal. `raw` is the only one that does.

mod completion;
mod editor;
mod history;
mod keys;
mod raw;
mod screen;

use std::io::{self, Write};

use crossbeam_channel::Receiver;

pub(super) use completion::Known;
pub(super) use editor::Outcome;
pub(super) use keys::Key;
pub(super) use raw::suspend;

use super::input;
use editor::Editor;
use keys::Keys;
use raw::RawMode;
use screen::Screen;

/// The terminal, in raw mode until it is dropped.
#[derive(Debug)]
pub(super) struct Terminal {
    mode: RawMode,
    keys: Keys,
    editor: Editor,
    screen: Screen,
    /// What is to be written at the next [`Terminal::paint`].
    printed: String,
    /// What stands around the typed line, and whether anything else has changed since it was painted.
    painted: (Vec<String>, String),
    stale: bool,
}

impl Terminal {
    /// Takes the terminal over: its bytes come from the channel from here on.
    pub(super) fn open() -> io::Result<(Terminal, Receiver<Vec<u8>>)> {
        let mode = RawMode::enter()?;
        let terminal = Terminal {
            screen: Screen::new(mode.columns()),
            mode,
            keys: Keys::default(),
            editor: Editor::default(),
            printed: String::new(),
            painted: Default::default(),
            stale: true,
        };
        Ok((terminal, input::bytes()?))
    }

    /// Decodes what came from the keyboard. Each key is then given to [`Terminal::press`].
    pub(super) fn decode(&mut self, bytes: &[u8]) -> Vec<Key> {
        self.keys.push(bytes)
    }

    /// Lets a key do its work on the typed line.
    pub(super) fn press(&mut self, key: Key, known: &Known<'_>) -> Outcome {
        self.stale = true;
        let outcome = self.editor.press(key, known);
        match outcome {
            Outcome::Bell | Outcome::TooMuch => self.bell(),
            Outcome::ClearScreen => self.screen.clear(&mut self.printed),
            _ => {}
        }
        outcome
    }

    /// Puts text where the person types, unless something else stands there already.
    pub(super) fn suggest(&mut self, text: &str) {
        self.editor.suggest(text);
        self.stale = true;
    }

    /// Prints lines above what is being typed. They are written with everything else at the next [`Terminal::paint`].
    pub(super) fn print(&mut self, lines: &str) {
        self.screen.print(&mut self.printed, lines);
        self.stale = true;
    }

    /// Rings.
    pub(super) fn bell(&mut self) {
        self.printed.push('\u{7}');
        self.stale = true;
    }

    /// Writes everything that is new. `above` are rows that stand above the prompt and may change at any time.
    pub(super) fn paint(&mut self, above: &[String], prompt: &str) -> io::Result<()> {
        if !self.stale && self.painted.0 == above && self.painted.1 == prompt {
            return Ok(());
        }
        self.stale = false;
        self.painted = (above.to_vec(), prompt.to_owned());
        let mut out = std::mem::take(&mut self.printed);
        let (text, cursor) = self.editor.shown();
        self.screen.bottom(&mut out, above, prompt, text, cursor);
        write(&out)
    }

    /// The window has another size now.
    pub(super) fn resized(&mut self) {
        self.screen.resize(&mut self.printed, self.mode.columns());
        self.stale = true;
    }

    /// How many columns there are.
    pub(super) fn columns(&self) -> usize {
        self.screen.columns()
    }

    /// Gives the terminal back as it was: for a pause, or at the end.
    pub(super) fn leave(&mut self) -> io::Result<()> {
        let mut out = std::mem::take(&mut self.printed);
        self.screen.erase(&mut out);
        let written = write(&out);
        self.mode.leave()?;
        written
    }

    /// Takes it again after [`Terminal::leave`].
    pub(super) fn enter(&mut self) -> io::Result<()> {
        self.mode = RawMode::enter()?;
        self.screen = Screen::new(self.mode.columns());
        self.stale = true;
        Ok(())
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Also after a panic: a shell in raw mode is no fun.
        let _ = self.leave();
    }
}
