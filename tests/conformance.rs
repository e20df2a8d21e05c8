//! The suite against our own server: it passes everything, in each of its readings and however its clients cut their bytes.

use std::net::SocketAddr;

use conformance::run::{Options, Report, Segments, Verdict, run_suite};
use conformance::suite::Suite;
use matou::chaton::{self, LongWidth};
use matou::chatos_groupe2;
use matou::net::{ConnectionLimits, Engine, ProcessLimits};
use matou::room::{Entropy, Protocol};

fn judge_chaton(chaton: chaton::Options, options: &Options) -> Report {
    let room = chaton::Room::new(chaton, entropy());
    let limits = ConnectionLimits::default();
    judge("chaton", room, chaton.codec(), limits, options)
}

fn judge_groupe2(groupe2: chatos_groupe2::Options) -> Report {
    let room = chatos_groupe2::Room::new(groupe2, entropy());
    let limits = ConnectionLimits {
        tunnel_end_delay: chatos_groupe2::TUNNEL_END_DELAY,
        ..ConnectionLimits::default()
    };
    let suite = "chatos-groupe2";
    judge(suite, room, groupe2.codec(), limits, &Options::default())
}

fn entropy() -> Entropy {
    Box::new(|| getrandom::u64().unwrap())
}

fn judge<P: Protocol>(
    suite: &str,
    room: P,
    codec: P::Codec,
    limits: ConnectionLimits,
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
