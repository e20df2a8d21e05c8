//! The output on a terminal: messages above, and the status line and the typed line at the bottom.
//!
//! Only the loop writes to the terminal, so no lock is needed and nothing is ever written into the middle of a typed line.
//! Messages are printed above the two rows at the bottom: one write removes these rows, prints, and paints them again.
//! `keys` decodes the bytes of keys, `editor` changes the typed line, and `screen` computes what to write. These three do no
//! IO. Only `raw` uses the terminal. However the program ends or is stopped, `raw` restores the terminal's modes. `prompt`
//! asks for a secret.

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

pub(crate) use completion::Known;
pub(crate) use editor::Outcome;
pub(crate) use keys::Key;
#[cfg(unix)]
pub use prompt::ask_secret;

use crate::signals::{end_at_once, leave_if_blocked};
use crate::typing::input;
use editor::Editor;
use keys::Keys;
use raw::{Modes, Painting, await_key};
use screen::Screen;

/// One of the two lines that the user can type. The keys change the current line, which is shown after the prompt. There are
/// two lines, so that a draft cannot become a login by mistake, and a login cannot become a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TypedLine {
    /// A message or a command.
    Draft,
    /// The answer, when the client asks for another login.
    Login,
}

/// The terminal, in raw mode until this value is dropped.
#[derive(Debug)]
pub(crate) struct Terminal {
    modes: Modes,
    keys: Keys,
    /// The line that the user is writing. While the client asks for a login, this line is kept here.
    draft: Editor,
    /// The answer to the login question.
    login: Editor,
    screen: Screen,
    /// The next three fields say what the next [`Terminal::paint`] must do: ring the bell, clear the screen, print lines.
    rings: bool,
    wipes: bool,
    printed: String,
    /// `painted` contains the rows above the prompt, and the prompt, as they were last painted. `stale` is true if anything
    /// else on the screen must be painted again, such as the typed line.
    painted: (Vec<String>, String),
    stale: bool,
}

impl Terminal {
    /// Puts the terminal into raw mode. From then on, the bytes from the keyboard arrive on the returned channel.
    pub(crate) fn open() -> io::Result<(Terminal, Receiver<Vec<u8>>)> {
        let modes = Modes::raw()?;
        let terminal = Terminal {
            screen: Screen::new(modes.columns()),
            modes,
            keys: Keys::default(),
            draft: Editor::default(),
            login: Editor::default(),
            rings: false,
            wipes: false,
            printed: String::new(),
            painted: Default::default(),
            stale: true,
        };
        Ok((
            terminal,
            input::bytes(await_key, leave_if_blocked, end_at_once)?,
        ))
    }

    /// Decodes bytes from the keyboard. The caller passes each key to [`Terminal::press`].
    pub(crate) fn decode(&mut self, bytes: &[u8]) -> Vec<Key> {
        self.keys.push(bytes)
    }

    /// Applies a key to `line`.
    pub(crate) fn press(&mut self, line: TypedLine, key: Key, known: &Known<'_>) -> Outcome {
        self.stale = true;
        let editor = match line {
            TypedLine::Draft => &mut self.draft,
            TypedLine::Login => &mut self.login,
        };
        let outcome = editor.press(key, known);
        match outcome {
            Outcome::Bell | Outcome::TooMuch | Outcome::NotUtf8 => self.bell(),
            Outcome::ClearScreen => self.wipes = true,
            _ => {}
        }
        outcome
    }

    /// Sets the draft, unless it already has text.
    pub(crate) fn suggest(&mut self, text: &str) {
        self.draft.suggest(text);
        self.stale = true;
    }

    /// Sets the answer to the login question. The draft does not change.
    pub(crate) fn propose_login(&mut self, login: &str) {
        self.login = Editor::default();
        self.login.suggest(login);
        self.stale = true;
    }

    /// Prints lines above the typed line. They are written at the next [`Terminal::paint`].
    pub(crate) fn print(&mut self, lines: &str) {
        lines.lines().for_each(|line| {
            self.printed.push_str(line);
            self.printed.push('\n');
        });
        self.stale = true;
    }

    /// Rings the bell at the next [`Terminal::paint`].
    pub(crate) fn bell(&mut self) {
        self.rings = true;
        self.stale = true;
    }

    /// Writes everything that has changed. `above` are the rows above the prompt; they may be different at each call. `line`
    /// is the line to show after the prompt.
    pub(crate) fn paint(
        &mut self,
        above: &[String],
        prompt: &str,
        line: TypedLine,
    ) -> io::Result<()> {
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
            let (typed, cursor) = match line {
                TypedLine::Draft => self.draft.shown(),
                TypedLine::Login => self.login.shown(),
            };
            self.screen.bottom(&mut text, above, prompt, typed, cursor);
            Painting {
                text,
                undo: self.screen.erasure(),
            }
        })
    }

    /// Adapts to the new size of the window.
    pub(crate) fn resized(&mut self) {
        self.screen.resize(self.modes.columns());
        self.stale = true;
    }

    /// Tells the terminal that the program runs again after the user suspended it (Ctrl-Z): the next [`Terminal::paint`]
    /// paints everything again.
    pub(crate) fn resumed(&mut self) {
        self.resized();
    }

    /// Returns the number of columns.
    pub(crate) fn columns(&self) -> usize {
        self.screen.columns()
    }
}

/// If another program has used the terminal, its output has moved the painted rows to an unknown place. In this case, this
/// function forgets where the rows are.
fn forget_if_used(modes: &Modes, screen: &mut Screen) {
    if modes.was_used() {
        *screen = Screen::new(modes.columns());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // This call prints the waiting lines. After this function, `modes` is dropped, which restores the terminal.
        let _ = self.modes.write(|| {
            forget_if_used(&self.modes, &mut self.screen);
            let mut painting = Painting::default();
            self.screen.print(&mut painting.text, &self.printed);
            painting
        });
    }
}
