//! Tests of the program `mystery`: its command line, the servers that a student runs with it, and what the teacher's page
//! says about the program.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::LazyLock;
use std::thread;

use conformance::run::{Options, Verdict, run_suite};
use conformance::suite::Suite;

/// The number of servers.
const SERVERS: usize = 24;

fn mystery(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mystery"));
    command.args(arguments);
    command
}

fn output(arguments: &[&str]) -> Output {
    mystery(arguments).output().unwrap()
}

/// Returns what a command prints when it succeeds.
fn printed(arguments: &[&str]) -> String {
    let output = output(arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the exit code and the error message of a command that fails.
fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let output = output(arguments);
    assert_eq!(output.stdout, b"", "{arguments:?}");
    let message = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), message)
}

/// What `mystery --reveal` prints for one server.
struct Answer {
    /// What the server does wrong.
    fault: String,
    requirement: String,
    /// The case that shows the fault.
    case: String,
}

/// The answers for all servers, in the order of their numbers.
static ANSWERS: LazyLock<Vec<Answer>> = LazyLock::new(|| (1..=SERVERS).map(answer).collect());

fn answer(number: usize) -> Answer {
    let text = printed(&["--reveal", &number.to_string()]);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let between = |before: &str, after: &str| {
        let rest = text.split_once(before).unwrap().1;
        rest.split_once(after).unwrap().0.to_owned()
    };
    Answer {
        fault: between(&format!("Server {number} "), ". It violates"),
        requirement: between("It violates ", " ("),
        case: between("--only ", " "),
    }
}

