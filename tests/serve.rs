//! Tests of the program `matou serve`: what it prints, how it stops, and its error messages.

#[cfg(unix)]
#[path = "common/heeding.rs"]
mod heeding;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
#[cfg(target_os = "linux")]
use std::os::unix::net::UnixDatagram;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use assert_cmd::cargo::CommandCargoExt;
#[cfg(unix)]
use heeding::heeding_all_signals;
use rstest::rstest;

fn matou() -> Command {
    Command::cargo_bin("matou").unwrap()
}

/// The timeout of every wait. This timeout is so long that only a server that hangs reaches it, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server. It is killed when the test ends.
struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Server {
    fn start(arguments: &[&str], stderr: Stdio) -> Server {
        Server::start_as(matou(), arguments, stderr)
    }

    fn start_as(mut matou: Command, arguments: &[&str], stderr: Stdio) -> Server {
        let mut child = matou
            .arg("serve")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let line = read_line(&mut stdout);
        let address = line
            .trim_end()
            .strip_prefix("listening chaton ")
            .unwrap_or_else(|| panic!("{line:?}"))
            .parse()
            .unwrap();
        assert_eq!(read_line(&mut stdout), "ready\n");
        Server {
            child,
            stdout,
            address,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn login(&self, name: &str) -> TcpStream {
        let mut stream = self.connect();
        let length = u8::try_from(name.len()).unwrap();
        let frame = [&[0, 0, 0, 0, length], name.as_bytes()].concat();
        stream.write_all(&frame).unwrap();
        let mut answer = [0];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [1]);
        stream
    }

    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    line
}

const SAY_HI: &[u8] = b"\x03\0\0\0\x05alice\0\0\0\x02hi";

#[cfg(unix)]
#[rstest]
#[case(rustix::process::Signal::INT)]
#[case(rustix::process::Signal::TERM)]
#[cfg_attr(target_os = "linux", case(rustix::process::Signal::HUP))]
fn a_signal_stops_the_server_in_order_even_without_a_log(#[case] signal: rustix::process::Signal) {
    let mut server = Server::start_as(
        heeding_all_signals(matou().get_program()),
        &["--listen", "chaton=127.0.0.1:0", "--log", "off"],
        Stdio::null(),
    );
    let mut alice = server.login("alice");
    alice.write_all(SAY_HI).unwrap();
    let mut echo = vec![0; SAY_HI.len()];
    alice.read_exact(&mut echo).unwrap();
    server.signal(signal);
    assert_eq!(alice.read(&mut [0]).unwrap(), 0);
    drop(alice);
    let mut rest = String::new();
    server.stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "", "stdout has one line per listener and ready");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_that_was_started_to_ignore_a_hangup_goes_on() {
    let program = matou();
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]);
    shell.arg(program.get_program());
    let mut server = Server::start_as(shell, &["--listen", "chaton=127.0.0.1:0"], Stdio::null());
    server.signal(rustix::process::Signal::HUP);
    let _alice = server.login("alice");
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn systemd_is_told_when_the_server_is_ready_and_when_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let systemd = UnixDatagram::bind(&path).unwrap();
    systemd.set_read_timeout(Some(PATIENCE)).unwrap();
    let told = || {
        let mut message = [0; 64];
        let length = systemd.recv(&mut message).unwrap();
        String::from_utf8_lossy(&message[..length]).into_owned()
    };
    let mut matou = heeding_all_signals(matou().get_program());
    matou.env("NOTIFY_SOCKET", &path);
    let mut server = Server::start_as(matou, &["--listen", "chaton=127.0.0.1:0"], Stdio::null());
    assert_eq!(told(), "READY=1\n");
    let _alice = server.login("alice");
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(told(), "STOPPING=1\n");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_that_cannot_reach_systemd_serves_and_warns() {
    let mut matou = matou();
    matou.env("NOTIFY_SOCKET", "/nonexistent/notify");
    let mut server = Server::start_as(matou, &["--listen", "chaton=127.0.0.1:0"], Stdio::piped());
    let mut log = BufReader::new(server.child.stderr.take().unwrap());
    let _alice = server.login("alice");
    let warning = std::iter::repeat_with(|| read_line(&mut log))
        .take_while(|line| !line.is_empty())
        .find(|line| line.contains("cannot tell the service manager"));
    assert!(warning.is_some());
}

