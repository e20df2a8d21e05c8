//! The teaching example passes the cases of the suite that need no private connections.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use conformance::run::{Options, Verdict, run_suite};
use conformance::suite::Suite;

/// The running example. It is killed when the test ends.
struct Textbook {
    process: Child,
    address: SocketAddr,
}

impl Textbook {
    fn start() -> Textbook {
        let mut process = Command::new(env!("CARGO_BIN_EXE_two-threads"))
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = process.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().parse().unwrap();
        Textbook { process, address }
    }
}

impl Drop for Textbook {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_textbook_server_passes_the_cases_of_its_chat() {
    let textbook = Textbook::start();
    let suite = Suite::built_in("chaton").unwrap();
    let chat = ["login.kdl", "chat.kdl", "whisper.kdl", "framing.kdl"];
    let only: Vec<String> = suite
        .scenarios
        .iter()
        .filter(|scenario| chat.iter().any(|file| scenario.file.ends_with(file)))
        .map(|scenario| scenario.id.clone())
        .collect();
    assert!(only.len() > 30, "{} cases", only.len());
    let options = Options {
        only,
        ..Options::default()
    };
    let report = run_suite(&suite, textbook.address, &options).unwrap();
    assert_eq!(report.unjudgeable, None);
    let wrong: Vec<_> = report
        .cases
        .iter()
        .filter(|case| {
            !case.prerequisite && matches!(case.verdict, Verdict::Fail | Verdict::NonStrict)
        })
        .map(|case| format!("{} {}: {:#?}", case.verdict, case.id, case.failure))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Cases that depend on private connections are inconclusive, because the server does not have them.
    let held = report.cases.iter().filter(|case| case.verdict.holds());
    assert!(held.count() > 30);
}
