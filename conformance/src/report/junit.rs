//! JUnit XML, which build servers show: one JUnit test case for each case of the run.
//!
//! The verdicts pass, note and non-strict are successes, even with remarks. A case that could not be judged is skipped, and
//! its entry gives the reason. A known deviation is skipped, too. The entry of a failure contains the whole explanation.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use crate::diagnosis;
use crate::run::{Outcome, Report, Verdict};

use super::explain::Explainer;
use super::shown::shown;
use super::words;
use crate::text;

/// Returns the report as JUnit XML.
///
/// # Panics
///
/// This function never panics, because all text in the report is escaped for XML.
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "all text in the report is escaped for XML"
)]
pub fn to_junit(report: &Report, rerun: &str) -> String {
    let report = &shown(report, text::xml);
    let rerun = &text::xml(rerun);
    let mut suite = TestSuite::new(report.protocol.as_str());
    suite.set_timestamp(at(report.began));
    suite.set_time(report.duration);
    suite.add_property(("target", report.judged().as_str()));
    suite.add_property(("seed", report.seed.to_string().as_str()));
    for reading in &report.readings {
        let name = format!("reading {}", reading.name);
        suite.add_property((name.as_str(), reading.choice.as_str()));
    }
    if let Some(why) = &report.unjudgeable {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(why.as_str());
        suite.add_test_case(TestCase::new("can be judged", status));
    }
    let diagnosis = diagnosis::of(report);
    let explainer = Explainer::plain(report, &diagnosis, rerun);
    for case in &report.cases {
        suite.add_test_case(of_case(&explainer, case));
    }
    let mut document = quick_junit::Report::new("conformance");
    document.set_timestamp(at(report.began));
    document.set_time(report.duration);
    document.add_test_suite(suite);
    let document = document.to_string();
    text::markup(&document.expect("escaped text is XML"))
}

fn at(moment: SystemTime) -> DateTime<chrono::FixedOffset> {
    DateTime::<Utc>::from(moment).fixed_offset()
}

fn of_case(explainer: &Explainer<'_>, case: &Outcome) -> TestCase {
    let mut entry = TestCase::new(case.id.as_str(), status(explainer, case));
    entry.set_classname(explainer.report.protocol.as_str());
    entry.set_time(case.duration);
    if let Some(began) = case.began {
        entry.set_timestamp(at(began));
    }
    entry.add_property(("title", case.title.as_str()));
    entry.add_property(("verdict", case.verdict.word()));
    entry.add_property(("requirements", case.requirements.join(" ").as_str()));
    let mut remarks = case.notes.clone();
    if matches!(entry.status, TestCaseStatus::Success { .. }) {
        // In JUnit a success has no description, so the explanation goes into the output (`system-out`) of the entry.
        remarks.extend(explainer.explain(case));
    }
    if !remarks.is_empty() {
        entry.set_system_out(remarks.join("\n"));
    }
    entry
}

fn status(explainer: &Explainer<'_>, case: &Outcome) -> TestCaseStatus {
    let mut status = match case.verdict {
        Verdict::Pass | Verdict::Note | Verdict::NonStrict => return TestCaseStatus::success(),
        Verdict::Unsupported | Verdict::Inconclusive => TestCaseStatus::skipped(),
        Verdict::Fail if case.excuse().is_some() => TestCaseStatus::skipped(),
        Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    match (case.excuse(), words::in_short(case)) {
        (Some(reason), _) => {
            status.set_message(format!("known deviation: {reason}"));
        }
        (None, Some(short)) => {
            status.set_message(short);
        }
        (None, None) => {}
    }
    if let Some(failure) = &case.failure
        && let Ok(serde_json::Value::String(kind)) = serde_json::to_value(failure.kind)
    {
        status.set_type(kind);
    }
    if let Some(text) = explainer.explain(case) {
        status.set_description(text);
    }
    status
}
