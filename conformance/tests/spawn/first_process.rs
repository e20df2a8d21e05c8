//! Tests of a runner that is the first process of a container. The system protects this process: a signal without a handler
//! has no effect on it.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use socket2::{Domain, Socket, Type};

use crate::command::{eventually, small_server};
use crate::heeding::heeding_all_signals;

/// The command that starts a program as the first process of a new PID namespace. The words of the program follow it.
const FIRST: [&str; 4] = ["unshare", "--pid", "--fork", "--mount-proc"];

/// Returns whether this system lets the test create a PID namespace. If not, says so.
fn can_be_first() -> bool {
    let [program, arguments @ ..] = FIRST;
    let tried = Command::new(program).args(arguments).arg("true").output();
    let can = tried.is_ok_and(|output| output.status.success());
    if !can {
        eprintln!("skipped: `unshare --pid` does not work here; it needs root");
    }
    can
}

/// A run whose runner has the process id 1 in its namespace.
struct Run {
    /// The process `unshare`, which waits for the runner.
    outer: Child,
    runner: Pid,
}

impl Run {
    fn begin(arguments: &[&str]) -> Run {
        let [program, options @ ..] = FIRST;
        let outer = heeding_all_signals(program)
            .args(options)
            .arg(env!("CARGO_BIN_EXE_conformance"))
            .args(["run", "chaton", "--scale", "100"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        let folder = format!("/proc/{0}/task/{0}", outer.id());
        let read = |file: &str| fs::read_to_string(format!("{folder}/{file}")).unwrap_or_default();
        // Until the process becomes `unshare`, its children are not the runner. `python3` may be a script that starts some.
        let child =
            || (read("comm").trim() == program).then(|| read("children").trim().parse().ok())?;
        eventually("the runner begins", || child().is_some());
        let runner = Pid::from_raw(child().expect("it has begun")).expect("not 0");
        Run { outer, runner }
    }

    /// Sends the signal, and returns the exit code of the runner.
    fn end(mut self, signal: Signal) -> Option<i32> {
        kill_process(self.runner, signal).expect("it was not waited for");
        self.outer.wait().expect("it was started").code()
    }
}

#[rstest]
#[case(Signal::TERM, 143)]
#[case(Signal::INT, 130)]
fn a_signal_ends_the_run_and_its_server(#[case] signal: Signal, #[case] code: i32) {
    if !can_be_first() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let words = folder.path().join("words");
    let command = format!(
        "{} '{}' {{port}}",
        small_server("escapes.sh"),
        words.display()
    );
    let run = Run::begin(&["--spawn", &command, "--spawn-timeout", "600s"]);
    eventually("the server begins", || words.exists());
    assert_eq!(run.end(signal), Some(code));
}

#[rstest]
#[case(Signal::TERM, 143)]
#[case(Signal::INT, 130)]
fn a_signal_ends_the_run_of_a_server_at_an_address(#[case] signal: Signal, #[case] code: i32) {
    if !can_be_first() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("it has an address");
    let run = Run::begin(&[&address.to_string()]);
    // From this moment on, the runner waits for an answer.
    let _client = listener.accept().expect("the runner connects");
    assert_eq!(run.end(signal), Some(code));
}

/// The listener's backlog is full, so the runner is blocked in `connect`, where it does not notice the first signal. The
/// test sends signals from the start, even before the runner can handle them.
#[test]
fn a_second_signal_ends_the_run_at_once() {
    if !can_be_first() {
        return;
    }
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket can be created");
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    listener
        .bind(&any.into())
        .expect("loopback has a free port");
    listener.listen(0).expect("the socket is bound");
    let address = listener.local_addr().expect("it has an address");
    let address = address.as_socket().expect("it is an IP address");
    let _queued = TcpStream::connect(address).expect("the queue has room for one");
    let mut run = Run::begin(&[&address.to_string()]);
    let ended = loop {
        if let Some(ended) = run.outer.try_wait().expect("it is our child") {
            break ended;
        }
        // The runner may have ended in the meantime.
        let _ = kill_process(run.runner, Signal::INT);
        std::thread::yield_now();
    };
    assert_eq!(ended.code(), Some(130));
}
