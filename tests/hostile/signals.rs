//! Tests of signals. When a signal ends the program or stops it (as Ctrl-Z does), the program first restores the terminal.
//! When a stopped program continues, it sets up the terminal again.

mod blocked;
mod pty;
mod shell;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use matou_protocols::chaton::{ClientFrame, Codec, ServerFrame};
use rstest::rstest;
use rustix::process::Signal;
use rustix::termios::LocalModes;

use pty::{Modes, Pty};
use shell::{Change, Job};

/// The timeout of every wait. The tests take less than a second, so a wait of this length means that the program hangs.
const HANG: Duration = Duration::from_secs(30);

/// The sequences with which a program asks the terminal to mark pastes, and to stop marking them.
const MARK_PASTES: &str = "\x1b[?2004h";
const STOP_MARKING_PASTES: &str = "\x1b[?2004l";

/// A chat of alice in a terminal, and the server to which it is connected.
struct Chat {
    pty: Pty,
    before: Modes,
    job: Job,
    server: TcpStream,
}

impl Chat {
    fn start() -> Chat {
        Chat::start_after("")
    }

    /// Types this text into the terminal, and then starts a chat.
    fn start_after(typed: &str) -> Chat {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("chaton://alice@{}", listener.local_addr().unwrap());
        let mut pty = Pty::open();
        let before = pty.modes();
        pty.press(typed);
        let job = Job::start(&pty, &["chat", &url]);
        let (server, _) = listener.accept().unwrap();
        server.set_read_timeout(Some(HANG)).unwrap();
        let mut chat = Chat {
            pty,
            before,
            job,
            server,
        };
        chat.expect_sent(&ClientFrame::Login { login: "alice" });
        let mut answer = Vec::new();
        ServerFrame::LoginAccepted.encode(Codec::default(), &mut answer);
        chat.server.write_all(&answer).unwrap();
        chat.pty.expect("logged in as alice");
        chat.expect_painted(&format!("> {typed}"));
        assert_ne!(chat.pty.modes(), chat.before);
        chat
    }

    fn expect_sent(&mut self, frame: &ClientFrame<'_>) {
        let mut bytes = Vec::new();
        frame.encode(Codec::default(), &mut bytes);
        let mut received = vec![0; bytes.len()];
        self.server.read_exact(&mut received).unwrap();
        assert_eq!(received, bytes, "expected {frame}");
    }

    /// Waits until the last rows of the screen are the status and the typed line, and bracketed paste is on.
    fn expect_painted(&self, typed: &str) {
        self.pty.wait("status and typed line", |screen, raw| {
            let (row, column) = screen.cursor_position();
            let rows: Vec<_> = screen.rows(0, 80).collect();
            let row = usize::from(row);
            row > 0
                && rows[row - 1].starts_with(" alice at ")
                && rows[row].starts_with(typed.trim_end())
                && usize::from(column) == typed.len()
                && raw.rfind(MARK_PASTES) > raw.rfind(STOP_MARKING_PASTES)
        });
    }

    /// Waits until the terminal shows only messages, without the status row and the typed line.
    fn expect_given_back(&self) {
        self.pty
            .wait("a terminal without a status row", |screen, raw| {
                raw.rfind(STOP_MARKING_PASTES) > raw.rfind(MARK_PASTES)
                    && !screen.contents().contains(" alice at ")
                    && screen.contents().contains("logged in as alice")
            });
        assert_eq!(self.pty.modes(), self.before);
    }

    /// Returns the bytes that the client still sends before it closes the connection with FIN.
    fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.server.read_to_end(&mut rest).unwrap();
        rest
    }

    /// Closes the server's side of the connection too.
    fn close(&mut self) {
        self.server.shutdown(std::net::Shutdown::Write).unwrap();
    }

    fn say(&mut self, text: &str) {
        self.pty.press(&format!("{text}\r"));
        let login = "alice";
        self.expect_sent(&ClientFrame::Message { login, msg: text });
    }

    fn leave(&mut self) {
        self.pty.press("/quit\r");
        assert_eq!(self.rest(), b"");
        self.close();
        assert_eq!(self.job.next(), Change::Exited(0));
    }

    /// Leaves the chat, and checks that the program ends in order.
    fn quit(mut self) {
        self.leave();
        self.expect_given_back();
    }
}

#[rstest]
#[case(Signal::QUIT)]
#[case(Signal::ABORT)]
#[case(Signal::ALARM)]
#[case(Signal::USR1)]
#[case(Signal::USR2)]
#[case(Signal::VTALARM)]
#[case(Signal::PROF)]
#[case(Signal::XCPU)]
#[case(Signal::XFSZ)]
fn a_signal_that_ends_the_program_leaves_the_terminal_in_order(#[case] signal: Signal) {
    let mut chat = Chat::start();
    chat.pty.press("half a sen");
    chat.expect_painted("> half a sen");
    chat.job.send(signal);
    assert_eq!(chat.job.next(), Change::EndedBy(signal.as_raw()));
    chat.expect_given_back();
}

