//! Tests of a chat whose terminal accepts no output, because the program that shows the terminal is stopped.

use std::io::Write;
use std::time::{Duration, Instant};

use matou_protocols::chaton::{Codec, ServerFrame};
use rstest::rstest;
use rustix::process::Signal;

use super::Chat;
use super::shell::Change;

/// If a buffer accepts no bytes for this time, the tests assume that it is full.
const FULL: Duration = Duration::from_secs(1);

/// Stops the reader of the terminal, and floods the chat until its loop blocks in a write to the terminal.
fn block(chat: &mut Chat) {
    chat.pty.stop_reading();
    let mut flood = Vec::new();
    let msg = "x".repeat(1000);
    let frame = ServerFrame::Message {
        login: "bob",
        msg: &msg,
    };
    (0..1000).for_each(|_| frame.encode(Codec::default(), &mut flood));
    // When the loop is blocked, the buffers between server and client fill up, and the server's writes time out.
    let server = &mut chat.server;
    server.set_write_timeout(Some(FULL)).unwrap();
    while server.write_all(&flood).is_ok() {}
}

#[rstest]
#[case::term(Signal::TERM)]
#[case::hup(Signal::HUP)]
#[case::int(Signal::INT)]
fn one_signal_ends_a_chat_whose_terminal_is_blocked(#[case] signal: Signal) {
    let mut chat = Chat::start();
    block(&mut chat);
    chat.job.send(signal);
    assert_eq!(chat.job.next(), Change::EndedBy(signal.as_raw()));
    assert_eq!(chat.pty.modes(), chat.before);
}

#[test]
fn ctrl_c_ends_a_chat_whose_terminal_is_blocked() {
    let mut chat = Chat::start();
    block(&mut chat);
    chat.pty.press("\x03");
    assert_eq!(chat.job.next(), Change::EndedBy(Signal::INT.as_raw()));
    assert_eq!(chat.pty.modes(), chat.before);
}

#[test]
fn a_second_signal_ends_a_chat_whose_terminal_is_blocked_at_once() {
    let mut chat = Chat::start();
    block(&mut chat);
    let began = Instant::now();
    chat.job.send(Signal::TERM);
    // Two signals that arrive together would count as one. This pause keeps them apart: the thread for signals handles the
    // first one long before the pause ends.
    std::thread::park_timeout(FULL);
    chat.job.send(Signal::TERM);
    assert_eq!(chat.job.next(), Change::EndedBy(Signal::TERM.as_raw()));
    assert_eq!(chat.pty.modes(), chat.before);
    // With only one signal, the program would need five seconds to end.
    assert!(began.elapsed() < Duration::from_secs(5));
}
