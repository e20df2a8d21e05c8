//! Tests of the program `matou serve` with ChatHack. The server uses real sockets and a data directory. Another process
//! changes the accounts while the server runs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use assert_cmd::cargo::CommandCargoExt;
use matou_protocols::chathack::{ClientFrame, MeetingPoint, ServerFrame};
use matou_server::store::{Accounts, Password, Store};
use rusqlite::Connection;
use tempfile::TempDir;

/// The timeout of every wait. This timeout is so long that even on a busy machine only a server that hangs reaches it.
const PATIENCE: Duration = Duration::from_secs(120);

struct Server {
    child: Child,
    address: SocketAddr,
    data: TempDir,
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    fn start() -> Server {
        let data = tempfile::tempdir().unwrap();
        let mut child = serve(data.path())
            .args(["--log", "trace"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening chathack ");
        let address = address
            .expect("the server prints its address")
            .parse()
            .unwrap();
        Server {
            child,
            address,
            data,
            _stdout: stdout,
        }
    }

    /// Opens the database of accounts, as another process would.
    fn accounts(&self) -> Accounts {
        Accounts::new(&Store::open(self.data.path()).unwrap())
    }

    fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let received = Vec::new();
        Client { stream, received }
    }

    fn guest(&self, login: &str) -> Client {
        let mut client = self.connect();
        assert_eq!(client.asks(ClientFrame::Login { login }), "CONNECTED");
        client
    }

    /// Logs in with a password on a new connection, and returns the answer.
    fn login(&self, login: &str, password: &str) -> String {
        let frame = ClientFrame::LoginWithPassword { login, password };
        self.connect().asks(frame)
    }

    /// Stops the server and returns its log.
    #[cfg(unix)]
    fn stop(mut self) -> String {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let mut log = String::new();
        let stderr = self.child.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut log).unwrap();
        assert!(self.child.wait().unwrap().success(), "{log}");
        log
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(data: &Path) -> Command {
    let mut command = Command::cargo_bin("matou").unwrap();
    command.args(["serve", "--listen", "chathack=127.0.0.1:0", "--data"]);
    command.arg(data);
    command
}

struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    fn send(&mut self, frame: ClientFrame<'_>) {
        let mut bytes = Vec::new();
        frame.encode(&mut bytes);
        self.stream.write_all(&bytes).unwrap();
    }

    /// Receives the next frame, and describes it.
    fn next(&mut self) -> String {
        loop {
            if let Some((frame, length)) = ServerFrame::decode(&self.received).unwrap() {
                let words = frame.to_string();
                self.received.drain(..length);
                return words;
            }
            let mut bytes = [0; 4096];
            let length = self.stream.read(&mut bytes).unwrap();
            assert_ne!(length, 0, "the server ended the connection");
            self.received.extend_from_slice(&bytes[..length]);
        }
    }

    fn asks(&mut self, frame: ClientFrame<'_>) -> String {
        self.send(frame);
        self.next()
    }
}

#[test]
fn a_change_of_the_accounts_is_valid_from_the_next_login() {
    let server = Server::start();
    let accounts = server.accounts();
    let password = Password::new;
    let (right, wrong) = ("CONNECTED", "PASSWORD_OR_LOGIN_ERROR");
    assert_eq!(server.login("arnaud", "townhall"), wrong);
    accounts.add("arnaud", &password("townhall")).unwrap();
    let mut guest = server.guest("guest");
    assert_eq!(server.login("arnaud", "townhall"), right);
    accounts
        .change_password("arnaud", &password("second"))
        .unwrap();
    assert_eq!(server.login("arnaud", "townhall"), wrong);
    let mut arnaud = server.connect();
    let (login, password) = ("arnaud", "second");
    let frame = ClientFrame::LoginWithPassword { login, password };
    // The server may not have noticed the end of arnaud's previous connection yet. In that case it refuses the login, and
    // the test tries again.
    let mut answer = arnaud.asks(frame);
    while answer == "LOGIN_ALREADY_EXISTS" {
        arnaud = server.connect();
        answer = arnaud.asks(frame);
    }
    assert_eq!(answer, right);
    accounts.remove("arnaud").unwrap();
    // A client stays connected when its account is removed.
    let message = "still here";
    arnaud.send(ClientFrame::GlobalMessage { login, message });
    assert_eq!(
        guest.next(),
        "GLOBAL_MESSAGE login=\"arnaud\" message=\"still here\""
    );
    assert_eq!(server.login("arnaud", "second"), wrong);
}

#[test]
fn many_password_checks_do_not_delay_messages_of_other_clients() {
    const GUESSERS: usize = 60;
    let server = Server::start();
    let (mut alice, mut bob) = (server.guest("alice"), server.guest("bob"));
    let mut guessers: Vec<_> = (0..GUESSERS).map(|_| server.connect()).collect();
    for guesser in &mut guessers {
        let (login, password) = ("arnaud", "guess");
        guesser.send(ClientFrame::LoginWithPassword { login, password });
    }
    for number in 0..100 {
        let (login, message) = ("alice", &*number.to_string());
        alice.send(ClientFrame::GlobalMessage { login, message });
        assert_eq!(
            bob.next(),
            format!("GLOBAL_MESSAGE login=\"alice\" message=\"{number}\"")
        );
    }
    for guesser in &mut guessers {
        assert_eq!(guesser.next(), "PASSWORD_OR_LOGIN_ERROR");
    }
}

#[test]
fn after_a_slow_password_check_the_answer_comes_before_the_close() {
    let server = Server::start();
    let mut client = server.connect();
    for _ in 0..5 {
        let (login, password) = ("arnaud", "guess");
        client.send(ClientFrame::LoginWithPassword { login, password });
    }
    client.stream.shutdown(Shutdown::Write).unwrap();
    for _ in 0..5 {
        assert_eq!(client.next(), "PASSWORD_OR_LOGIN_ERROR");
    }
    assert_eq!(client.stream.read(&mut [0]).unwrap(), 0);
}

#[cfg(unix)]
#[test]
fn the_log_tells_each_event_without_passwords_and_ids() {
    const ID: i64 = 1_234_567_890_123;
    let server = Server::start();
    let password = Password::new("townhall");
    server.accounts().add("arnaud", &password).unwrap();
    let mut alice = server.guest("alice");
    let mut arnaud = server.connect();
    for password in ["sesame", "townhall"] {
        let login = "arnaud";
        arnaud.asks(ClientFrame::LoginWithPassword { login, password });
    }
    let (sender, receiver) = ("arnaud", "alice");
    alice.send(ClientFrame::PrivateAsking {
        sender: "alice",
        receiver: "arnaud",
    });
    arnaud.next();
    let meeting = MeetingPoint {
        port: 7000,
        address: [127, 0, 0, 1].into(),
        id: ID,
    };
    for _ in 0..2 {
        arnaud.send(ClientFrame::PrivateValidation {
            sender,
            receiver,
            meeting,
        });
    }
    alice.next();
    let log = server.stop();
    for secret in ["sesame", "townhall", "argon2id", &ID.to_string()] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
    for event in [
        "refused login \"arnaud\": no account has this login and this password",
        "LOGIN login=\"arnaud\" password=(not shown)",
        "PRIVATE_VALIDATION login=\"arnaud\" port=7000 address=127.0.0.1 id=(not shown)",
    ] {
        assert!(log.contains(event), "{event}: {log}");
    }
}

/// Runs a server that must fail at its start, and returns its error message.
fn refuses(data: &Path) -> String {
    let output = serve(data).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_server_whose_database_is_locked_or_damaged_does_not_start() {
    let data = tempfile::tempdir().unwrap();
    drop(Store::open(data.path()).unwrap());
    let path = data.path().join("matou.db");
    let database = Connection::open(&path).unwrap();
    database
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
        .unwrap();
    let told = refuses(data.path());
    assert!(told.contains("is locked by another program"), "{told}");
    drop(database);
    std::fs::write(&path, "This is a poem about a cat.\n".repeat(200)).unwrap();
    let told = refuses(data.path());
    assert!(told.contains("is damaged"), "{told}");
    assert!(told.contains(path.to_str().unwrap()), "{told}");
}
