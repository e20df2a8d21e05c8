//! The suites against our own servers: they pass everything, in each of their readings and however their clients cut their bytes.

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use conformance::run::{Options, Report, Segments, Verdict, run_suite};
use conformance::suite::Suite;
use matou::chaton::{self, LongWidth};
use matou::chatos_1_0;
use matou::chatos_groupe2;
use matou::chatr;
use matou::net::{Certificate, ConnectionLimits, Engine, ProcessLimits};
use matou::rest;
use matou::room::{Entropy, Protocol};
use matou::store::{Identities, Store};

/// What the suite of that name says about a server of this room.
fn judge_by<P: Protocol<Question = Infallible>>(
    suite: &str,
    room: P,
    codec: P::Codec,
    options: &Options,
) -> Report {
    judge_within(ConnectionLimits::default(), suite, room, codec, options)
}

/// The same, where the listener has limits of its own.
fn judge_within<P: Protocol<Question = Infallible>>(
    limits: ConnectionLimits,
    suite: &str,
    room: P,
    codec: P::Codec,
    options: &Options,
) -> Report {
    let engine = Engine::start(&ProcessLimits::default());
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let service = engine.listen(room, codec, any, limits).unwrap();
    let suite = Suite::built_in(suite).unwrap();
    let report = run_suite(&suite, service.address(), options).unwrap();
    drop(service);
    engine.stop();
    report
}

fn chaton_room(chaton: chaton::Options) -> chaton::Room {
    chaton::Room::new(chaton, entropy())
}

fn entropy() -> Entropy {
    Box::new(|| getrandom::u64().unwrap())
}

fn judge_groupe2(groupe2: chatos_groupe2::Options) -> Report {
    let room = chatos_groupe2::Room::new(groupe2, entropy());
    let limits = ConnectionLimits {
        tunnel_end_delay: chatos_groupe2::TUNNEL_END_DELAY,
        ..ConnectionLimits::default()
    };
    let (suite, codec) = (chatos_groupe2::Room::NAME, groupe2.codec());
    judge_within(limits, suite, room, codec, &Options::default())
}

fn judge_chaton(chaton: chaton::Options, options: &Options) -> Report {
    judge_by("chaton", chaton_room(chaton), chaton.codec(), options)
}

fn judge_chatos_1_0(options: &Options) -> Report {
    let room = chatos_1_0::Room::new(chatos_1_0::Options::default());
    judge_by("chatos-1.0", room, (), options)
}

fn assert_conforms(report: &Report) {
    let wrong: Vec<_> = report
        .cases
        .iter()
        .filter(|case| !matches!(case.verdict, Verdict::Pass | Verdict::Note))
        .map(|case| format!("{} {}: {:#?}", case.verdict, case.id, case.failure))
        .collect();
    assert_eq!(report.unjudgeable, None);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(report.cases.len() >= 100);
}

fn reading<'a>(report: &'a Report, name: &str) -> &'a str {
    let found = report.readings.iter().find(|reading| reading.name == name);
    found.map_or("unknown", |reading| &reading.choice)
}

#[test]
fn chaton_conforms() {
    let report = judge_chaton(chaton::Options::default(), &Options::default());
    assert_conforms(&report);
    assert_eq!(reading(&report, "long-width"), "8");
    assert_eq!(reading(&report, "echo"), "yes");
}

#[test]
fn chaton_with_longs_of_four_bytes_conforms() {
    let four = chaton::Options {
        long: LongWidth::Four,
        ..chaton::Options::default()
    };
    let report = judge_chaton(four, &Options::default());
    assert_conforms(&report);
    assert_eq!(reading(&report, "long-width"), "4");
}

#[test]
fn chaton_conforms_whatever_the_segments() {
    let options = Options {
        segments: Segments::EachByte,
        ..Options::default()
    };
    assert_conforms(&judge_chaton(chaton::Options::default(), &options));
}

#[test]
fn chatos_groupe2_conforms() {
    let report = judge_groupe2(chatos_groupe2::Options::default());
    assert_conforms(&report);
    assert_eq!(reading(&report, "opcodes"), "body");
    assert_eq!(reading(&report, "long-width"), "8");
    assert_eq!(reading(&report, "echo"), "yes");
}