/// A running server. It is killed when the test ends.
struct Running {
    process: Child,
    output: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Running {
    /// Starts a server on a free port, and waits until it listens.
    fn start(number: usize) -> Running {
        let mut process = mystery(&[&number.to_string(), "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening chaton ");
        let address = address.unwrap().parse().unwrap();
        Running {
            process,
            output,
            address,
        }
    }

    /// Logs a client in.
    fn login(&self, name: &str) -> TcpStream {
        let mut client = TcpStream::connect(self.address).unwrap();
        let length = u8::try_from(name.len()).unwrap();
        let login = [&[0, 0, 0, 0, length], name.as_bytes()].concat();
        client.write_all(&login).unwrap();
        let mut answer = [0];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [1], "LOGIN_ACCEPTED");
        client
    }

    /// Kills the server, and returns what it has printed since it began to listen.
    fn kill(mut self) -> String {
        self.process.kill().unwrap();
        let mut printed = String::new();
        self.output.read_to_string(&mut printed).unwrap();
        let mut errors = self.process.stderr.take().unwrap();
        errors.read_to_string(&mut printed).unwrap();
        printed
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn each_number_runs_a_server_that_survives_bad_clients_and_prints_nothing() {
    for number in 1..=SERVERS {
        let mut server = Running::start(number);
        let alice = server.login("alice");
        for bytes in [&[99][..], &[3, 0xff, 0xff, 0xff, 0xff], &[9, 1], &[0, 0]] {
            let mut bad = server.login("mallory");
            bad.write_all(bytes).unwrap();
            bad.shutdown(std::net::Shutdown::Write).unwrap();
            // The server closes its side when it has read everything. From then on, another client can use the name.
            let _ = bad.read_to_end(&mut Vec::new());
        }
        drop(alice);
        drop(server.login("bob"));
        assert!(server.process.try_wait().unwrap().is_none(), "{number}");
        assert_eq!(server.kill(), "", "{number}");
    }
}

/// Judges one server of each level. `tests/laboratory` judges the others, without this program.
#[test]
fn the_judge_finds_what_the_answer_says() {
    let suite = Suite::built_in("chaton").unwrap();
    for number in [4, 14, 17] {
        let (server, answer) = (Running::start(number), &ANSWERS[number - 1]);
        let options = Options {
            only: vec![answer.case.clone()],
            ..Options::default()
        };
        let report = run_suite(&suite, server.address, &options).unwrap();
        let case = report.cases.iter().find(|case| case.id == answer.case);
        let case = case.unwrap();
        assert_eq!(case.verdict, Verdict::Fail, "{number}: {}", case.id);
        assert!(case.requirements.contains(&answer.requirement), "{number}");
    }
}

#[test]
fn neither_the_help_nor_the_list_tells_a_secret() {
    let shown = printed(&["--help"]) + &printed(&["--list"]);
    for answer in ANSWERS.iter() {
        assert!(!shown.contains(&answer.fault), "{}", answer.fault);
        assert!(!shown.contains(&answer.requirement));
        assert!(!shown.contains(&answer.case));
    }
}

#[test]
fn a_wrong_number_is_refused_with_the_numbers_that_exist() {
    let too_large = (SERVERS + 1).to_string();
    for wrong in ["0", &too_large, "99", "abc", "1.5", ""] {
        for arguments in [&[wrong][..], &["--reveal", wrong]] {
            let (code, message) = refused(arguments);
            assert_eq!(code, Some(2), "{arguments:?}");
            let numbers = format!("the servers have the numbers 1 to {SERVERS}");
            assert!(message.contains(&numbers), "{message}");
        }
    }
}

#[test]
fn wrong_usage_ends_with_exit_code_2() {
    let wrong: [&[&str]; 6] = [
        &[],
        &["3", "nowhere"],
        &["3", "127.0.0.1"],
        &["3", "--list"],
        &["--reveal"],
        &["--answer", "3"],
    ];
    for arguments in wrong {
        let (code, message) = refused(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {message}");
    }
}

/// Not all servers use the same code to listen. But if the address is in use, all servers must print the same message.
#[test]
fn an_address_that_is_in_use_is_refused_by_every_server_in_the_same_way() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let expected =
        format!("error: cannot listen on {address}: address already in use; stop the other server");
    thread::scope(|scope| {
        for number in 1..=SERVERS {
            let (address, expected) = (&address, &expected);
            scope.spawn(move || {
                let (code, message) = refused(&[&number.to_string(), address]);
                assert_eq!(code, Some(1), "{number}");
                assert!(message.starts_with(expected), "{number}: {message}");
            });
        }
    });
}

/// Returns the section of the teacher's page about this program.
fn section() -> &'static str {
    let page = include_str!("../../README.md");
    let after = page.split_once("## Servers with a secret\n").unwrap().1;
    after.split("\n## ").next().unwrap()
}

#[test]
fn the_teachers_page_has_the_numbers_of_each_level() {
    assert!(section().contains(&format!("has {SERVERS} Chaton servers")));
    for line in printed(&["--list"]).lines() {
        let (level, numbers) = line.split_once(' ').unwrap();
        let row = format!("| {level} | {} |", numbers.trim());
        assert!(section().contains(&row), "{row}");
    }
}

#[test]
fn the_teachers_page_tells_no_secret() {
    for answer in ANSWERS.iter() {
        assert!(!section().contains(&answer.fault), "{}", answer.fault);
        assert!(!section().contains(&answer.case), "{}", answer.case);
    }
}

/// Finds the commands in a page that run this program, and returns the arguments of each command.
fn commands(page: &'static str) -> Vec<Vec<&'static str>> {
    let found = page.split("cargo run --release -p matou-mystery -- ");
    let lines = found.skip(1).map(|rest| rest.split(['\n', '`']).next());
    lines
        .flatten()
        .map(|line| line.split(' ').collect())
        .collect()
}

#[test]
fn the_commands_in_the_documents_are_right() {
    let pages = [
        include_str!("../../../../README.md"),
        include_str!("../../README.md"),
        include_str!("../../lesson-3.md"),
    ];
    for page in pages {
        let commands = commands(page);
        assert!(!commands.is_empty());
        for arguments in commands {
            match arguments[..] {
                [number, address] if !number.starts_with('-') => {
                    // Start the server on another port, because the address in the page may be in use on this machine.
                    assert!(address.parse::<SocketAddr>().is_ok(), "{arguments:?}");
                    drop(Running::start(number.parse().unwrap()));
                }
                _ => assert_ne!(printed(&arguments), ""),
            }
        }
    }
}
