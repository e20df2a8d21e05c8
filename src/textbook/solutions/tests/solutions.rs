//! Judges each solution as its exercise says, and compares it with its step where the exercise changes what a client sees.

// Only some tests use every function of this file.
#[cfg_attr(not(unix), allow(dead_code))]
#[path = "../../tests/course/server.rs"]
mod server;

use std::process::{Command, Stdio};
use std::thread;

use conformance::run::{Options, Report, Verdict, run_suite};
use conformance::suite::Suite;

use server::Server;

const SOLUTION: &str = env!("CARGO_BIN_EXE_solution");

/// The cases that an exercise names. Its solution passes them.
const JUDGED: [(&str, &[&str]); 7] = [
    (
        "lesson-1-exercise-6",
        &["login-accepted", "login-free-after-close"],
    ),
    ("lesson-3-exercise-2", &["slow-reader", "order-between-two"]),
    ("lesson-3-exercise-3", &["slow-reader", "order-between-two"]),
    (
        "lesson-4-exercise-2",
        &["broadcast", "whisper-of-1024-bytes"],
    ),
    (
        "lesson-6-exercise-3",
        &[
            "order-for-everybody",
            "order-between-two",
            "answers-in-order",
        ],
    ),
    (
        "lesson-7-exercise-4",
        &["login-accepted", "tunnel-half-close"],
    ),
    (
        "lesson-7-exercise-5",
        &["fifty-clients", "tunnel-half-close"],
    ),
];

/// In this exercise the student breaks the server, and sees that it does not pass these cases.
const BROKEN: (&str, &[&str]) = ("lesson-5-exercise-4", &["login-accepted", "whisper"]);

fn start(program: &str) -> Server {
    Server::start(
        Command::new(SOLUTION)
            .args(["127.0.0.1:0", program])
            .stderr(Stdio::null()),
    )
}

fn judge(program: &str, cases: &[&str]) -> Report {
    let server = start(program);
    let options = Options {
        only: cases.iter().map(|case| (*case).to_owned()).collect(),
        jobs: 4,
        ..Options::default()
    };
    run_suite(
        &Suite::built_in("chaton").unwrap(),
        server.address,
        &options,
    )
    .unwrap()
}

fn passes(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::Note)
}

/// An inconclusive case does not count as wrong, because it means that this machine was too busy.
#[test]
fn every_solution_passes_the_cases_of_its_exercise() {
    let reports = thread::scope(|scope| {
        let runs = JUDGED.map(|(program, cases)| scope.spawn(move || judge(program, cases)));
        runs.map(|run| run.join().unwrap())
    });
    let cases = reports.iter().flat_map(|report| &report.cases);
    let cases = cases.filter(|case| !case.prerequisite);
    let mut judged = 0;
    for case in cases.filter(|case| case.verdict != Verdict::Inconclusive) {
        assert!(passes(case.verdict), "{} is {}", case.id, case.verdict);
        judged += 1;
    }
    // If the machine was too busy for most cases, this test has shown nothing.
    assert!(judged > JUDGED.len(), "only {judged} cases could be judged");
}

/// How the broken server fails depends on what comes first: the LOGIN, or the server's first `read`.
#[test]
fn the_flag_on_the_socket_breaks_the_server() {
    let (program, cases) = BROKEN;
    let report = judge(program, cases);
    let passes_all = report.cases.iter().all(|case| passes(case.verdict));
    assert!(report.unjudgeable.is_some() || !passes_all);
}

#[test]
fn every_patch_is_judged() {
    let files = std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut patches: Vec<_> = names
        .filter_map(|name| name.strip_suffix(".patch").map(str::to_owned))
        .collect();
    patches.sort_unstable();
    let mut judged = JUDGED.map(|(program, _)| program).to_vec();
    judged.push(BROKEN.0);
    judged.sort_unstable();
    assert_eq!(patches, judged);
}

#[cfg(unix)]
mod clients {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{Shutdown, TcpStream};

    use super::*;

    /// Messages that alice sends to dave: more than the socket and the queue of step 3 can hold.
    const MESSAGES: usize = 20_000;

    /// Returns a private message as a frame.
    fn whisper(from: &str, to: &str, message: &str) -> Vec<u8> {
        let mut frame = vec![4];
        for text in [from, to, message] {
            frame.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
            frame.extend(text.as_bytes());
        }
        frame
    }

