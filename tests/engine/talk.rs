//! Tests of the maximum rate at which a client may send. The server slows down a client that sends faster. Other clients do
//! not notice this.

use std::thread;

use matou_server::net::ConnectionLimits;

use super::support::{Client, Server};

/// Maximum number of bytes in an outbox. A burst (the bytes that the clients of one address may send at full speed) has the
/// same size.
const BURST: usize = 64 << 10;

/// Bytes of a message to all clients: its opcode, its login, and a text of [`TEXT`] bytes.
const FRAME: usize = 1 + 4 + FLOODER.len() + 4 + TEXT;

const TEXT: usize = 1000;

const FLOODER: &str = "flooder";

/// Returns a server that lets clients send only one byte per second, after their burst. So when the token bucket of an
/// address is empty, it stays empty during the whole test.
fn server() -> Server {
    Server::limited(ConnectionLimits {
        outbox_bytes: BURST,
        talk_rate: 1,
        bound_loopback: true,
        ..ConnectionLimits::default()
    })
}

/// Returns a message of the flooder to all.
fn frame() -> Vec<u8> {
    let mut frame = b"\x03\0\0\0\x07flooder\0\0\x03\xe8".to_vec();
    frame.resize(FRAME, b'x');
    frame
}

#[test]
fn a_flooder_that_connects_again_gets_no_new_burst() {
    let server = server();
    let mut alice = server.login("alice");
    let mut flooder = server.login(FLOODER);
    let burst = BURST.div_ceil(FRAME);
    flooder.raw(&frame().repeat(burst));
    for _ in 0..burst - 1 {
        assert!(alice.next().contains(FLOODER));
    }
    // The first connection of the flooder stays open, and the flooder opens a second one.
    let mut second = server.connect();
    let mut login = b"\0\0\0\0\x07flood_2".to_vec();
    login.extend(frame().repeat(burst));
    second.raw(&login);
    assert_eq!(second.next(), "LOGIN_ACCEPTED");
    drop(flooder);
    alice.say("alice", "still here");
    let own = "MESSAGE login=\"alice\" msg=\"still here\"";
    let before: Vec<_> = std::iter::repeat_with(|| alice.next())
        .take_while(|frame| frame != own)
        .collect();
    // Before alice's own message, at most one more message of the first connection may have arrived.
    assert!(before.len() <= 1, "{} messages", before.len());
}

#[test]
fn a_flooder_is_paused_after_a_burst_and_no_reader_is_cut_and_a_stop_ends_the_pause() {
    let server = server();
    let (mut sloth, mut alice) = (server.login("sloth"), server.login("alice"));
    let flooder = server.login(FLOODER);
    let mut writer = Client::with_stream(&flooder);
    // All clients share one bucket, because they have the same address. So the few bytes of their logins count too. The
    // flooder sends far more bytes than the kernel and an outbox can hold. The server reads only as many bytes as a burst
    // has, so this thread is blocked until the server ends.
    let flooding = thread::spawn(move || {
        let frame = frame();
        for _ in 0..64 {
            if std::io::Write::write_all(&mut writer.stream, &frame.repeat(1000)).is_err() {
                return;
            }
        }
    });
    // The server still handles the frame with which the burst is used up, but no later frame of the flooder.
    let said = BURST.div_ceil(FRAME);
    for _ in 1..said {
        assert!(alice.next().contains("flooder"));
    }
    alice.say("alice", "still here");
    let mut last = alice.next();
    if last.contains("flooder") {
        last = alice.next();
    }
    assert_eq!(last, "MESSAGE login=\"alice\" msg=\"still here\"");
    // When the server stops, it waits for the thread that serves the flooder. If the stop did not end the pause of that
    // thread, the stop would take a day.
    drop(server);
    let frames = sloth.rest().len() / FRAME;
    assert!((said - 1..=said).contains(&frames), "{frames} frames");
    flooding.join().unwrap();
}
