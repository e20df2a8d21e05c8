//! Tests of a server that may use only a few descriptors, or little memory. It serves as many clients as these limits allow.
//! It refuses all other clients: it closes or resets their connections. No client waits forever for an answer.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::thread;

use assert_cmd::cargo::CommandCargoExt;
use matou_protocols::chaton::ClientFrame;
use rstest::rstest;

use super::serving::{Program, patient};
use super::stalled_readers::support::Client;

/// Returns a command that sets this limit with `ulimit` in a shell, and then starts `matou` from that shell.
fn limited(limit: &str) -> Command {
    let matou = Command::cargo_bin("matou").unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit {limit} && exec \"$@\""), "sh"]);
    shell.arg(matou.get_program());
    shell
}

fn start(limit: &str) -> Program {
    let listen = ["--listen", "chaton=127.0.0.1:0"];
    Program::start_as(limited(limit), &listen, Stdio::null())
}

/// Logs in. Returns the connection if the server accepts the login, and `None` if the server closes or resets the
/// connection.
fn answered(address: SocketAddr, name: &str) -> Option<TcpStream> {
    let mut stream = patient(TcpStream::connect(address).unwrap());
    let length = u8::try_from(name.len()).unwrap();
    let _ = stream.write_all(&[&[0, 0, 0, 0, length], name.as_bytes()].concat());
    match stream.read(&mut [0]) {
        Ok(1) => Some(stream),
        Ok(_) => None,
        Err(error) if error.kind() == ErrorKind::ConnectionReset => None,
        Err(error) => panic!("{name} is left without an answer: {error}"),
    }
}

#[rstest]
#[case::descriptors("-n 40", 100)]
#[case::more_descriptors("-n 64", 100)]
#[case::address_space("-v 300000", 400)]
fn every_client_is_served_or_refused(#[case] limit: &str, #[case] clients: usize) {
    let program = start(limit);
    let address = program.address("chaton");
    let served: Vec<_> = (0..clients)
        .filter_map(|number| answered(address, &format!("c{number}")))
        .collect();
    assert!(!served.is_empty());
    program.stop();
}

#[rstest]
#[case("-n 9")]
#[case("-n 20")]
fn a_server_that_cannot_serve_one_client_does_not_start(#[case] limit: &str) {
    let output = limited(limit)
        .args(["serve", "--listen", "chaton=127.0.0.1:0"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("cannot serve even one client"), "{told}");
    assert!(told.contains("ulimit -n"), "{told}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn tunnels_that_carry_much_leave_descriptors_for_new_clients() {
    /// When a direction of a tunnel has carried half this number of bytes, the server asks the system for a pipe for this
    /// direction. So after this number of bytes, the server has certainly asked for one.
    const MUCH: usize = 2 << 20;
    let program = start("-n 80");
    let address = program.address("chaton");
    let connect = |frame: ClientFrame<'_>| {
        let mut client = Client::connect(address);
        client.send(frame);
        client
    };
    let mut alice = connect(ClientFrame::Login { login: "alice" });
    let mut bob = connect(ClientFrame::Login { login: "bob" });
    assert_eq!([alice.next(), bob.next()], ["LOGIN_ACCEPTED"; 2]);
    let (requester, target) = ("alice", "bob");
    let mut tunnels = Vec::new();
    for _ in 0..12 {
        alice.send(ClientFrame::RequestPrivate { requester, target });
        bob.next();
        bob.send(ClientFrame::OkPrivate { requester, target });
        let connect_id = alice.next_id();
        bob.next_id();
        let mut ends = [(); 2].map(|()| connect(ClientFrame::LoginPrivate { connect_id }));
        for end in &mut ends {
            assert_eq!(end.next(), "ESTABLISHED");
        }
        let [mut one, mut other] = ends;
        for _ in 0..2 {
            let mut writer = Client::with_stream(&one);
            let writing = thread::spawn(move || writer.raw(&vec![7; MUCH]));
            assert_eq!(other.bytes(MUCH).len(), MUCH);
            writing.join().unwrap();
            std::mem::swap(&mut one, &mut other);
        }
        tunnels.push((one, other));
    }
    let served: Vec<_> = (0..60)
        .filter_map(|number| answered(address, &format!("c{number}")))
        .collect();
    assert!(!served.is_empty());
}
