//! The changes that the process has made to its terminal. They are one global value, because a process has only one
//! terminal, and signals act on the whole process.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::thread::{self, ThreadId};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::process::getpgrp;
use rustix::termios::{
    OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetpgrp, tcsetattr,
};

use crate::signals::{self, PATIENCE, TerminalGuard};

static CHANGED: Mutex<Option<Changed>> = Mutex::new(None);
/// Notified when this program takes the terminal again, and when it has given the terminal back permanently.
static TAKEN: Condvar = Condvar::new();
/// Held during every write, so that nothing is painted while the terminal is given back. `WRITING` is locked before
/// [`CHANGED`], and `CHANGED` is not held while a write may block.
static WRITING: Mutex<()> = Mutex::new(());
/// A counter that is increased by one when a write begins, and again when the write ends. So it is odd during a write.
static WRITES: AtomicU64 = AtomicU64::new(0);
static HOOK: Once = Once::new();

struct Changed {
    files: Files,
    before: Termios,
    ours: Termios,
    /// The text to write whenever this program takes the terminal.
    greeting: String,
    /// The text to write when this program gives the terminal back.
    undo: String,
    /// True if unread keys are dropped when the terminal is given back.
    flushes: bool,
    /// True while the terminal is given back to other programs.
    given_back: bool,
    /// True if another program has used the terminal since the last call of [`was_used`].
    used: bool,
    /// The thread that changed the terminal. If it panics, the program ends.
    owner: ThreadId,
}

/// A terminal, as a file to read from and a file to write to.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) input: Arc<File>,
    pub(super) output: Arc<File>,
}

impl Files {
    pub(super) fn standard() -> io::Result<Files> {
        Files::of(&io::stdin(), &io::stdout())
    }

    /// Returns the terminal of the session (`/dev/tty`), even if standard input is something else. If the session has no
    /// terminal, returns the terminal on standard input.
    pub(super) fn controlling() -> io::Result<Files> {
        match File::options().read(true).write(true).open("/dev/tty") {
            Ok(terminal) => Files::of(&terminal, &terminal),
            Err(_) if io::stdin().is_terminal() => Files::of(&io::stdin(), &io::stderr()),
            Err(error) => Err(error),
        }
    }

    fn of(input: &impl AsFd, output: &impl AsFd) -> io::Result<Files> {
        let file = |stream: &dyn AsFd| -> io::Result<_> {
            Ok(Arc::new(stream.as_fd().try_clone_to_owned()?.into()))
        };
        Ok(Files {
            input: file(input)?,
            output: file(output)?,
        })
    }
}

/// Sets new modes and writes `greeting`. From then on, the earlier modes are restored before the program ends or stops.
pub(super) fn change(
    files: &Files,
    greeting: &str,
    undo: &str,
    changes: impl FnOnce(&mut Termios),
) -> io::Result<()> {
    // If the program runs in the background, the system sends it SIGTTOU during this call. At this point the program does
    // not catch signals yet, so SIGTTOU stops it.
    set(&files.input, &tcgetattr(&files.input)?)?;
    signals::guard_terminal(TerminalGuard {
        give_back,
        writing,
        take_again,
    })?;
    HOOK.call_once(give_back_at_a_panic);
    let _writing = WRITING.lock();
    {
        let mut changed = CHANGED.lock();
        let before = tcgetattr(&files.input)?;
        let mut ours = before.clone();
        changes(&mut ours);
        set(&files.input, &ours)?;
        *changed = Some(Changed {
            files: files.clone(),
            before,
            ours,
            greeting: greeting.to_owned(),
            undo: undo.to_owned(),
            flushes: false,
            given_back: false,
            used: false,
            owner: thread::current().id(),
        });
    }
    (&*files.output).write_all(greeting.as_bytes())
}

/// `compose` returns two texts. Writes the first text, and keeps the second one, which can remove the first text from the
/// terminal. Does nothing while the terminal is given back.
pub(super) fn write(files: &Files, compose: impl FnOnce() -> (String, String)) -> io::Result<()> {
    let _writing = WRITING.lock();
    if !is_taken() {
        return Ok(());
    }
    let (text, undo) = compose();
    WRITES.fetch_add(1, Ordering::Relaxed);
    let written = (&*files.output).write_all(text.as_bytes());
    WRITES.fetch_add(1, Ordering::Relaxed);
    written?;
    if let Some(changed) = &mut *CHANGED.lock() {
        changed.undo = undo;
    }
    Ok(())
}

