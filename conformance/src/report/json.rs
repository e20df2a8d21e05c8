//! The report for programs.
//!
//! The report is one JSON object. Later versions of the program may add fields. Existing fields keep their names and
//! meanings as long as `format` stays the same.
//!
//! | field | meaning |
//! |---|---|
//! | `format` | [`FORMAT`] |
//! | `protocol` | name of the protocol |
//! | `title` | its title |
//! | `target` | address and port of the target; if each start of the target got another port, the command that started it |
//! | `command` | the command that started the target, or null |
//! | `exit_code` | the exit code of `conformance run` |
//! | `sentence` | the result of the run as a sentence |
//! | `unjudgeable` | why the target could not be judged at all, or null |
//! | `certificate` | the SHA-256 fingerprint of the target's certificate, or null without TLS |
//! | `start_up_ms` | how long the target took from its first start to its first answer, or null if the runner did not start it |
//! | `survivors[]` | `pid` and `command` of each process that the target had started and that the runner ended, because it had left the process group of the target, or still ran when the target had ended |
//! | `seed` | `--seed` with this number repeats the names, tokens and payloads |
//! | `began` | when the run began, in UTC as in RFC 3339 |
//! | `duration_ms` | how long the run took |
//! | `readings[]` | `name`, `title`, `choice`, `proved` (false: no probe confirmed the choice; it is the first choice, or the choice that the user gave) |
//! | `causes[]` | what to repair, the cause with the strongest evidence first, as [`RootCause`]s: `id`, `evidence` (pattern, bytes, crash, process, case), `does`, `breaks`, `or[]` (other mistakes with the same effect), and the ids of cases: `explains[]`, `hides[]`, `contradicted_by[]` |
//! | `unexplained[]` | the ids of the failed cases that no cause explains |
//! | `diagnosis[]` | the same causes in an older form, one [`Explanation`] for each |
//! | `cases[]` | in the order of the suite |
//!
//! A case:
//!
//! | field | meaning |
//! |---|---|
//! | `id`, `title` | id and title of the scenario; the id stays the same in later versions |
//! | `requirements[]` | `id`, `level` (must, should, may), `section`, `text` |
//! | `verdict` | pass, note, non-strict, unsupported, inconclusive, fail, error |
//! | `cause` | null, or `text` and `case` (the id of the case that is the cause, or null): why the case was not judged |
//! | `prerequisite` | true if the case was played only because selected cases depend on it |
//! | `began` | when the case began, or null if it was not played |
//! | `duration_ms` | how long the case took, without the time to close its connections |
//! | `notes[]` | remarks, and the target's choices where the document leaves a free choice |
//! | `failure` | null, or a [`Failure`] |
//! | `incidents[]` | `kind` (crash, hang, busy, threads, descriptors) and `text`: what happened to the process of the target |
//! | `output` | output of the target during the case, or null if the runner did not start it |
//! | `recut` | null, or how the verdict changed when the sends were cut: `segments`, `whole` and `cut` (the verdicts), `smallest[]` (the smallest set of cuts that changes it, in words) |
//! | `known` | the reason from the file of known deviations, or null |
//! | `conversation[]` | [`Event`]s in order of time, the last thousand of them |

use serde::Serialize;

use crate::diagnosis::{self, Diagnosis, RootCause};
use crate::run::{
    Cause, Event, Failure, Incident, Outcome, Recut, Report, SettledReading, Verdict,
};
use crate::spawn::Named;
use crate::suite::Level;

use super::words;
use crate::text;

/// The version of this format.
pub const FORMAT: u32 = 1;

/// Returns the report as one JSON object, indented.
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "only maps whose keys are not text can fail, and the report has no such map"
)]
pub fn to_json(report: &Report) -> String {
    let diagnosis = diagnosis::of(report);
    let document = Document {
        format: FORMAT,
        protocol: &report.protocol,
        title: &report.title,
        target: target(report),
        command: report.command.as_deref(),
        exit_code: report.exit_code(),
        sentence: words::sentence(report),
        unjudgeable: report.unjudgeable.as_deref(),
        certificate: report.certificate.as_deref(),
        start_up_ms: report.start_up.map(|time| time.as_secs_f64() * 1000.0),
        survivors: &report.survivors,
        seed: report.seed,
        began: words::moment(report.began),
        duration_ms: report.duration.as_secs_f64() * 1000.0,
        readings: &report.readings,
        diagnosis: explanations(&diagnosis),
        causes: &diagnosis.causes,
        unexplained: &diagnosis.unexplained,
        cases: report
            .cases
            .iter()
            .map(|case| of_case(report, case))
            .collect(),
    };
    let mut json = serde_json::to_string_pretty(&document).expect("the report has text keys only");
    json.push('\n');
    text::json(&json)
}

