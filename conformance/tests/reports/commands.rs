//! Tests of the commands `conformance matrix` and `conformance tap`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use conformance::report::to_json;
use rstest::rstest;

use crate::protocol::{HELLO, TELL, judge};
use crate::tap::frame;
use crate::target::{Quirk, Target};

fn conformance() -> Command {
    Command::new(env!("CARGO_BIN_EXE_conformance"))
}

/// Runs a command. Returns its exit code and its output.
fn run(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().expect("the program starts");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).expect("the output is UTF-8");
    (output.status.code(), said)
}

#[test]
fn a_matrix_takes_its_names_from_the_arguments_or_the_files() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let path = |name: &str| folder.path().join(name).display().to_string();
    for (name, quirk) in [("ada.json", Quirk::None), ("x.json", Quirk::WrongText)] {
        let target = Target::start(quirk);
        let json = to_json(&judge(target.address, &[HELLO, TELL]));
        std::fs::write(path(name), json).expect("the file can be written");
    }
    std::fs::write(path("weights"), "\u{feff}must = 1\r\n").expect("the file can be written");
    let reports = format!("html={},csv={}", path("a/class.html"), path("class.csv"));
    let named = format!("turing={}", path("x.json"));
    let (code, said) = run(conformance()
        .args(["matrix", &path("ada.json"), &named])
        .args(["--report", &reports, "--weights", &path("weights")]));
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("100.0  ada\n") && said.contains("50.0  turing\n"),
        "{said}"
    );
    let csv = std::fs::read_to_string(path("class.csv")).expect("the file was written");
    assert!(csv.contains("\r\ntell,"), "{csv}");
    assert!(
        csv.lines()
            .any(|line| line.starts_with("tell,") && line.ends_with(",pass,fail"))
    );
    let page = std::fs::read_to_string(path("a/class.html"))
        .expect("the file and its folder were written");
    assert!(page.contains("2 targets side by side"));
}

#[test]
fn reports_with_the_same_name_get_the_names_of_their_folders_and_weights_in_utf16_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let target = Target::start(Quirk::None);
    let json = to_json(&judge(target.address, &[HELLO, TELL]));
    let mut files = Vec::new();
    for team in ["ada", "turing"] {
        let own = folder.path().join(team);
        std::fs::create_dir(&own).expect("the folder is new");
        std::fs::write(own.join("run.json"), &json).expect("the file can be written");
        files.push(own.join("run.json").display().to_string());
    }
    let (code, said) = run(conformance().arg("matrix").args(&files));
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("  ada\n") && said.contains("  turing\n"),
        "{said}"
    );
    let named = files.iter().map(|file| format!("same={file}"));
    let (code, said) = run(conformance().arg("matrix").args(named));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("two runs have the name same"), "{said}");
    let weights = folder.path().join("weights");
    std::fs::write(&weights, b"\xff\xfem\0").expect("the file can be written");
    let (code, said) = run(conformance()
        .arg("matrix")
        .args(&files)
        .arg("--weights")
        .arg(&weights));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("save it as UTF-8"), "{said}");
}

#[rstest]
#[case::no_report(&["matrix", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")], "not the report of a run")]
#[case::no_file(&["matrix", "nowhere.json"], "cannot read nowhere.json")]
#[case::weight(&["matrix", "nowhere.json", "--weight", "most=1"], "is not a weight")]
#[case::address(&["tap", "chaton", "nonsense", "127.0.0.1:1"], "write HOST:PORT")]
#[case::reading(&["tap", "chaton", "127.0.0.1:0", "127.0.0.1:1", "--reading", "long-witdh=8"], "long-width")]
#[case::choice(&["tap", "chaton", "127.0.0.1:0", "127.0.0.1:1", "--reading", "long-width=5"], "long-width has no choice 5")]
#[case::report(&["tap", "chaton", "127.0.0.1:0", "127.0.0.1:1", "--report", "json=x"], "html=FILE or pcapng=FILE")]
#[case::tls(&["tap", "chatr", "127.0.0.1:0", "127.0.0.1:1"], "runs inside TLS")]
fn wrong_usage_is_explained(#[case] arguments: &[&str], #[case] because: &str) {
    let (code, said) = run(conformance().args(arguments));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(because), "{said}");
}

#[test]
fn a_tap_shows_the_conversation_and_writes_reports() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let server = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let target = server
        .local_addr()
        .expect("a bound socket has an address")
        .to_string();
    let reports = format!(
        "html={},pcapng={}",
        path("heard.html"),
        path("heard.pcapng")
    );
    let mut tap = conformance()
        .args([
            "tap",
            "chaton",
            "127.0.0.1:0",
            &target,
            "--connections",
            "1",
        ])
        .args(["--report", &reports, "--scenario", &path("heard.kdl")])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut out = BufReader::new(tap.stdout.take().expect("it is piped"));
    let mut greeting = String::new();
    out.read_line(&mut greeting)
        .expect("the program prints its address");
    let address = greeting
        .split([' ', ','])
        .nth(2)
        .expect("Chaton on ADDRESS");
    let mut client = TcpStream::connect(address).expect("it listens");
    let (mut answer, _) = server.accept().expect("it connects");
    client
        .write_all(&frame(0, &[b"Ada"]))
        .expect("the tap reads");
    answer.read_exact(&mut [0; 8]).expect("the tap relays");
    answer.write_all(&[1]).expect("the tap reads");
    client.read_exact(&mut [0]).expect("the tap relays");
    client.write_all(&[99]).expect("the tap reads");
    answer.read_exact(&mut [0]).expect("the tap relays");
    drop(client);
    drop(answer);
    let mut said = String::new();
    out.read_to_string(&mut said).expect("the output is UTF-8");
    assert_eq!(tap.wait().expect("it ends").code(), Some(1), "{said}");
    for part in [
        "client1   --> LOGIN login=\"Ada\"",
        "(opcode 99 is unknown)",
        "1 violation of the protocol",
    ] {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
    let (code, said) =
        run(conformance().args(["lint", &path("heard.kdl"), "--protocol", "chaton"]));
    assert_eq!(code, Some(0), "{said}");
    let page = std::fs::read_to_string(path("heard.html")).expect("the file was written");
    assert!(page.contains("opcode 99 is unknown"));
    assert!(
        std::fs::metadata(path("heard.pcapng"))
            .expect("the file was written")
            .len()
            > 100
    );
}