#[test]
fn text_typed_before_the_program_started_is_not_lost() {
    let mut chat = Chat::start_after("half a sen");
    chat.say_the_rest();
    // The system itself may have echoed the typed text before the program started. The program does not remove such text, so
    // the test does not check the screen here.
    chat.leave();
    assert_eq!(chat.pty.modes(), chat.before);
}

#[rstest]
#[case(Signal::INT)]
#[case(Signal::TERM)]
#[case(Signal::HUP)]
fn a_signal_makes_the_client_leave(#[case] signal: Signal) {
    let mut chat = Chat::start();
    chat.say("goodbye");
    chat.job.send(signal);
    assert_eq!(chat.rest(), b"");
    if signal == Signal::HUP {
        // The system has already sent this SIGHUP to the program, because the terminal was closed. Now the shell sends it
        // again.
        chat.job.send(signal);
    }
    chat.close();
    assert_eq!(chat.job.next(), Change::Exited(0));
    chat.expect_given_back();
}

#[test]
fn a_terminal_that_is_closed_ends_the_chat_in_order() {
    let mut chat = Chat::start();
    chat.say("goodbye");
    chat.pty.hang_up();
    assert_eq!(chat.rest(), b"");
    chat.close();
    assert_eq!(chat.job.next(), Change::Exited(0));
}

#[rstest]
#[case::ctrl_z(None)]
#[case::from_outside(Some(Signal::TSTP))]
fn a_stopped_chat_gives_the_terminal_to_the_shell_and_takes_it_again(
    #[case] signal: Option<Signal>,
) {
    let mut chat = Chat::start();
    let cooked = {
        chat.pty.press("half a sen");
        chat.expect_painted("> half a sen");
        match signal {
            Some(signal) => chat.job.send(signal),
            None => chat.pty.press("\x1a"),
        }
        assert_eq!(chat.job.next(), Change::Stopped(Signal::STOP.as_raw()));
        chat.expect_given_back();
        chat.pty.termios()
    };
    chat.job.put_in_background();
    chat.pty.use_as_a_shell(&cooked, "[1]+ Stopped");
    // The shell continues the program in the background, as `bg` does. A chat cannot run in the background, so it stops
    // again.
    chat.job.send(Signal::CONT);
    assert_eq!(chat.job.next(), Change::Stopped(Signal::STOP.as_raw()));
    chat.pty.use_as_a_shell(&cooked, "$ fg");
    chat.job.put_in_foreground();
    chat.expect_painted("> half a sen");
    assert_ne!(chat.pty.modes(), chat.before);
    chat.pty.expect("$ fg\n alice at ");
    chat.say_the_rest();
    chat.quit();
}

#[test]
fn a_chat_stopped_without_warning_takes_the_terminal_again() {
    let mut chat = Chat::start();
    let cooked = {
        let mut modes = chat.pty.termios();
        modes.local_modes = chat.before.0;
        modes
    };
    chat.pty.press("half a sen");
    chat.expect_painted("> half a sen");
    chat.job.send(Signal::STOP);
    assert_eq!(chat.job.next(), Change::Stopped(Signal::STOP.as_raw()));
    chat.job.put_in_background();
    chat.pty.use_as_a_shell(&cooked, "\n[1]+ Stopped");
    chat.job.put_in_foreground();
    chat.pty.expect("[1]+ Stopped\n alice at ");
    chat.expect_painted("> half a sen");
    assert!(!chat.pty.modes().0.contains(LocalModes::ICANON));
    chat.say_the_rest();
    chat.leave();
    assert_eq!(chat.pty.modes(), chat.before);
}

#[test]
fn a_chat_whose_terminal_was_not_used_meanwhile_paints_in_place() {
    let mut chat = Chat::start();
    chat.pty.press("half a sen");
    chat.expect_painted("> half a sen");
    chat.job.send(Signal::STOP);
    assert_eq!(chat.job.next(), Change::Stopped(Signal::STOP.as_raw()));
    chat.job.send(Signal::CONT);
    chat.say_the_rest();
    chat.quit();
}

#[cfg(target_os = "linux")]
#[rstest]
#[case(Signal::IO)]
#[case(Signal::POWER)]
fn a_signal_of_one_system_ends_the_program_like_any_other(#[case] signal: Signal) {
    let chat = Chat::start();
    chat.job.send(signal);
    assert_eq!(chat.job.next(), Change::Exited(128 + signal.as_raw()));
    chat.expect_given_back();
}

