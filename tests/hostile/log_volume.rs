//! Tests that peers which never log in cause only a limited number of log lines, even if these peers are many.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::Stdio;

use crate::serving::Program;

/// Returns a name that consists of control characters. In the log, the longest possible name would take 160 KiB, because
/// each of its characters is escaped. So the server shortens names in the log.
fn control_characters(length: usize) -> Vec<u8> {
    vec![1; length]
}

fn string2(bytes: &[u8]) -> Vec<u8> {
    let length = i16::try_from(bytes.len()).unwrap();
    [&length.to_be_bytes(), bytes].concat()
}

fn string4(bytes: &[u8]) -> Vec<u8> {
    let length = i32::try_from(bytes.len()).unwrap();
    [&length.to_be_bytes(), bytes].concat()
}

/// A packet of ChatOS 1.0 with an invalid pseudonym.
fn bad_pseudonym() -> Vec<u8> {
    [&[1][..], &string2(&control_characters(32_767))].concat()
}

/// What peers without a valid login send: for each peer, the name of the listener to which it connects, and the bytes that
/// it sends.
fn bad_connections() -> Vec<(&'static str, Vec<u8>)> {
    let name = control_characters(30);
    let long_name = control_characters(1000);
    let close_connection = [&[11][..], &[0; 8], &string4(&name), &string4(&name)].concat();
    vec![
        ("chaton", vec![99]),
        ("chaton", [&[0][..], &string4(&long_name)].concat()),
        (
            "chaton",
            [&[3][..], &string4(&name), &string4(&long_name)].concat(),
        ),
        ("chatos-groupe2", close_connection),
        ("chatos-groupe2", [&[0][..], &string4(&name)].concat()),
        ("chatos-1.0", vec![99]),
        ("chatos-1.0", bad_pseudonym()),
        ("chathack", vec![99]),
        ("chathack", [&[2][..], &string4(&long_name)].concat()),
        (
            "chathack",
            [&[1][..], &string4(&name), &string4(&name)].concat(),
        ),
        ("chatr", b"this is no handshake\n".to_vec()),
        ("chatr-rest", b"\x16\x03\x01 nor is this\n".to_vec()),
        ("chatr-rest", b"GET \x01 HTTP/1.1\r\n\r\n".to_vec()),
    ]
}

/// Sends the bytes and waits until the server has closed the connection.
fn connect_and_send(server: &Program, listener: &str, bytes: &[u8]) {
    let mut stream = server.connect(listener);
    // The server may close the connection before it has read all the bytes.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.read_to_end(&mut Vec::new());
}

const EVERY_PROTOCOL: [&str; 12] = [
    "--listen",
    "chaton=127.0.0.1:0",
    "--listen",
    "chatos-groupe2=127.0.0.1:0",
    "--listen",
    "chatos-1.0=127.0.0.1:0",
    "--listen",
    "chathack=127.0.0.1:0",
    "--listen",
    "chatr=127.0.0.1:0",
    "--rest",
    "127.0.0.1:0",
];

#[test]
fn a_bad_connection_causes_little_log_and_many_cause_hardly_more() {
    const TIMES: usize = 100;
    let log = tempfile::NamedTempFile::new().unwrap();
    let server = Program::start(&EVERY_PROTOCOL, log.reopen().unwrap().into());
    let kinds = bad_connections();
    for _ in 0..TIMES {
        for (listener, bytes) in &kinds {
            connect_and_send(&server, listener, bytes);
        }
    }
    server.stop();
    let log = std::fs::read_to_string(log.path()).unwrap();
    let connections = TIMES * kinds.len();
    assert!(
        log.len() < 100 * connections,
        "{} bytes of log for {connections} bad connections",
        log.len()
    );
    let longest = log.lines().map(str::len).max().unwrap();
    assert!(longest < 400, "a line of {longest} bytes");
    for told in [
        r#"refused pseudonym "\u{1}"#,
        "(32767 bytes)",
        " more messages like this",
    ] {
        assert!(log.contains(told), "{told} is not in the log: {log}");
    }
}

/// Returns the memory of the whole process, in bytes.
#[cfg(target_os = "linux")]
fn memory(server: &Program) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.unwrap().trim().trim_end_matches(" kB");
    kib.parse::<usize>().unwrap() << 10
}

/// Returns 0, because this system has no `/proc` in which to find the number.
#[cfg(not(target_os = "linux"))]
fn memory(_: &Program) -> usize {
    0
}

/// Sends a frame `times` times, and reads an answer of `answer` bytes to each.
fn repeat(stream: &mut TcpStream, frame: &[u8], times: usize, answer: usize) {
    let mut reader = stream.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut answers = vec![0; times * answer];
            reader.read_exact(&mut answers).unwrap();
        });
        for _ in 0..times {
            stream.write_all(frame).unwrap();
        }
    });
}

#[test]
fn a_log_whose_reader_has_stopped_costs_little_memory_and_stalls_no_client() {
    const MOST_MEMORY: usize = 32 << 20;
    let listen = [
        "--log",
        "debug",
        "--listen",
        "chatos-1.0=127.0.0.1:0",
        "--listen",
        "chaton=127.0.0.1:0",
    ];
    let mut server = Program::start(&listen, Stdio::piped());
    let before = memory(&server);
    let mut stranger = server.connect("chatos-1.0");
    repeat(&mut stranger, &bad_pseudonym(), 500, 2);

    let mut alice = server.connect("chaton");
    alice.write_all(b"\0\0\0\0\x05alice").unwrap();
    alice.read_exact(&mut [0]).unwrap();
    let hi = b"\x03\0\0\0\x05alice\0\0\0\x02hi";
    repeat(&mut alice, hi, 10_000, hi.len());
    let grown = memory(&server) - before;
    assert!(grown < MOST_MEMORY, "{grown} bytes more");

    // When the test reads the log again, the server can write to the log again. The next line of the log says how many lines
    // were lost.
    server.terminate();
    let stderr = BufReader::new(server.child.stderr.take().unwrap());
    let lost = |line: std::io::Result<String>| line.unwrap().contains("lines lost here");
    assert!(
        stderr.lines().any(lost),
        "the log does not report lost lines"
    );
}
