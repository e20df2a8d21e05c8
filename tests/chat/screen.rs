//! The program in a pseudo-terminal, with a model of its screen.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

use super::program::{matou, signal};

/// The timeout of every wait. A test takes less than a second, so a wait of this length means that the program hangs.
const HANG: Duration = Duration::from_secs(120);

/// A running `matou chat` in a terminal of its own.
pub(crate) struct Screen {
    process: Child,
    keyboard: File,
    seen: Arc<Seen>,
    /// The settings of the terminal before the program was started.
    before: Termios,
    slave: File,
}

/// What the program has written to the terminal.
struct Seen {
    state: Mutex<State>,
    more: Condvar,
}

struct State {
    parser: vt100::Parser,
    raw: Vec<u8>,
}

/// Numbers of rows and columns of a terminal.
pub(crate) type Size = (u16, u16);

pub(crate) const USUAL: Size = (24, 80);

impl Screen {
    /// Starts the program. Before the start, the function `environment` may change the command, for example its environment
    /// variables.
    pub(crate) fn with(
        url: &str,
        options: &[&str],
        size: Size,
        environment: impl FnOnce(&mut Command),
    ) -> Screen {
        let (keyboard, slave) = open_terminal(size);
        let mut command = chat_in(&slave, url, options);
        environment(&mut command);
        let before = tcgetattr(&slave).unwrap();
        let process = command.spawn().unwrap();
        let seen = Arc::new(Seen {
            state: Mutex::new(State {
                parser: vt100::Parser::new(
                    size.0.try_into().unwrap(),
                    size.1.try_into().unwrap(),
                    0,
                ),
                raw: Vec::new(),
            }),
            more: Condvar::new(),
        });
        let (output, watched) = (keyboard.try_clone().unwrap(), Arc::clone(&seen));
        thread::spawn(move || watch(output, &watched));
        Screen {
            process,
            keyboard,
            seen,
            before,
            slave,
        }
    }

    /// Types these keys, without Enter.
    pub(crate) fn press(&mut self, keys: &str) {
        self.press_bytes(keys.as_bytes());
    }

    /// Types these bytes, which need not be UTF-8: some terminals use another encoding.
    pub(crate) fn press_bytes(&mut self, keys: &[u8]) {
        self.keyboard.write_all(keys).unwrap();
    }

    /// Types a line, and presses Enter.
    pub(crate) fn say(&mut self, line: &str) {
        self.press(&format!("{line}\r"));
    }

    /// Waits until this condition holds for the screen. If it never holds, the test fails with a message that names `what`.
    pub(crate) fn wait(&self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + HANG;
        let mut state = self.seen.state.lock().unwrap();
        while !is_so(state.parser.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "waited for {what}; there was\n{}",
                state.parser.screen().contents()
            );
            state = self.seen.more.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits until a text is on the screen.
    pub(crate) fn expect(&self, text: &str) {
        self.wait(&format!("{text:?}"), |screen| {
            screen.contents().contains(text)
        });
    }

    /// Waits until a text has appeared on the screen. The text may have left the screen again, because later lines have
    /// moved it off.
    #[allow(dead_code, reason = "only floods move lines off the screen")]
    pub(crate) fn expect_once(&self, text: &str) {
        let deadline = Instant::now() + HANG;
        let mut state = self.seen.state.lock().unwrap();
        let mut looked_at = 0;
        while !String::from_utf8_lossy(&state.raw[looked_at..]).contains(text) {
            looked_at = state.raw.len().saturating_sub(text.len());
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited for {text:?} to be shown once");
            state = self.seen.more.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits until `row` is the last row on the screen that is not empty.
    pub(crate) fn expect_typed(&self, row: &str) {
        self.wait(&format!("the row {row:?}"), |screen| {
            last_row(screen) == row
        });
    }

    /// Returns the text on the screen.
    pub(crate) fn text(&self) -> String {
        self.seen.state.lock().unwrap().parser.screen().contents()
    }

    /// Returns everything that the program has written to the terminal so far.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.seen.state.lock().unwrap().raw).into_owned()
    }

    pub(crate) fn resize(&self, size: Size) {
        tcsetwinsize(&self.keyboard, window(size)).unwrap();
        let mut state = self.seen.state.lock().unwrap();
        let (rows, columns) = (size.0.try_into().unwrap(), size.1.try_into().unwrap());
        state.parser.screen_mut().set_size(rows, columns);
        drop(state);
        // The kernel sends SIGWINCH only to processes that have this terminal as their controlling terminal. But the program
        // has another one or none, so the test itself sends the signal.
        signal(&self.process, rustix::process::Signal::WINCH);
    }

    /// Waits until the program has ended. Checks that it has restored the terminal's settings, and returns its exit code.
    pub(crate) fn ended(mut self) -> i32 {
        let code = self.process.wait().unwrap().code().unwrap();
        let after = tcgetattr(&self.slave).unwrap();
        assert_eq!(
            (after.local_modes, after.input_modes, after.output_modes),
            (
                self.before.local_modes,
                self.before.input_modes,
                self.before.output_modes
            )
        );
        code
    }

    pub(crate) fn quit(mut self) {
        self.say("/quit");
        assert_eq!(self.ended(), 0);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // The program still runs only if the test has failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the two ends of a pseudo-terminal. Through the first end, the test types keys and reads the screen, as a person
/// would. The program uses the second end.
pub(crate) fn open_terminal(size: Size) -> (File, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    tcsetwinsize(&master, window(size)).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let mut both = OpenOptions::new();
    let slave = both.read(true).write(true).open(path).unwrap();
    (File::from(master), slave)
}

/// Returns a command that runs `matou chat` in this terminal.
pub(crate) fn chat_in(terminal: &File, url: &str, options: &[&str]) -> Command {
    let mut command = matou();
    command
        .args(["chat", url])
        .args(options)
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .stdin(Stdio::from(terminal.try_clone().unwrap()))
        .stdout(Stdio::from(terminal.try_clone().unwrap()))
        .stderr(Stdio::from(terminal.try_clone().unwrap()));
    command
}

fn window((rows, columns): Size) -> Winsize {
    Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

/// Returns the rows that are not empty, without spaces at their ends.
pub(crate) fn rows(screen: &vt100::Screen) -> Vec<String> {
    let (_, columns) = screen.size();
    let rows = screen.rows(0, columns.get());
    rows.map(|row| row.trim_end().to_owned())
        .filter(|row| !row.is_empty())
        .collect()
}

fn last_row(screen: &vt100::Screen) -> String {
    rows(screen).pop().unwrap_or_default()
}

fn watch(mut output: File, seen: &Seen) {
    let mut chunk = vec![0; 4096];
    while let Ok(length @ 1..) = output.read(&mut chunk) {
        let mut state = seen.state.lock().unwrap();
        state.parser.process(&chunk[..length]);
        state.raw.extend_from_slice(&chunk[..length]);
        seen.more.notify_all();
    }
}