#[test]
fn at_debug_every_frame_is_shown_decoded_and_peer_text_is_escaped() {
    let mut server = Server::start(
        &["--listen", "chaton=127.0.0.1:0", "--log", "debug"],
        Stdio::piped(),
    );
    let mut log = BufReader::new(server.child.stderr.take().unwrap());
    let mut alice = server.login("alice");
    alice
        .write_all(b"\x03\0\0\0\x05alice\0\0\0\x05\x1b[2J\n")
        .unwrap();
    for wanted in [
        r#") -> MESSAGE login="alice" msg="\u{1b}[2J\n""#,
        r#"chaton: all clients <- MESSAGE login="alice" msg="\u{1b}[2J\n""#,
    ] {
        let found = std::iter::repeat_with(|| read_line(&mut log))
            .take_while(|line| !line.is_empty())
            .find(|line| line.contains(wanted));
        assert!(found.is_some(), "{wanted} is not in the log");
    }
}

#[test]
fn a_stalled_stderr_stalls_no_connection() {
    // The test does not read this pipe, and the server writes far more to the log than the pipe's buffer holds.
    let server = Server::start(
        &["--listen", "chaton=127.0.0.1:0", "--log", "debug"],
        Stdio::piped(),
    );
    let mut alice = server.login("alice");
    let mut echo = vec![0; SAY_HI.len()];
    for _ in 0..3000 {
        alice.write_all(SAY_HI).unwrap();
        alice.read_exact(&mut echo).unwrap();
    }
}

#[test]
fn several_listeners_each_with_its_own_room_and_width() {
    let arguments = [
        "--listen",
        "chaton=127.0.0.1:0,long=4",
        "--listen",
        "chaton=[::1]:0",
        "--listen",
        "chatos-groupe2=127.0.0.1:0,long=4",
        "--listen",
        "chatos-1.0=127.0.0.1:0,tunnel-any-address=true",
    ];
    let mut child = matou()
        .arg("serve")
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let lines: Vec<_> = (0..5).map(|_| read_line(&mut stdout)).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        lines[0].starts_with("listening chaton 127.0.0.1:"),
        "{lines:?}"
    );
    assert!(lines[1].starts_with("listening chaton [::1]:"), "{lines:?}");
    assert!(
        lines[2].starts_with("listening chatos-groupe2 127.0.0.1:"),
        "{lines:?}"
    );
    assert!(
        lines[3].starts_with("listening chatos-1.0 127.0.0.1:"),
        "{lines:?}"
    );
    assert_eq!(lines[4], "ready\n");
}

#[test]
fn an_ipv6_wildcard_accepts_ipv4_too() {
    let mut server = Server::start(&["--listen", "chaton=[::]:0"], Stdio::null());
    server.address = ([127, 0, 0, 1], server.address.port()).into();
    server.login("alice");
}

fn refused(arguments: &[&str]) -> String {
    let output = matou().arg("serve").args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    said.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn an_address_in_use_is_one_line_with_the_remedy() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("chaton={}", taken.local_addr().unwrap());
    let said = refused(&["--log", "off", "--listen", &listen]);
    assert!(
        said.contains("address already in use; stop the other server, or choose another port"),
        "{said}"
    );
}

#[rstest]
#[case::option(&["--listen", "chaton=127.0.0.1:0,lnog=4"], "chaton has no option \"lnog\"")]
#[case::protocol(&["--listen", "irc=127.0.0.1:0"], "unknown protocol \"irc\"")]
#[case::no_such_file(&["--config", "/nonexistent/matou.toml"], "cannot read the config file")]
fn an_error_is_one_line(#[case] arguments: &[&str], #[case] says: &str) {
    let said = refused(arguments);
    assert!(said.contains(says), "{said}");
}

#[test]
fn an_error_in_a_config_file_names_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("matou.toml");
    std::fs::write(
        &file,
        "[[listen]]\nprotocol = \"chaton\"\naddress = \"127.0.0.1:0\"\nlnog = 4\n",
    )
    .unwrap();
    let said = refused(&["--config", file.to_str().unwrap()]);
    let told = format!(
        "the config file {}: chaton has no option \"lnog\"",
        file.display()
    );
    assert!(said.contains(&told), "{said}");
}

#[cfg(unix)]
#[test]
fn a_configuration_that_is_no_file_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("matou.toml");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let mut serve = matou();
    let output = serve.args(["serve", "--config"]).arg(&fifo).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("it is not a regular file"), "{error}");
}
