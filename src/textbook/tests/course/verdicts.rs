//! Tests that the table `verdicts.md` contains the judge's real verdicts.

use std::collections::BTreeMap;
use std::thread;

use conformance::run::{Options, Report, Verdict, run_suite};
use conformance::suite::Suite;

use crate::step::{STEPS, start};

/// The cases that the test plays against step 1. The other cases fail only after they have waited for an answer that never
/// arrives, so it would take minutes to play them.
const OF_STEP_1: [&str; 7] = [
    "login-accepted",
    "login-of-31-bytes",
    "login-free-after-close",
    "login-taken",
    "whisper",
    "broadcast",
    "fifty-clients",
];

/// The cases that take half a minute against step 2, with the usual time limits.
const SLOW: [&str; 2] = ["slow-reader", "slow-reader-of-short-messages"];

/// The verdicts of one case, step by step.
pub(crate) type Row = [&'static str; STEPS.len()];

/// Returns the table: each case with its verdicts.
pub(crate) fn table() -> BTreeMap<&'static str, Row> {
    let rows = include_str!("../../verdicts.md")
        .lines()
        .filter_map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
            let verdicts: Row = cells.get(1..)?.try_into().ok()?;
            (cells[0] != "case" && !cells[0].starts_with('-')).then_some((cells[0], verdicts))
        });
    rows.collect()
}

/// Judges one step with the cases `only`. If `only` is empty, plays all cases except the [`SLOW`] ones.
fn judge(suite: &Suite, step: usize, only: &[&str], scale: f64, jobs: usize) -> Report {
    let server = start(STEPS[step].0);
    let options = Options {
        only: only.iter().map(|id| (*id).to_owned()).collect(),
        skip: match only {
            [] => SLOW.map(str::to_owned).to_vec(),
            _ => Vec::new(),
        },
        scale,
        jobs,
        ..Options::default()
    };
    run_suite(suite, server.address, &options).unwrap()
}

/// A verdict that differs from the table.
struct Contradiction {
    step: usize,
    case: String,
    sentence: String,
}

impl Contradiction {
    /// Judges the case again, alone and with long timeouts, and returns whether its verdict still differs from the table.
    /// In the first run, the server may have been too slow, because many runs share this machine.
    fn persists(&self, suite: &Suite) -> bool {
        let report = judge(suite, self.step, &[&self.case], 4.0, 1);
        let again = contradictions(self.step, &report);
        again.iter().any(|again| again.case == self.case)
    }
}

/// Returns what differs from the table. An inconclusive case does not count as a difference, because it means that this
/// machine was too busy.
fn contradictions(step: usize, report: &Report) -> Vec<Contradiction> {
    let table = table();
    assert_eq!(report.unjudgeable, None);
    let contradicts = |verdict: Verdict, expected: &str| match verdict {
        Verdict::Inconclusive => false,
        Verdict::Pass | Verdict::Note => expected != "pass",
        other => expected != other.word(),
    };
    let cases = report.cases.iter().filter(|case| !case.prerequisite);
    cases
        .filter(|case| contradicts(case.verdict, table[case.id.as_str()][step]))
        .map(|case| {
            let expected = table[case.id.as_str()][step];
            let name = STEPS[step].0;
            Contradiction {
                step,
                case: case.id.clone(),
                sentence: format!("{name}: {} is {}, not {expected}", case.id, case.verdict),
            }
        })
        .collect()
}

#[test]
fn the_table_has_every_case_of_the_suite() {
    let suite = Suite::built_in("chaton").unwrap();
    let table = table();
    assert_eq!(table.len(), suite.scenarios.len());
    for scenario in &suite.scenarios {
        assert!(table.contains_key(scenario.id.as_str()), "{}", scenario.id);
    }
    assert!(table.values().all(|row| row[6] == "pass"));
}

/// The profile `without-tunnels.kdl` lists the cases that step 6 does not pass yet. With this profile, a student's report
/// shows only the other cases, which step 6 should pass.
#[test]
fn the_profile_without_tunnels_lists_what_step_6_lacks() {
    let profile = include_str!("../../without-tunnels.kdl");
    let listed = profile
        .lines()
        .filter(|line| line.starts_with("unsupported"));
    let mut listed: Vec<_> = listed.filter_map(|line| line.split('"').nth(1)).collect();
    listed.sort_unstable();
    let lacks = |row: &Row| matches!(row[5], "fail" | "non-strict");
    let lacking = table().into_iter().filter(|(_, row)| lacks(row));
    assert_eq!(listed, lacking.map(|(case, _)| case).collect::<Vec<_>>());
}

#[test]
fn the_judge_says_what_the_table_says() {
    let suite = Suite::built_in("chaton").unwrap();
    let suite = &suite;
    let runs = thread::scope(|scope| {
        let mut runs = vec![scope.spawn(move || (0, judge(suite, 0, &OF_STEP_1, 0.2, 1)))];
        for step in 1..STEPS.len() {
            runs.push(scope.spawn(move || (step, judge(suite, step, &[], 1.0, 8))));
            let scale = if step == 1 { 0.1 } else { 1.0 };
            runs.push(scope.spawn(move || (step, judge(suite, step, &SLOW, scale, 8))));
        }
        let runs = runs.into_iter().map(|run| run.join().unwrap());
        runs.collect::<Vec<_>>()
    });
    let wrong: Vec<_> = runs
        .iter()
        .flat_map(|(step, report)| contradictions(*step, report))
        .filter(|wrong| wrong.persists(suite))
        .map(|wrong| wrong.sentence)
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // If the machine was too busy for most cases, the comparison above has shown nothing, so the test fails.
    let judged = |report: &Report| {
        report
            .cases
            .iter()
            .filter(|case| case.verdict.holds())
            .count()
    };
    let all: usize = runs.iter().map(|(_, report)| judged(report)).sum();
    assert!(all > 300, "only {all} cases could be judged");
}
