//! Helpers that start the programs and use them as a user does: with arguments, standard streams and exit codes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use super::screen::{Screen, Size, USUAL};
use matou_protocols::chaton::{ClientFrame, Codec, ServerFrame};
use tempfile::TempDir;

/// The timeout of every wait. This timeout is long, so that even on a busy machine only a program that hangs reaches it.
pub(crate) const HANG: Duration = Duration::from_secs(120);

pub(crate) fn matou() -> Command {
    Command::new(assert_cmd::cargo::cargo_bin!("matou"))
}

/// A running `matou serve`, on a port of its own.
pub(crate) struct Server {
    process: Child,
    protocol: String,
    pub(crate) address: String,
    /// The server's data directory, which contains its accounts. It is removed when this value is dropped.
    _data: TempDir,
}

impl Server {
    pub(crate) fn start() -> Server {
        Server::listening("chaton=127.0.0.1:0")
    }

    pub(crate) fn listening(listen: &str) -> Server {
        Server::with_accounts(listen, &[])
    }

    /// Starts a server with these accounts (login and password).
    pub(crate) fn with_accounts(listen: &str, accounts: &[(&str, &str)]) -> Server {
        let data = tempfile::tempdir().unwrap();
        for (login, password) in accounts {
            add_account(login, password, data.path());
        }
        let mut process = matou()
            .args(["serve", "--listen", listen, "--log", "off", "--data"])
            .arg(data.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let listening = lines.next().unwrap().unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        let (protocol, address) = listening
            .strip_prefix("listening ")
            .and_then(|rest| rest.split_once(' '))
            .unwrap();
        Server {
            process,
            protocol: protocol.to_owned(),
            address: address.to_owned(),
            _data: data,
        }
    }

    /// Starts a server for this protocol.
    pub(crate) fn speaking(protocol: &str) -> Server {
        Server::listening(&format!("{protocol}=127.0.0.1:0"))
    }

    /// Returns the URL with which `matou chat` logs in to this server with this login.
    pub(crate) fn url(&self, login: &str) -> String {
        format!("{}://{login}@{}", self.protocol, self.address)
    }

    pub(crate) fn chat(&self, login: &str, options: &[&str]) -> Chat {
        let url = self.url(login);
        Chat::start_with_url(&url, options)
    }

    /// Starts a chat with this server in a terminal.
    pub(crate) fn terminal(&self, login: &str, options: &[&str]) -> Screen {
        self.wide_terminal(login, options, USUAL)
    }

    pub(crate) fn wide_terminal(&self, login: &str, options: &[&str], size: Size) -> Screen {
        Screen::with(&self.url(login), options, size, |_| {})
    }

    /// Kills the server, as a power failure would.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Sends SIGTERM, as the command `kill` does.
    pub(crate) fn stop(&mut self) {
        signal(&self.process, rustix::process::Signal::TERM);
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process may already have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn add_account(login: &str, password: &str, data: &Path) {
    let mut add = matou()
        .args(["account", "add", login, "--password-stdin", "--data"])
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    writeln!(add.stdin.take().unwrap(), "{password}").unwrap();
    assert!(add.wait().unwrap().success());
}

pub(crate) fn signal(process: &Child, signal: rustix::process::Signal) {
    let id = rustix::process::Pid::from_child(process);
    rustix::process::kill_process(id, signal).unwrap();
}

/// A running `matou chat`. The test writes its input and reads its output.
pub(crate) struct Chat {
    process: Child,
    pub(crate) input: Option<ChildStdin>,
    output: Option<ChildStdout>,
    errors: Option<ChildStderr>,
}

impl Chat {
    pub(crate) fn start(address: &str, login: &str, options: &[&str]) -> Chat {
        Chat::start_with_url(&format!("chaton://{login}@{address}"), options)
    }

    pub(crate) fn start_with_url(url: &str, options: &[&str]) -> Chat {
        let mut process = matou()
            .args(["chat", url])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Chat {
            input: process.stdin.take(),
            output: process.stdout.take(),
            errors: process.stderr.take(),
            process,
        }
    }

    /// Turns this value into a chat in line mode, whose output is read line by line: each line is an event.
    pub(crate) fn lines(mut self) -> Talk {
        let events = Events::of(self.output.take().unwrap());
        Talk { chat: self, events }
    }

    /// Takes the streams of a chat with `--tunnel`: its events, and its standard input and output, which carry raw bytes.
    pub(crate) fn tunnel(&mut self) -> (Events, ChildStdin, ChildStdout) {
        let events = Events::of(self.errors.take().unwrap());
        (
            events,
            self.input.take().unwrap(),
            self.output.take().unwrap(),
        )
    }

    /// Closes the reading end of the program's standard output.
    pub(crate) fn close_output(&mut self) {
        self.output = None;
    }

    /// Waits until the program has ended. Returns its exit code, and what it has written to standard error.
    pub(crate) fn ended(mut self) -> (i32, String) {
        let mut errors = String::new();
        if let Some(mut stream) = self.errors.take() {
            stream.read_to_string(&mut errors).unwrap();
        }
        (self.process.wait().unwrap().code().unwrap(), errors)
    }

    pub(crate) fn interrupt(&self) {
        signal(&self.process, rustix::process::Signal::INT);
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        // The program still runs only if the test has failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The lines that a program writes. A thread receives them as soon as they are written.
pub(crate) struct Events(Receiver<String>);

impl Events {
    fn of(stream: impl Read + Send + 'static) -> Events {
        let (lines, events) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    return;
                }
            }
        });
        Events(events)
    }

    pub(crate) fn expect(&self, line: &str) {
        let came = self.0.recv_timeout(HANG);
        assert_eq!(came.as_deref(), Ok(line));
    }

    /// Waits for the next line and returns it. Any line is accepted.
    pub(crate) fn next(&self) -> String {
        self.0.recv_timeout(HANG).unwrap()
    }

    /// Returns all lines up to the end of the stream.
    pub(crate) fn rest(&self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Ok(line) = self.0.recv_timeout(HANG) {
            lines.push(line);
        }
        lines
    }
}

/// A chat in line mode.
pub(crate) struct Talk {
    chat: Chat,
    events: Events,
}

impl Talk {
    pub(crate) fn say(&mut self, line: &str) {
        let input = self.chat.input.as_mut().unwrap();
        writeln!(input, "{line}").unwrap();
    }