#[test]
fn chatos_groupe2_with_longs_of_four_bytes_conforms() {
    let report = judge_groupe2(chatos_groupe2::Options {
        long: LongWidth::Four,
        ..chatos_groupe2::Options::default()
    });
    assert_conforms(&report);
    assert_eq!(reading(&report, "long-width"), "4");
}

#[test]
fn chatos_1_0_conforms() {
    let report = judge_chatos_1_0(&Options::default());
    assert_conforms(&report);
    assert_eq!(reading(&report, "accept-copy"), "no");
    assert_eq!(reading(&report, "accepted-end"), "told");
    assert_eq!(reading(&report, "abort-copy"), "yes");
}

#[test]
fn chatos_1_0_conforms_whatever_the_segments() {
    let options = Options {
        segments: Segments::EachByte,
        ..Options::default()
    };
    assert_conforms(&judge_chatos_1_0(&options));
}

#[test]
fn chatos_1_0_conforms_one_case_at_a_time() {
    let options = Options {
        jobs: 1,
        ..Options::default()
    };
    assert_conforms(&judge_chatos_1_0(&options));
}

/// ChatHack as it is shipped: the program, with a data directory in which there is one account.
struct Chathack {
    program: Child,
    address: SocketAddr,
    _data: tempfile::TempDir,
}

const ACCOUNT: [(&str, &str); 2] = [("login", "arnaud"), ("password", "townhall")];

