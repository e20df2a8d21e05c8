//! Tests in which a thousand clients send a password at the same time. The server lets these clients wait, but it must
//! hardly delay other clients.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use matou_protocols::chathack::{Answer, ClientFrame, Options, Question, Room};
use matou_server::net::{ConnectionLimits, Engine, ProcessLimits};
use matou_server::store::PublicKey;
use matou_server::store::{Identities, Store};

use crate::secure::{next, prove, secure};
use crate::serving::{Program, patient};
use crate::vectors::{UUID, bytes};

const WRONG: u8 = 2;
const CONNECTED: u8 = 3;

fn send(stream: &mut TcpStream, frame: ClientFrame<'_>) {
    let mut bytes = Vec::new();
    frame.encode(&mut bytes);
    stream.write_all(&bytes).unwrap();
}

fn try_password(stream: &mut TcpStream, login: &str, password: &str) {
    send(stream, ClientFrame::LoginWithPassword { login, password });
}

fn answer(stream: &mut TcpStream) -> u8 {
    let mut answer = [0];
    stream.read_exact(&mut answer).unwrap();
    answer[0]
}

const GUESSERS: usize = 60;

/// Connects many clients from one address, and sends a wrong password from each. Waits for the first answer. Returns a
/// channel on which the other answers arrive.
fn flood(server: &Program) -> Receiver<u8> {
    let mut guessers: Vec<_> = (0..GUESSERS).map(|_| server.connect("chathack")).collect();
    for guesser in &mut guessers {
        try_password(guesser, "alice", "w");
    }
    let answers = answers(guessers);
    assert_eq!(answers.recv(), Ok(WRONG));
    answers
}

/// Returns a channel with the answers to these clients, in the order in which the answers arrive.
fn answers(streams: Vec<TcpStream>) -> Receiver<u8> {
    let (told, answers) = channel();
    for mut stream in streams {
        let told = told.clone();
        thread::spawn(move || {
            let mut answer = [0];
            // A test may end before all clients have an answer.
            if stream.read_exact(&mut answer).is_ok() {
                let _ = told.send(answer[0]);
            }
        });
    }
    answers
}

/// Checks that at most half of the guessers have an answer. This shows that the earlier steps of the test did not wait for
/// the server to answer all guessers.
fn expect_most_still_wait(guessers: &Receiver<u8>) {
    let answered = 1 + guessers.try_iter().count();
    assert!(
        answered <= GUESSERS / 2,
        "{answered} of {GUESSERS} passwords were checked before"
    );
}

fn start() -> Program {
    let listen = [
        "--listen",
        "chathack=127.0.0.1:0",
        "--listen",
        "chatr=127.0.0.1:0",
    ];
    Program::start(&listen, Stdio::null())
}

#[test]
fn neither_a_guest_nor_a_signature_waits_for_passwords() {
    let server = start();
    let key = PublicKey::from_der(&bytes("openssl-2048.der")).unwrap();
    let identities = Identities::new(&Store::open(server.data()).unwrap());
    identities.register(UUID, key.der(), 1).unwrap();
    let certificate = std::fs::read_to_string(server.data().join("tls.pem")).unwrap();

    let guessers = flood(&server);
    let mut guest = server.connect("chathack");
    send(&mut guest, ClientFrame::Login { login: "guest" });
    assert_eq!(answer(&mut guest), CONNECTED);
    let mut client = secure(server.address("chatr"), &certificate);
    prove(&mut client, "openssl-2048");
    assert_eq!(next(&mut client), "PacketConnected");
    expect_most_still_wait(&guessers);
}

/// This test runs only on Linux, because on other systems the loopback network may have only one address.
#[cfg(target_os = "linux")]
#[test]
fn a_password_from_elsewhere_does_not_wait_for_those_of_one_address() {
    use matou_server::store::{Accounts, Password};
    use socket2::{Domain, Socket, Type};
    use std::net::SocketAddr;

    let server = start();
    let accounts = Accounts::new(&Store::open(server.data()).unwrap());
    accounts.add("bob", &Password::new("townhall")).unwrap();

    let guessers = flood(&server);
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let elsewhere = SocketAddr::from(([127, 0, 0, 2], 0));
    socket.bind(&elsewhere.into()).unwrap();
    socket.connect(&server.address("chathack").into()).unwrap();
    let mut bob = patient(socket.into());
    try_password(&mut bob, "bob", "townhall");
    assert_eq!(answer(&mut bob), CONNECTED);
    expect_most_still_wait(&guessers);
}

#[test]
fn passwords_that_come_at_once_are_bounded_before_any_of_them_is_checked() {
    const CONNECTIONS: usize = 300;
    const CHECKED: usize = 10;
    let engine = Engine::start(&ProcessLimits::default());
    let (go_on, until) = channel::<()>();
    let until = Mutex::new(until);
    let hashes = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&hashes);
    let check = move |question: Question| match question {
        Question::IsAccount { .. } => Answer::No,
        Question::IsRight { .. } => {
            let _ = until.lock().unwrap().recv();
            *counted.lock().unwrap() += 1;
            Answer::No
        }
    };
    let room = Room::new(Options {
        bound_loopback: true,
        wrong_passwords_per_minute: CHECKED,
        ..Options::default()
    });
    let any = "127.0.0.1:0".parse().unwrap();
    let limits = ConnectionLimits::default();
    let service = engine
        .listen_and_answer(room, (), any, limits, check)
        .unwrap();
    let connect = || patient(TcpStream::connect(service.address()).unwrap());

    let mut guessers: Vec<_> = (0..CONNECTIONS).map(|_| connect()).collect();
    for guesser in &mut guessers {
        try_password(guesser, "alice", "w");
    }
    let answers = answers(guessers);
    // The server checks only the first ten passwords. The server refuses all other passwords at once, before it has checked
    // any of these ten.
    for _ in 0..CONNECTIONS - CHECKED {
        assert_eq!(answers.recv(), Ok(WRONG));
    }
    assert_eq!(*hashes.lock().unwrap(), 0);
    let mut guest = connect();
    send(&mut guest, ClientFrame::Login { login: "guest" });
    assert_eq!(answer(&mut guest), CONNECTED);

    drop(go_on);
    for _ in 0..CHECKED {
        assert_eq!(answers.recv(), Ok(WRONG));
    }
    assert_eq!(*hashes.lock().unwrap(), CHECKED);
}
