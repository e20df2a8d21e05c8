//! A pseudo-terminal, and the text that was shown on it.

use std::fs::{File, OpenOptions};
use std::io::{PipeWriter, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, OutputModes, Termios, Winsize, tcgetattr, tcsetattr,
    tcsetwinsize,
};

use super::HANG;

/// Numbers of rows and columns.
const SIZE: (u16, u16) = (24, 80);

pub(crate) struct Pty {
    keyboard: Option<File>,
    slave: File,
    pub(crate) path: PathBuf,
    seen: Arc<Seen>,
    /// A pipe and the thread that reads the terminal. Closing the pipe ends the thread.
    watching: Option<(PipeWriter, JoinHandle<()>)>,
}

struct Seen {
    state: Mutex<State>,
    more: Condvar,
}

struct State {
    parser: vt100::Parser,
    raw: Vec<u8>,
}

/// The modes of a terminal that a program must restore. A shell expects that they are unchanged after the program has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Modes(pub(crate) LocalModes, InputModes, OutputModes);

impl Pty {
    pub(crate) fn open() -> Pty {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        // With this flag, programs that the tests start do not inherit the descriptor. A program with the descriptor would
        // keep the terminal open.
        #[cfg(target_os = "linux")]
        let flags = flags | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        rustix::io::fcntl_setfd(&master, rustix::io::FdFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let window = Winsize {
            ws_row: SIZE.0,
            ws_col: SIZE.1,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, window).unwrap();
        let path = PathBuf::from(ptsname(&master, Vec::new()).unwrap().into_string().unwrap());
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        // This terminal must not become the controlling terminal of the tests.
        std::os::unix::fs::OpenOptionsExt::custom_flags(
            &mut options,
            rustix::fs::OFlags::NOCTTY.bits().cast_signed(),
        );
        let slave = options.open(&path).unwrap();
        let (rows, columns) = (SIZE.0.try_into().unwrap(), SIZE.1.try_into().unwrap());
        let seen = Arc::new(Seen {
            state: Mutex::new(State {
                parser: vt100::Parser::new(rows, columns, 0),
                raw: Vec::new(),
            }),
            more: Condvar::new(),
        });
        let (end, alive) = std::io::pipe().unwrap();
        let keyboard = File::from(master);
        let (output, watched) = (keyboard.try_clone().unwrap(), Arc::clone(&seen));
        let thread = thread::spawn(move || watch(output, &end, &watched));
        Pty {
            keyboard: Some(keyboard),
            slave,
            path,
            seen,
            watching: Some((alive, thread)),
        }
    }

    /// Types these keys, without Enter.
    pub(crate) fn press(&mut self, keys: &str) {
        let keyboard = self.keyboard.as_mut().unwrap();
        keyboard.write_all(keys.as_bytes()).unwrap();
    }

    pub(crate) fn modes(&self) -> Modes {
        let modes = tcgetattr(&self.slave).unwrap();
        Modes(modes.local_modes, modes.input_modes, modes.output_modes)
    }

    /// Returns all modes of the terminal, so that they can be set again later.
    pub(crate) fn termios(&self) -> Termios {
        tcgetattr(&self.slave).unwrap()
    }

    /// Acts as a shell whose program has stopped: sets the shell's own modes, and writes a line.
    pub(crate) fn use_as_a_shell(&mut self, modes: &Termios, line: &str) {
        tcsetattr(&self.slave, OptionalActions::Now, modes).unwrap();
        (&self.slave)
            .write_all(format!("{line}\n").as_bytes())
            .unwrap();
        self.expect(line);
    }

    /// Waits until this condition holds for the screen. Fails after [`HANG`].
    pub(crate) fn wait(&self, what: &str, is_so: impl Fn(&vt100::Screen, &str) -> bool) {
        let deadline = Instant::now() + HANG;
        let mut state = self.seen.state.lock().unwrap();
        while !is_so(state.parser.screen(), &String::from_utf8_lossy(&state.raw)) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "waited for {what}; there was {:?}, and on the screen\n{}",
                String::from_utf8_lossy(&state.raw),
                state.parser.screen().contents()
            );
            state = self.seen.more.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits until the screen shows a text.
    pub(crate) fn expect(&self, text: &str) {
        self.wait(&format!("{text:?}"), |screen, _| {
            screen.contents().contains(text)
        });
    }

    /// Reads nothing more from the terminal, like a terminal window whose program is stopped.
    pub(crate) fn stop_reading(&mut self) {
        if let Some((alive, thread)) = self.watching.take() {
            drop(alive);
            thread.join().unwrap();
        }
    }

    /// Closes the terminal, as if its window was closed or a remote connection was lost.
    pub(crate) fn hang_up(&mut self) {
        self.stop_reading();
        self.keyboard = None;
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        self.hang_up();
    }
}

fn watch(mut output: File, end: &impl std::os::fd::AsFd, seen: &Seen) {
    let mut chunk = vec![0; 4096];
    loop {
        let mut ready = [
            PollFd::new(&output, PollFlags::IN),
            PollFd::new(end, PollFlags::IN),
        ];
        poll(&mut ready, None).unwrap();
        if !ready[1].revents().is_empty() {
            return;
        }
        let Ok(length @ 1..) = output.read(&mut chunk) else {
            return;
        };
        let mut state = seen.state.lock().unwrap();
        state.parser.process(&chunk[..length]);
        state.raw.extend_from_slice(&chunk[..length]);
        seen.more.notify_all();
    }
}