fn target(report: &Report) -> String {
    match &report.command {
        Some(command) if report.target.port() == 0 => command.clone(),
        _ => report.target.to_string(),
    }
}

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    protocol: &'a str,
    title: &'a str,
    target: String,
    command: Option<&'a str>,
    exit_code: u8,
    sentence: String,
    unjudgeable: Option<&'a str>,
    certificate: Option<&'a str>,
    start_up_ms: Option<f64>,
    survivors: &'a [Named],
    seed: u64,
    began: String,
    duration_ms: f64,
    readings: &'a [SettledReading],
    causes: &'a [RootCause],
    unexplained: &'a [String],
    diagnosis: Vec<Explanation>,
    cases: Vec<CaseDocument<'a>>,
}

/// A cause in the form of earlier versions of the program.
#[derive(Serialize)]
struct Explanation {
    /// What the server does wrong, as the rest of a sentence that begins with "the server".
    causes: Vec<String>,
    /// The requirement that the server violates.
    breaks: Vec<String>,
    /// The number of failures that this cause explains.
    explained: usize,
    /// The number of failures of the run.
    failures: usize,
    /// The number of cases that should have failed because of this cause, but did not fail.
    unmet: usize,
    /// How well the cause alone fits the failures, from 0 to 1.
    fit: f64,
}

fn explanations(diagnosis: &Diagnosis) -> Vec<Explanation> {
    let explanation = |cause: &RootCause| {
        let (explained, unmet) = (cause.explains.len(), cause.contradicted_by.len());
        Explanation {
            causes: vec![cause.does.clone()],
            breaks: cause.breaks.iter().cloned().collect(),
            explained,
            failures: diagnosis.failures,
            unmet,
            fit: explained as f64 / (diagnosis.failures + unmet).max(1) as f64,
        }
    };
    diagnosis.causes.iter().map(explanation).collect()
}

#[derive(Serialize)]
struct CaseDocument<'a> {
    id: &'a str,
    title: &'a str,
    requirements: Vec<RequirementDocument<'a>>,
    verdict: Verdict,
    cause: Option<CauseDocument<'a>>,
    prerequisite: bool,
    began: Option<String>,
    duration_ms: f64,
    notes: &'a [String],
    failure: Option<&'a Failure>,
    incidents: &'a [Incident],
    recut: Option<&'a Recut>,
    known: Option<&'a str>,
    output: Option<&'a str>,
    conversation: &'a [Event],
}

#[derive(Serialize)]
struct RequirementDocument<'a> {
    id: &'a str,
    level: Option<&'static str>,
    section: Option<&'a str>,
    text: Option<&'a str>,
}

#[derive(Serialize)]
struct CauseDocument<'a> {
    text: String,
    case: Option<&'a str>,
}

fn of_case<'a>(report: &'a Report, case: &'a Outcome) -> CaseDocument<'a> {
    let requirements = case
        .requirements
        .iter()
        .map(|id| {
            let known = report.requirements.get(id);
            RequirementDocument {
                id,
                level: known.map(|known| match known.level {
                    Level::Must => "must",
                    Level::Should => "should",
                    Level::May => "may",
                }),
                section: known.map(|known| known.section.as_str()),
                text: known.map(|known| known.text.as_str()),
            }
        })
        .collect();
    CaseDocument {
        id: &case.id,
        title: &case.title,
        requirements,
        verdict: case.verdict,
        cause: case.cause.as_ref().map(|cause| CauseDocument {
            text: cause.to_string(),
            case: Cause::case(cause),
        }),
        prerequisite: case.prerequisite,
        began: case.began.map(words::moment),
        duration_ms: case.duration.as_secs_f64() * 1000.0,
        notes: &case.notes,
        failure: case.failure.as_ref(),
        incidents: &case.incidents,
        recut: case.recut.as_ref(),
        known: case.known.as_deref(),
        output: case.output.as_deref(),
        conversation: &case.conversation,
    }
}
