//! Tests of the maximum rate of a client. The server slows down a client that sends faster. Other clients do not notice
//! this.

use std::thread;

use matou_server::net::ConnectionLimits;

use super::support::{Client, Server};

/// Maximum bytes of an outbox. A burst has the same size.
const BURST: usize = 64 << 10;

/// Bytes of a message to all clients whose text has [`TEXT`] bytes: opcode, login, text.
const FRAME: usize = 1 + 4 + FLOODER.len() + 4 + TEXT;

const TEXT: usize = 1000;

const FLOODER: &str = "flooder";

#[test]
fn a_flooder_is_paused_after_a_burst_and_no_reader_is_cut_and_a_stop_ends_the_pause() {
    let server = Server::limited(ConnectionLimits {
        outbox_bytes: BURST,
        // The rate is so low that the bucket stays empty for the time of this test.
        talk_rate: 1,
        bound_loopback: true,
        ..ConnectionLimits::default()
    });
    let (mut sloth, mut alice) = (server.login("sloth"), server.login("alice"));
    let flooder = server.login(FLOODER);
    let mut writer = Client::with_stream(&flooder);
    // The flooder sends far more bytes than the kernel and an outbox can hold. The server reads only a burst of them, so
    // this thread is blocked until the server ends.
    let flooding = thread::spawn(move || {
        let mut frame = b"\x03\0\0\0\x07flooder\0\0\x03\xe8".to_vec();
        frame.resize(FRAME, b'x');
        for _ in 0..64 {
            if std::io::Write::write_all(&mut writer.stream, &frame.repeat(1000)).is_err() {
                return;
            }
        }
    });
    // The server handles the frame that empties the burst, but no frame of the flooder after it.
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
    // The stop waits for the thread that serves the flooder. If the stop did not end the pause of that thread, it would wait
    // for a day.
    drop(server);
    let frames = sloth.rest().len() / FRAME;
    assert!((said - 1..=said).contains(&frames), "{frames} frames");
    flooding.join().unwrap();
}
