//! A terminal with somebody in front of it.
//!
//! The loop owns it and is the only one that writes to it, so nothing has to be locked and nothing is ever written into a
//! half-typed line: whatever there is to print goes above the two rows at the bottom, which are taken away before and
//! painted again behind it, in one write. `keys` knows what a terminal sends, `editor` what each key does to the typed
//! line, `screen` what must be written; all three are values that know no terminal. `raw` is the only one that does: it
//! gives the terminal back whatever ends or stops the program. `prompt` asks for a secret.

mod completion;
mod editor;
mod history;
mod keys;
#[cfg(unix)]
mod prompt;
mod raw;
mod screen;

use std::io;

use crossbeam_channel::Receiver;

pub(super) use completion::Known;
pub(super) use editor::Outcome;
pub(super) use keys::Key;
#[cfg(unix)]
pub use prompt::ask_secret;
pub(super) use raw::await_key;
#[cfg(unix)]
pub(super) use raw::{give_back, take_again};

use super::input;
use editor::Editor;
use keys::Keys;
use raw::{Modes, Painting};
use screen::Screen;

/// The terminal, in raw mode until it is dropped.
#[derive(Debug)]
pub(super) struct Terminal {
    modes: Modes,
    keys: Keys,
    editor: Editor,
    screen: Screen,
    /// At the next [`Terminal::paint`]: whether it rings, whether everything is wiped, and the lines that are printed then.
    rings: bool,
    wipes: bool,
    printed: String,
    /// What stands around the typed line, and whether anything else has changed since it was painted.
    painted: (Vec<String>, String),
    stale: bool,
}

impl Terminal {
    /// Takes the terminal over: its bytes come from the channel from here on.
    pub(super) fn open() -> io::Result<(Terminal, Receiver<Vec<u8>>)> {
        let modes = Modes::raw()?;
        let terminal = Terminal {
            screen: Screen::new(modes.columns()),
            modes,
            keys: Keys::default(),
            editor: Editor::default(),
            rings: false,
            wipes: false,
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
            Outcome::ClearScreen => self.wipes = true,
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
        lines.lines().for_each(|line| {
            self.printed.push_str(line);
            self.printed.push('\n');
        });
        self.stale = true;
    }

    /// Rings.
    pub(super) fn bell(&mut self) {
        self.rings = true;
        self.stale = true;
    }

    /// Writes everything that is new. `above` are rows that stand above the prompt and may change at any time.
    pub(super) fn paint(&mut self, above: &[String], prompt: &str) -> io::Result<()> {
        if !self.stale && self.painted.0 == above && self.painted.1 == prompt {
            return Ok(());
        }
        self.modes.write(|| {
            forget_if_used(&self.modes, &mut self.screen);
            self.stale = false;
            self.painted = (above.to_vec(), prompt.to_owned());
            let mut text = String::new();
            if std::mem::take(&mut self.rings) {
                text.push('\u{7}');
            }
            if std::mem::take(&mut self.wipes) {
                self.screen.clear(&mut text);
            }
            self.screen
                .print(&mut text, &std::mem::take(&mut self.printed));
            let (typed, cursor) = self.editor.shown();
            self.screen.bottom(&mut text, above, prompt, typed, cursor);
            Painting {
                text,
                undo: self.screen.erasure(),
            }
        })
    }

    /// The window has another size now.
    pub(super) fn resized(&mut self) {
        self.screen.resize(self.modes.columns());
        self.stale = true;
    }

    /// The program goes on after it was stopped: everything is painted again.
    pub(super) fn resumed(&mut self) {
        self.resized();
    }

    /// How many columns there are.
    pub(super) fn columns(&self) -> usize {
        self.screen.columns()
    }
}

/// What was painted has gone, or has scrolled away, when others have used the terminal since.
fn forget_if_used(modes: &Modes, screen: &mut Screen) {
    if modes.was_used() {
        *screen = Screen::new(modes.columns());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // What still had to be said. The modes go with their guard.
        let _ = self.modes.write(|| {
            forget_if_used(&self.modes, &mut self.screen);
            let mut painting = Painting::default();
            self.screen.print(&mut painting.text, &self.printed);
            painting
        });
    }
}
