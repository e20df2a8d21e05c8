//! The suite against our own server: it passes everything, in each of its readings and however its clients cut their bytes.

use std::net::SocketAddr;

use conformance::run::{Options, Report, Segments, Verdict, run_suite};
use conformance::suite::Suite;
use matou::chaton::{self, LongWidth};
use matou::net::{ConnectionLimits, Engine, ProcessLimits};

fn judge(chaton: chaton::Options, options: &Options) -> Report {
    let engine = Engine::start(&ProcessLimits::default());
    let room = chaton::Room::new(chaton, Box::new(|| getrandom::u64().unwrap()));
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let limits = ConnectionLimits::default();
    let service = engine.listen(room, chaton.codec(), any, limits).unwrap();
    let suite = Suite::built_in("chaton").unwrap();
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
    let report = judge(chaton::Options::default(), &Options::default());
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
    let report = judge(four, &Options::default());
    assert_conforms(&report);
    assert_eq!(reading(&report, "long-width"), "4");
}

#[test]
fn chaton_conforms_whatever_the_segments() {
    let options = Options {
        segments: Segments::EachByte,
        ..Options::default()
    };
    assert_conforms(&judge(chaton::Options::default(), &options));
}
