//! A client that says more than its rate is slowed down, and no other client pays for it.

use std::thread;

use matou_server::net::ConnectionLimits;

use super::support::{Client, Server};

/// Bytes of an outbox, and so of a burst.
const BURST: usize = 64 << 10;

/// Bytes of a message to all with a text of [`TEXT`] bytes: opcode, login, text.
const FRAME: usize = 1 + 4 + FLOODER.len() + 4 + TEXT;

const TEXT: usize = 1000;

const FLOODER: &str = "flooder";

#[test]
fn a_flooder_is_paused_after_a_burst_and_no_reader_is_cut_and_a_stop_ends_the_pause() {
    let server = Server::limited(ConnectionLimits {
        outbox_bytes: BURST,
        // In the time of this test, nothing is added to the burst.
        talk_rate: 1,
        bound_loopback: true,
        ..ConnectionLimits::default()
    });
    let (mut sloth, mut alice) = (server.login("sloth"), server.login("alice"));
    let flooder = server.login(FLOODER);
    let mut writer = Client::with_stream(&flooder);
    // Far more than the kernel and an outbox hold. The server reads only a burst of it, so this thread ends with the server.
    let flooding = thread::spawn(move || {
        let mut frame = b"\x03\0\0\0\x07flooder\0\0\x03\xe8".to_vec();
        frame.resize(FRAME, b'x');
        for _ in 0..64 {
            if std::io::Write::write_all(&mut writer.stream, &frame.repeat(1000)).is_err() {
                return;
            }
        }
    });
    // The frame that empties the burst is the last.
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
    // Stopping waits for the flooder's thread. It would wait for a day if the pause did not end.
    drop(server);
    let frames = sloth.rest().len() / FRAME;
    assert!((said - 1..=said).contains(&frames), "{frames} frames");
    flooding.join().unwrap();
}