#[test]
fn a_stopped_chat_can_be_ended_from_the_shell() {
    let mut chat = Chat::start();
    chat.pty.press("\x1a");
    assert_eq!(chat.job.next(), Change::Stopped(Signal::STOP.as_raw()));
    chat.expect_given_back();
    let cooked = chat.pty.termios();
    chat.job.put_in_background();
    chat.pty.use_as_a_shell(&cooked, "$ kill %1");
    chat.job.send_and_continue(Signal::TERM);
    assert_eq!(chat.rest(), b"");
    chat.close();
    assert_eq!(chat.job.next(), Change::Exited(0));
    // The program has written nothing into the output of the shell.
    chat.expect_given_back();
}

impl Chat {
    /// Types the rest of the line and sends it. If the whole line arrives at the server, the program has kept the first half
    /// of the line, and it still reads the keys.
    fn say_the_rest(&mut self) {
        self.pty.press("tence\r");
        self.expect_sent(&ClientFrame::Message {
            login: "alice",
            msg: "half a sentence",
        });
        self.expect_painted("> ");
    }
}

/// A program that asks for a password. A part of the password has been typed already.
struct Prompt {
    pty: Pty,
    before: Modes,
    job: Job,
    data: tempfile::TempDir,
}

impl Prompt {
    fn of_an_account() -> Prompt {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().to_str().unwrap().to_owned();
        Prompt::start(
            data,
            &["account", "add", "alice", "--data", &path],
            "Password: ",
        )
    }

    fn of_a_chat() -> Prompt {
        // The program asks for the password before it connects, so no server is needed.
        let url = "chathack://alice@127.0.0.1:1";
        let data = tempfile::tempdir().unwrap();
        Prompt::start(data, &["chat", url, "--password"], "Password: ")
    }

    fn start(data: tempfile::TempDir, arguments: &[&str], prompt: &str) -> Prompt {
        let pty = Pty::open();
        let before = pty.modes();
        let job = Job::start(&pty, arguments);
        pty.expect(prompt.trim_end());
        assert!(!pty.modes().0.contains(LocalModes::ECHO));
        Prompt {
            pty,
            before,
            job,
            data,
        }
    }

    fn accounts(&self) -> usize {
        let store = matou_server::store::Store::open(self.data.path()).unwrap();
        let accounts = matou_server::store::Accounts::new(&store);
        accounts.logins().unwrap().len()
    }
}

#[rstest]
#[case::ctrl_c(Some("\x03"), Signal::INT)]
#[case::ctrl_backslash(Some("\x1c"), Signal::QUIT)]
#[case::int(None, Signal::INT)]
#[case::term(None, Signal::TERM)]
#[case::hup(None, Signal::HUP)]
#[case::quit(None, Signal::QUIT)]
#[case::usr1(None, Signal::USR1)]
fn a_prompt_that_is_ended_shows_again_what_is_typed(
    #[case] keys: Option<&str>,
    #[case] signal: Signal,
    #[values(Prompt::of_an_account, Prompt::of_a_chat)] start: fn() -> Prompt,
) {
    let mut prompt = start();
    prompt.pty.press("secr");
    match keys {
        Some(keys) => prompt.pty.press(keys),
        None => prompt.job.send(signal),
    }
    // A shell reports the signal as the exit code 128 plus the number of the signal, such as 130 or 143.
    assert_eq!(prompt.job.next(), Change::EndedBy(signal.as_raw()));
    assert_eq!(prompt.pty.modes(), prompt.before);
    prompt.pty.wait("nothing of the secret", |screen, raw| {
        screen.cursor_position().1 == 0 && !raw.contains("secr")
    });
}

#[rstest]
#[case::ctrl_z(Some("\x1a"))]
#[case::from_outside(None)]
fn a_stopped_prompt_asks_again(#[case] keys: Option<&str>) {
    let mut prompt = Prompt::of_an_account();
    prompt.pty.press("secr");
    match keys {
        Some(keys) => prompt.pty.press(keys),
        None => prompt.job.send(Signal::TSTP),
    }
    assert_eq!(prompt.job.next(), Change::Stopped(Signal::STOP.as_raw()));
    assert_eq!(prompt.pty.modes(), prompt.before);
    let cooked = prompt.pty.termios();
    prompt.job.put_in_background();
    prompt.pty.use_as_a_shell(&cooked, "$ fg");
    prompt.job.put_in_foreground();
    prompt.pty.expect("$ fg\nPassword:");
    prompt.pty.press("password\r");
    prompt.pty.expect("Again:");
    prompt.pty.press("password\r");
    prompt.pty.expect("added alice");
    assert_eq!(prompt.job.next(), Change::Exited(0));
    assert_eq!(prompt.pty.modes(), prompt.before);
    assert_eq!(prompt.accounts(), 1);
}