    /// Reads up to the end of the given bytes, and returns everything that was read.
    fn read_until(client: &mut TcpStream, end: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        while !bytes.ends_with(end) {
            let count = client.read(&mut chunk).unwrap();
            assert!(count > 0, "the server closed the connection");
            bytes.extend(&chunk[..count]);
        }
        bytes
    }

    /// What a client that reads late gets.
    struct Late {
        messages: usize,
        was_cut: bool,
    }

    /// Alice sends to dave. He reads only after the server has handled all her messages.
    fn read_late(program: &str) -> Late {
        let server = start(program);
        let (mut alice, mut dave) = (server.login("alice"), server.login("dave"));
        let message = whisper("alice", "dave", &"x".repeat(1024));
        let fence = whisper("alice", "alice", "fence");
        alice.write_all(&message.repeat(MESSAGES)).unwrap();
        alice.write_all(&fence).unwrap();
        read_until(&mut alice, &fence);
        // If the server has cut dave, this message does not arrive, and the call may fail.
        let answer = whisper("dave", "alice", "I am here");
        let _ = dave.write_all(&answer);
        let _ = dave.shutdown(Shutdown::Write);
        let mut received = Vec::new();
        let _ = dave.read_to_end(&mut received);
        // Dave's connection has ended, so the server has handled everything that he sent.
        alice.write_all(&fence).unwrap();
        let was_cut = !read_until(&mut alice, &fence).starts_with(&answer);
        Late {
            messages: received.len() / message.len(),
            was_cut,
        }
    }

    #[test]
    fn a_bounded_queue_costs_a_late_reader_its_connection() {
        let late = read_late("step3");
        assert!(late.was_cut);
        assert!(late.messages < MESSAGES);
    }

    #[test]
    fn an_unbounded_queue_keeps_everything_for_a_late_reader() {
        let late = read_late("lesson-3-exercise-2");
        assert!(!late.was_cut);
        assert_eq!(late.messages, MESSAGES);
    }

    #[test]
    fn a_queue_that_forgets_keeps_the_connection_of_a_late_reader() {
        let late = read_late("lesson-3-exercise-3");
        assert!(!late.was_cut);
        assert!(late.messages < MESSAGES);
    }

    /// Step 1 itself would serve bob only after alice has left.
    #[test]
    fn a_silent_client_gives_way_to_the_next() {
        let server = start("lesson-1-exercise-6");
        let mut alice = server.login("alice");
        server.login("bob");
        assert_eq!(alice.read(&mut [0; 1]).unwrap(), 0);
    }

    /// Returns the first line that a server with few descriptors prints when too many clients connect.
    fn complaint(program: &str) -> String {
        let limited = "ulimit -n 100 && exec \"$0\" 127.0.0.1:0 \"$1\"";
        let mut server = Server::start(
            Command::new("sh")
                .args(["-c", limited, SOLUTION, program])
                .stderr(Stdio::piped()),
        );
        let clients: Vec<_> = (0..110)
            .map(|_| TcpStream::connect(server.address).unwrap())
            .collect();
        let mut line = String::new();
        let errors = server.process.stderr.take().unwrap();
        BufReader::new(errors).read_line(&mut line).unwrap();
        drop(clients);
        line
    }

    #[test]
    fn only_the_solution_refuses_clients_before_accept_fails() {
        let before = complaint("step7");
        assert!(before.starts_with("cannot accept a connection"), "{before}");
        let after = complaint("lesson-7-exercise-5");
        assert!(after.starts_with("refused"), "{after}");
    }

    /// Returns the timer of the server's side of a connection, as `/proc/net/tcp` shows it: `02` is keepalive.
    #[cfg(target_os = "linux")]
    fn timer(server: &Server, client: &TcpStream) -> String {
        let (own, peer) = (server.address.port(), client.local_addr().unwrap().port());
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let ends = |cells: &[&str]| {
            cells[1].ends_with(&format!(":{own:04X}"))
                && cells[2].ends_with(&format!(":{peer:04X}"))
        };
        let mut rows = table
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>());
        rows.find(|cells| ends(cells)).unwrap()[5][..2].to_owned()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_the_solution_has_a_keepalive_timer() {
        let server = start("step7");
        assert_ne!(timer(&server, &server.login("alice")), "02");
        let server = start("lesson-7-exercise-4");
        let client = server.login("alice");
        // Until the client's ACK has come, the row shows the timer of the retransmission.
        while timer(&server, &client) == "01" {
            thread::yield_now();
        }
        assert_eq!(timer(&server, &client), "02");
    }
}