    /// Writes bytes that need not be a line of text.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.chat.input.as_mut().unwrap().write_all(bytes).unwrap();
    }

    pub(crate) fn expect(&self, line: &str) {
        self.events.expect(line);
    }

    /// Waits for the next event and returns it. Any event is accepted.
    pub(crate) fn next(&self) -> String {
        self.events.next()
    }

    /// Ends the input, and waits until the program has noticed the end. The test can see only on Linux whether the program
    /// has noticed it. On other systems this function does not wait.
    pub(crate) fn end_input_and_wait(&mut self) {
        self.end_input();
        let threads = format!("/proc/{}/task", self.chat.process.id());
        let reads_input = || {
            let threads = std::fs::read_dir(&threads).into_iter().flatten().flatten();
            let names =
                threads.flat_map(|thread| std::fs::read_to_string(thread.path().join("comm")));
            names.into_iter().any(|name| name == "stdin\n")
        };
        while reads_input() {
            thread::yield_now();
        }
    }

    pub(crate) fn end_input(&mut self) {
        self.chat.input = None;
    }

    pub(crate) fn interrupt(&self) {
        self.chat.interrupt();
    }

    /// Waits until the program has ended, but does not close its input. Returns the events that the test has not read yet,
    /// the exit code, and what the program has written to standard error.
    pub(crate) fn ended(self) -> (Vec<String>, i32, String) {
        let (code, errors) = self.chat.ended();
        (self.events.rest(), code, errors)
    }

    /// Leaves the chat, and checks that the program ends without further events and without an error.
    pub(crate) fn quit(mut self) {
        self.say("/quit");
        assert_eq!(self.ended(), (vec![], 0, String::new()));
    }
}

/// A scripted server: the test itself sends every frame of the server.
pub(crate) struct Scripted {
    listener: TcpListener,
    pub(crate) address: String,
}

impl Scripted {
    pub(crate) fn start() -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        Scripted {
            listener,
            address: address.to_string(),
        }
    }

    /// Starts a client in a terminal. The client logs in as alice.
    pub(crate) fn terminal(&self, options: &[&str], size: Size) -> Screen {
        let url = format!("chaton://alice@{}", self.address);
        Screen::with(&url, options, size, |_| {})
    }

    pub(crate) fn accept(&self) -> Peer {
        let (stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(HANG)).unwrap();
        Peer {
            stream,
            received: Vec::new(),
        }
    }

    /// Accepts a connection, expects this login on it, and accepts the login.
    pub(crate) fn accept_login(&self, login: &str) -> Peer {
        let mut peer = self.accept();
        peer.expect(&ClientFrame::Login { login });
        peer.send(&ServerFrame::LoginAccepted);
        peer
    }
}

/// The scripted server's side of a connection.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    received: Vec<u8>,
}

impl Peer {
    pub(crate) fn send(&mut self, frame: &ServerFrame<'_>) {
        let mut bytes = Vec::new();
        frame.encode(Codec::default(), &mut bytes);
        self.stream.write_all(&bytes).unwrap();
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub(crate) fn expect(&mut self, frame: &ClientFrame<'_>) {
        let mut bytes = Vec::new();
        frame.encode(Codec::default(), &mut bytes);
        self.received.resize(bytes.len(), 0);
        self.stream.read_exact(&mut self.received).unwrap();
        assert_eq!(self.received, bytes, "expected {frame}");
    }

    /// Returns all bytes up to the client's FIN.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.stream.read_to_end(&mut bytes).unwrap();
        bytes
    }

    pub(crate) fn send_no_more(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }
}