/// Returns the number of the write that is running; `None` if no write is running.
fn writing() -> Option<u64> {
    let writes = WRITES.load(Ordering::Relaxed);
    (writes % 2 == 1).then_some(writes)
}

/// Restores the terminal. If the terminal accepts no output, or if a thread is writing to it, this function waits at most
/// `patience`. After this time it restores only the modes. Does nothing if this program has changed nothing. If this program
/// runs in the background, the terminal belongs to another program and is left as it is.
pub(super) fn give_back(patience: Duration) {
    let _writing = WRITING.try_lock_for(patience);
    let mut changed = CHANGED.lock();
    let Some(changed) = changed.as_mut().filter(|it| !it.given_back) else {
        return;
    };
    changed.given_back = true;
    if !is_ours(&changed.files) {
        return;
    }
    // This function ignores errors: it cannot report them, and even if one step fails, the other steps are useful.
    say(&changed.files, &changed.undo, patience);
    if changed.flushes {
        let _ = tcflush(&changed.files.input, QueueSelector::IFlush);
    }
    let _ = set(&changed.files.input, &changed.before);
}

/// Sets this program's modes again after [`give_back`], or after another program has set other modes while this program was
/// stopped. Returns false if this program runs in the background, because the terminal then belongs to another program.
pub(super) fn take_again() -> bool {
    let _writing = WRITING.try_lock_for(PATIENCE);
    let mut changed = CHANGED.lock();
    let Some(changed) = &mut *changed else {
        return true;
    };
    if !is_ours(&changed.files) {
        changed.given_back = true;
        return false;
    }
    let is = tcgetattr(&changed.files.input);
    let used = changed.given_back || is.is_ok_and(|is| differs(&is, &changed.ours));
    let _ = set(&changed.files.input, &changed.ours);
    if used {
        say(&changed.files, &changed.greeting, PATIENCE);
    }
    changed.used |= used;
    changed.given_back = false;
    TAKEN.notify_all();
    true
}

/// Returns true if another program has used the terminal since the last call.
pub(super) fn was_used() -> bool {
    let mut changed = CHANGED.lock();
    changed
        .as_mut()
        .is_some_and(|changed| std::mem::take(&mut changed.used))
}

/// See [`super::await_key`].
pub(super) fn await_key() -> bool {
    while let Some(input) = input_of_ours() {
        let mut key = [PollFd::new(&*input, PollFlags::IN)];
        // On systems that cannot poll terminals, `poll` fails at once, and the caller then blocks in `read` instead.
        let _ = retry_on_intr(|| poll(&mut key, None));
        if is_taken() {
            return true;
        }
    }
    false
}

/// Waits while the terminal is given back, then returns the terminal's input; `None` if the terminal was given back
/// permanently.
fn input_of_ours() -> Option<Arc<File>> {
    let mut changed = CHANGED.lock();
    while changed.as_ref().is_some_and(|it| it.given_back) {
        TAKEN.wait(&mut changed);
    }
    changed.as_ref().map(|it| Arc::clone(&it.files.input))
}

fn is_taken() -> bool {
    CHANGED.lock().as_ref().is_some_and(|it| !it.given_back)
}

/// From now on, [`give_back`] drops unread keys.
pub(super) fn flush_at_the_end() {
    if let Some(changed) = &mut *CHANGED.lock() {
        changed.flushes = true;
    }
}

/// From now on, [`give_back`] restores the modes, but writes no text and drops no unread keys.
pub(super) fn undo_nothing() {
    if let Some(changed) = &mut *CHANGED.lock() {
        changed.undo.clear();
        changed.flushes = false;
    }
}

/// Forgets the changes. Call it after the terminal was restored.
pub(super) fn forget() {
    *CHANGED.lock() = None;
    TAKEN.notify_all();
}

/// Installs a panic hook that restores the terminal and then prints the message of the panic. If a thread other than the
/// owner panics, the program continues, so the hook takes the terminal again.
fn give_back_at_a_panic() {
    let say = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let owner = CHANGED.lock().as_ref().map(|changed| changed.owner);
        give_back(PATIENCE);
        say(panic);
        if owner.is_some_and(|owner| owner != thread::current().id()) && take_again() {
            signals::tell_resumed();
        }
    }));
}

