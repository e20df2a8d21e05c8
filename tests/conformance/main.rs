//! The suites judge our own servers. Where the document of a protocol is unclear, a server offers several readings of it;
//! with each of them, it passes every case. The servers also pass when the clients send each byte in its own segment
//! (without the case `slow-reader`, for which this is too slow). The servers keep their promises under a load. The recorded
//! conversations still show what the servers do.

mod chathack;
mod chatr;
mod load;
mod traces;

use std::convert::Infallible;
use std::net::SocketAddr;

use conformance::run::{Options, Outcome, Report, Segments, Verdict, run_suite};
use conformance::suite::Suite;
use matou_protocols::chaton::{self, LongWidth};
use matou_protocols::chatos_1_0;
use matou_protocols::chatos_groupe2;
use matou_protocols::room::{Entropy, Protocol};
use matou_server::net::{ConnectionLimits, Engine, ProcessLimits, Service};

/// Judges a server of this room with the suite of this name.
fn judge_by<P: Protocol<Question = Infallible>>(
    suite: &str,
    room: P,
    codec: P::Codec,
    options: &Options,
) -> Report {
    judge_within(ConnectionLimits::default(), suite, room, codec, options)
}

/// Judges a server of this room whose listener has these limits.
fn judge_within<P: Protocol<Question = Infallible>>(
    limits: ConnectionLimits,
    suite: &str,
    room: P,
    codec: P::Codec,
    options: &Options,
) -> Report {
    let suite = Suite::built_in(suite).unwrap();
    let server = Server::of(room, codec, limits);
    let report = judged(&suite, server.service.address(), options);
    server.stop();
    report
}

/// Judges the target. The machine may be busy, so a case that does not pass is judged again alone and with longer timeouts.
fn judged(suite: &Suite, target: SocketAddr, options: &Options) -> Report {
    let mut report = run_suite(suite, target, options).unwrap();
    let failed = |case: &&Outcome| {
        use Verdict::{Fail, Inconclusive, NonStrict};
        matches!(case.verdict, Fail | Inconclusive | NonStrict)
    };
    let only: Vec<String> = report
        .cases
        .iter()
        .filter(failed)
        .map(|case| case.id.clone())
        .collect();
    if only.is_empty() {
        return report;
    }
    let alone = Options {
        only,
        jobs: 1,
        scale: 4.0,
        ..options.clone()
    };
    let again = run_suite(suite, target, &alone).unwrap();
    for case in &mut report.cases {
        if alone.only.contains(&case.id)
            && let Some(second) = again.case(&case.id)
        {
            *case = second.clone();
        }
    }
    report
}

/// A server of one room.
struct Server {
    engine: Engine,
    service: Service,
}

impl Server {
    fn of<P: Protocol<Question = Infallible>>(
        room: P,
        codec: P::Codec,
        limits: ConnectionLimits,
    ) -> Server {
        let engine = Engine::start(&ProcessLimits::default());
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let service = engine.listen(room, codec, any, limits).unwrap();
        Server { engine, service }
    }

    fn stop(self) {
        drop(self.service);
        self.engine.stop();
    }
}

fn chaton_room(chaton: chaton::Options) -> chaton::Room {
    chaton::Room::new(chaton, entropy())
}

fn entropy() -> Entropy {
    Box::new(|| getrandom::u64().unwrap())
}

fn judge_groupe2(groupe2: chatos_groupe2::Options, options: &Options) -> Report {
    let room = chatos_groupe2::Room::new(groupe2, entropy());
    let limits = ConnectionLimits::default();
    let (suite, codec) = (chatos_groupe2::Room::NAME, groupe2.codec());
    judge_within(limits, suite, room, codec, options)
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
fn chaton_conforms_as_recorded() {
    let report = judge_chaton(chaton::Options::default(), &traces::options());
    assert_conforms(&report);
    traces::check(&report, None);
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

/// The case with this name must send megabytes within 30 s. On a busy machine this is impossible if each byte is sent in its
/// own segment, so the tests then skip the case.
const TOO_MUCH: &str = "slow-reader";

#[test]
fn chaton_conforms_with_every_segmentation() {
    let options = Options {
        segments: Segments::EachByte,
        skip: vec![TOO_MUCH.to_owned()],
        ..Options::default()
    };
    assert_conforms(&judge_chaton(chaton::Options::default(), &options));
}

#[test]
fn chatos_groupe2_conforms_as_recorded() {
    let report = judge_groupe2(chatos_groupe2::Options::default(), &traces::options());
    assert_conforms(&report);
    traces::check(&report, Some("chaton"));
    assert_eq!(reading(&report, "opcodes"), "body");
    assert_eq!(reading(&report, "long-width"), "8");
    assert_eq!(reading(&report, "echo"), "yes");
}

#[test]
fn chatos_groupe2_with_longs_of_four_bytes_conforms() {
    let four = chatos_groupe2::Options {
        long: LongWidth::Four,
        ..chatos_groupe2::Options::default()
    };
    let report = judge_groupe2(four, &Options::default());
    assert_conforms(&report);
    assert_eq!(reading(&report, "long-width"), "4");
}

#[test]
fn chatos_1_0_conforms_as_recorded() {
    let report = judge_chatos_1_0(&traces::options());
    assert_conforms(&report);
    traces::check(&report, None);
    assert_eq!(reading(&report, "accept-copy"), "no");
    assert_eq!(reading(&report, "accepted-end"), "told");
    assert_eq!(reading(&report, "abort-copy"), "yes");
}

#[test]
fn chatos_1_0_conforms_with_every_segmentation() {
    let options = Options {
        segments: Segments::EachByte,
        skip: vec![TOO_MUCH.to_owned()],
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

fn assert_told(report: &Report, seems: &str) {
    assert_eq!(report.exit_code(), 3, "{report:#?}");
    let why = report.unjudgeable.as_deref().unwrap_or_default();
    assert!(why.contains(seems), "{why}");
}

#[test]
fn the_suite_of_another_protocol_names_the_protocol_of_the_server() {
    let options = Options::default();
    let chatos = chatos_1_0::Room::new(chatos_1_0::Options::default());
    let report = judge_by("chaton", chatos, (), &options);
    assert_told(
        &report,
        "it answers a login of the protocol ChatOS 1.0: try `conformance run chatos-1.0 ",
    );
    let chaton = chaton::Options::default();
    let report = judge_by("chatos-1.0", chaton_room(chaton), chaton.codec(), &options);
    assert_told(&report, "it answers a login of the protocol Chaton");
    assert_told(&report, "`conformance run chaton ");
}
