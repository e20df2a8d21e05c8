//! The suite of ChatHack, with and without an account.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use conformance::run::{Options, Report, Segments, Verdict};
use conformance::suite::Suite;

use crate::{TOO_MUCH, assert_conforms, judged, reading, traces};

/// The program `matou serve` as a ChatHack server. Its data directory has one account.
pub(crate) struct Chathack {
    pub(crate) program: Child,
    pub(crate) address: SocketAddr,
    _data: tempfile::TempDir,
}

const ACCOUNT: [(&str, &str); 2] = [("login", "arnaud"), ("password", "townhall")];

impl Chathack {
    pub(crate) fn start() -> Chathack {
        let data = tempfile::tempdir().unwrap();
        add_account(data.path());
        let mut program = Command::new(env!("CARGO_BIN_EXE_matou"))
            .args(["serve", "--listen", "chathack=127.0.0.1:0", "--data"])
            .arg(data.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let address = lines
            .map(Result::unwrap)
            .find_map(|line| line.strip_prefix("listening chathack ")?.parse().ok());
        Chathack {
            program,
            address: address.expect("the server prints its address"),
            _data: data,
        }
    }

    fn judge(&self, options: &Options) -> Report {
        let suite = Suite::built_in("chathack").unwrap();
        judged(&suite, self.address, options)
    }
}

impl Drop for Chathack {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn add_account(data: &Path) {
    let [(_, login), (_, password)] = ACCOUNT;
    let mut add = Command::new(env!("CARGO_BIN_EXE_matou"))
        .args(["account", "add", login, "--password-stdin", "--data"])
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    writeln!(add.stdin.take().unwrap(), "{password}").unwrap();
    assert!(add.wait().unwrap().success());
}

fn with_account(options: Options) -> Options {
    let settings = ACCOUNT.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Options {
        settings: settings.into(),
        ..options
    }
}

#[test]
fn chathack_conforms_as_recorded() {
    let report = Chathack::start().judge(&with_account(traces::options()));
    assert_conforms(&report);
    traces::check(&report, None);
    assert_eq!(reading(&report, "echo"), "no");
    // The server replaces an unspecified address with the address of the client's connection, so the verdict is `pass` and
    // not `note`.
    let filled_in = report.case("validate-with-an-unspecified-address");
    let verdict = filled_in.map(|case| case.verdict);
    assert_eq!(verdict, Some(Verdict::Pass));
}

#[test]
fn chathack_conforms_with_every_segmentation() {
    let options = Options {
        segments: Segments::EachByte,
        skip: vec![TOO_MUCH.to_owned()],
        ..Options::default()
    };
    assert_conforms(&Chathack::start().judge(&with_account(options)));
}

#[test]
fn without_an_account_only_the_cases_that_need_one_are_unsupported() {
    let mut report = Chathack::start().judge(&Options::default());
    // The exit code is 4, because the MUSTs about accounts were not judged.
    assert_eq!(report.exit_code(), 4);
    let unsupported = report.count(Verdict::Unsupported);
    report
        .cases
        .retain(|case| case.verdict != Verdict::Unsupported);
    assert_conforms(&report);
    assert!((10..20).contains(&unsupported), "{unsupported}");
    assert!(report.case("password-without-account").is_some());
}