/// Returns true if this program runs in the foreground of its terminal. If the terminal is not the program's controlling
/// terminal, it has no background programs, so the result is true there, too.
fn is_ours(files: &Files) -> bool {
    tcgetpgrp(&files.input).map_or(true, |group| group == getpgrp())
}

fn set(terminal: &File, modes: &Termios) -> io::Result<()> {
    // With `Now`, the call does not wait until the terminal has taken the queued output, because this wait could last for
    // ever.
    retry_on_intr(|| tcsetattr(terminal, OptionalActions::Now, modes))?;
    Ok(())
}

fn differs(one: &Termios, other: &Termios) -> bool {
    let modes = |of: &Termios| (of.local_modes, of.input_modes, of.output_modes);
    modes(one) != modes(other)
}

/// Writes a text if the terminal accepts output within `patience`.
fn say(files: &Files, text: &str, patience: Duration) {
    let mut output = [PollFd::new(&*files.output, PollFlags::OUT)];
    let patience = Timespec {
        tv_sec: patience.as_secs().try_into().unwrap_or_default(),
        tv_nsec: 0,
    };
    if retry_on_intr(|| poll(&mut output, Some(&patience))) != Ok(0) {
        let _ = (&*files.output).write_all(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::io::Read;
    use std::process::{Command, Stdio};

    use rstest::rstest;
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::LocalModes;

    use super::super::{MARK_PASTES, Modes, Painting, STOP_MARKING_PASTES};
    use super::*;

    const WHERE: &str = "MATOU_TEST_PANIC";

    /// This function is not a test. It is the program that the test below starts.
    #[test]
    fn program() {
        let Ok(place) = env::var(WHERE) else {
            return;
        };
        let modes = Modes::raw().unwrap();
        let painted = modes.write(|| Painting {
            text: "[status]\r\n> half a sen".into(),
            undo: "\r\x1b[1A\x1b[J".into(),
        });
        painted.unwrap();
        if place == "here" {
            panic!("a mistake here");
        }
        let other = thread::spawn(|| panic!("a mistake there"));
        assert!(other.join().is_err());
        let is = tcgetattr(modes.input()).unwrap();
        assert!(!is.local_modes.contains(LocalModes::ICANON));
        assert!(modes.was_used());
        modes.write(Painting::default).unwrap();
        println!("it goes on");
    }

    #[rstest]
    #[case::ending_the_program("here", false)]
    #[case::of_another_thread("there", true)]
    fn the_terminal_is_restored_before_a_panic_message(
        #[case] place: &str,
        #[case] survives: bool,
    ) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = rustix::fs::open(
            path,
            rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY,
            rustix::fs::Mode::empty(),
        );
        let slave = File::from(slave.unwrap());
        let stream = || Stdio::from(slave.try_clone().unwrap());
        let before = tcgetattr(&slave).unwrap();
        let mut program = Command::new(env::current_exe().unwrap());
        let name = format!("{}::program", module_path!().split_once("::").unwrap().1);
        program
            .args(["--exact", &name, "--nocapture", "--test-threads=1"])
            .env(WHERE, place)
            .env("RUST_BACKTRACE", "0")
            .stdin(stream())
            .stdout(stream())
            .stderr(stream());
        assert_eq!(program.status().unwrap().success(), survives);
        assert!(!differs(&tcgetattr(&slave).unwrap(), &before));
        drop((program, slave));
        // On some systems, reading fails after the other end was closed.
        let mut raw = Vec::new();
        let _ = File::from(master).read_to_end(&mut raw);
        let raw = String::from_utf8(raw).unwrap();
        let at = |text| {
            raw.find(text)
                .unwrap_or_else(|| panic!("no {text:?} in {raw:?}"))
        };
        assert!(at("[status]") < at(STOP_MARKING_PASTES), "{raw:?}");
        assert!(at("\x1b[1A\x1b[J") < at("panicked at"), "{raw:?}");
        assert!(at(STOP_MARKING_PASTES) < at("panicked at"), "{raw:?}");
        let again = raw.rfind(MARK_PASTES) > raw.find("panicked at");
        assert_eq!((again, raw.contains("it goes on")), (survives, survives));
        assert!(raw.rfind(STOP_MARKING_PASTES) > raw.rfind(MARK_PASTES));
    }
}