impl Chathack {
    fn start() -> Chathack {
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
            address: address.expect("it says where it listens"),
            _data: data,
        }
    }

    fn judge(&self, options: &Options) -> Report {
        let suite = Suite::built_in("chathack").unwrap();
        run_suite(&suite, self.address, options).unwrap()
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
fn chathack_conforms() {
    let report = Chathack::start().judge(&with_account(Options::default()));
    assert_conforms(&report);
    assert_eq!(reading(&report, "echo"), "no");
    // Pass, and not a note: the address is that of the suite itself, byte for byte.
    let filled_in = report.case("validate-with-an-unspecified-address");
    let verdict = filled_in.map(|case| case.verdict);
    assert_eq!(verdict, Some(Verdict::Pass));
}

#[test]
fn chathack_conforms_whatever_the_segments() {
    let options = Options {
        segments: Segments::EachByte,
        ..Options::default()
    };
    assert_conforms(&Chathack::start().judge(&with_account(options)));
}

#[test]
fn without_an_account_the_cases_that_need_one_are_unsupported_and_the_rest_is_judged() {
    let mut report = Chathack::start().judge(&Options::default());
    assert_eq!(report.exit_code(), 0);
    let unsupported = report.count(Verdict::Unsupported);
    report
        .cases
        .retain(|case| case.verdict != Verdict::Unsupported);
    assert_conforms(&report);
    assert!((10..20).contains(&unsupported), "{unsupported}");
    assert!(report.case("password-of-nobody").is_some());
}

fn assert_told(report: &Report, seems: &str) {
    assert_eq!(report.exit_code(), 3, "{report:#?}");
    let why = report.unjudgeable.as_deref().unwrap_or_default();
    assert!(why.contains(seems), "{why}");
}

#[test]
fn the_suite_of_another_protocol_says_what_the_server_seems_to_speak() {
    let options = Options::default();
    let chatos = chatos_1_0::Room::new(chatos_1_0::Options::default());
    let report = judge_by("chaton", chatos, (), &options);
    assert_told(
        &report,
        "it answers a login of ChatOS 1.0: try `conformance run chatos-1.0 ",
    );
    let chaton = chaton::Options::default();
    let report = judge_by("chatos-1.0", chaton_room(chaton), chaton.codec(), &options);
    assert_told(&report, "it answers a login of Chaton");
    assert_told(&report, "`conformance run chaton ");
}

/// A server of Chatr Connect with its registry beside it, both kept in a folder that goes with it.
struct ChatrServer {
    folder: tempfile::TempDir,
    engine: Engine,
    service: matou::net::Service,
    registry: matou::net::RequestService,
}

impl ChatrServer {
    fn start() -> ChatrServer {
        let folder = tempfile::TempDir::new().unwrap();
        let engine = Engine::start(&ProcessLimits::default());
        let certificate = Certificate::kept_in(folder.path()).unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (identities, known) = (Identities::new(&store), Identities::new(&store));
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let room = chatr::Room::new(chatr::Options::default(), entropy());
        let limits = ConnectionLimits::default();
        let judge = move |claim: chatr::Claim| verified(&known, &claim);
        let service = engine.listen_tls(room, (), any, limits, judge, &certificate);
        let service = service.unwrap();
        let revokers = vec![service.revoker()];
        let options = rest::Options::default();
        let registry = rest::Registry::new(&options, identities, &certificate, revokers);
        let registry = registry.listen(&engine, any).unwrap();
        ChatrServer {
            folder,
            engine,
            service,
            registry,
        }
    }

    fn judge(&self, settings: &[(&str, String)], options: Options) -> Report {
        let settings = settings.iter();
        let options = Options {
            settings: settings
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            ..options
        };
        let suite = Suite::built_in("chatr").unwrap();
        run_suite(&suite, self.service.address(), &options).unwrap()
    }

    fn rest(&self) -> (&'static str, String) {
        ("rest", self.registry.address().to_string())
    }

    fn stop(self) {
        drop(self.service);
        drop(self.registry);
        self.engine.stop();
        drop(self.folder);
    }
}

fn verified(identities: &Identities, claim: &chatr::Claim) -> chatr::Verdict {
    let kept = identities.find(claim.uuid).unwrap();
    let key = kept.and_then(|der| chatr::PublicKey::from_der(&der).ok());
    match key.map(|key| key.verify(claim.uuid.as_bytes(), &claim.signature)) {
        Some(Ok(())) => chatr::Verdict::Verified,
        _ => chatr::Verdict::Refuted,
    }
}

#[test]
fn chatr_conforms_with_identities_that_the_suite_registers() {
    let server = ChatrServer::start();
    let report = server.judge(&[server.rest()], Options::default());
    assert_conforms(&report);
    assert!(report.certificate.is_some());
    server.stop();
}

#[test]
fn chatr_is_judged_with_the_identities_that_there_are() {
    let server = ChatrServer::start();
    let folder = server.folder.path();
    let identities = Identities::new(&Store::open(folder).unwrap());
    let mut lines = String::from("# who is registered\n\n");
    for index in 0..4 {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        let text = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(private.as_ref())
        );
        std::fs::write(folder.join(format!("{index}.pem")), text).unwrap();
        let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
        let uuid = uuid::Uuid::new_v4();
        identities.register(uuid, public.as_ref(), 100).unwrap();
        lines.push_str(&format!("{uuid} {index}.pem\n"));
    }
    let file = folder.join("identities");
    std::fs::write(&file, lines).unwrap();
    let slow = [
        "first-ping",
        "pings-go-on",
        "time-out",
        "time-out-after-answers",
        "wrong-pong",
        "wrong-pongs-alone",
        "other-packets-are-signs-of-life",
    ];
    let options = Options {
        skip: slow.map(str::to_owned).into(),
        ..Options::default()
    };
    let report = server.judge(&[("identities", file.display().to_string())], options);
    let verdict = |id: &str| report.case(id).map(|case| case.verdict);
    assert_eq!(verdict("accept"), Some(Verdict::Pass), "{report:#?}");
    assert_eq!(verdict("thirty-clients"), Some(Verdict::Unsupported));
    assert_eq!(verdict("request-with-any-ipv4"), Some(Verdict::Unsupported));
    let wrong: Vec<_> = report
        .cases
        .iter()
        .filter(|case| matches!(case.verdict, Verdict::Fail | Verdict::Error))
        .map(|case| format!("{}: {:#?}", case.id, case.failure))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    server.stop();
}

#[test]
fn without_identities_what_needs_none_is_judged() {
    let server = ChatrServer::start();
    let options = Options {
        only: ["unknown-uuid", "first-is-a-pong", "accept"]
            .map(str::to_owned)
            .into(),
        ..Options::default()
    };
    let report = server.judge(&[], options);
    let verdict = |id: &str| report.case(id).map(|case| case.verdict);
    assert_eq!(verdict("unknown-uuid"), Some(Verdict::Pass), "{report:#?}");
    assert_eq!(verdict("first-is-a-pong"), Some(Verdict::Pass));
    assert_eq!(verdict("accept"), Some(Verdict::Unsupported));
    let cause = report.case("accept").and_then(|case| case.cause.clone());
    let why = cause.map(|cause| cause.to_string()).unwrap_or_default();
    assert!(why.contains("--set rest=ADDR"), "{why}");
    server.stop();
}
