//! A copy of a report in which all text from other sources is escaped for one kind of output.
//!
//! This file destructures each struct field by field. So a new field cannot be forgotten here: the program does not compile
//! until this file names the field.

use crate::run::{
    Cause, Event, EventField, Failure, FieldReport, Incident, Outcome, Place, Recut, Report,
    SettledReading, Shortage,
};
use crate::suite::Requirement;

/// Escapes a text that is part of one line.
pub(super) type Escape = fn(&str) -> String;

/// The mark before the second and each later line of a sentence. These lines are output of the target. The mark shows that
/// they are not lines of the report.
const OUTPUT: &str = "\n    | ";

/// Returns a copy of the report with its texts escaped.
pub(super) fn shown(report: &Report, escape: Escape) -> Report {
    let mut report = report.clone();
    let Report {
        protocol,
        title,
        target: _,
        command,
        requirements,
        readings,
        cases,
        is_partial: _,
        unjudgeable,
        interrupted: _,
        certificate,
        start_up: _,
        survivors,
        seed: _,
        began: _,
        duration: _,
    } = &mut report;
    for text in [protocol, title] {
        one(text, escape);
    }
    for text in [command, certificate].into_iter().flatten() {
        one(text, escape);
    }
    for survivor in survivors {
        one(&mut survivor.command, escape);
    }
    unjudgeable.iter_mut().for_each(|why| several(why, escape));
    *requirements = std::mem::take(requirements)
        .into_iter()
        .map(|(id, cited)| (escape(&id), requirement(cited, escape)))
        .collect();
    readings.iter_mut().for_each(|each| reading(each, escape));
    cases.iter_mut().for_each(|case| outcome(case, escape));
    report
}

/// Returns a copy of one case with its texts escaped.
pub(super) fn shown_case(case: &Outcome, escape: Escape) -> Outcome {
    let mut case = case.clone();
    outcome(&mut case, escape);
    case
}

/// Returns a copy of one event with its texts escaped.
pub(super) fn shown_event(event: &Event, escape: Escape) -> Event {
    let mut event = event.clone();
    self::event(&mut event, escape);
    event
}

/// Returns a copy of a failure with its texts escaped.
pub(super) fn shown_failure(failure: &Failure, escape: Escape) -> Failure {
    let mut failure = failure.clone();
    self::failure(&mut failure, escape);
    failure
}

fn one(text: &mut String, escape: Escape) {
    *text = escape(text);
}

/// Escapes a sentence that may contain several lines of a target's output.
fn several(text: &mut String, escape: Escape) {
    let lines: Vec<String> = text.lines().map(escape).collect();
    *text = lines.join(OUTPUT);
}

fn requirement(mut requirement: Requirement, escape: Escape) -> Requirement {
    let Requirement {
        id,
        level: _,
        section,
        text,
        remarks,
    } = &mut requirement;
    for text in [id, section, text, remarks] {
        one(text, escape);
    }
    requirement
}

fn reading(reading: &mut SettledReading, escape: Escape) {
    let SettledReading {
        name,
        title,
        choice,
        proved: _,
    } = reading;
    for text in [name, title, choice] {
        one(text, escape);
    }
}

fn outcome(case: &mut Outcome, escape: Escape) {
    let Outcome {
        id,
        title,
        requirements,
        verdict: _,
        cause,
        began: _,
        duration: _,
        notes,
        failure,
        conversation,
        incidents,
        output,
        recut,
        known,
        prerequisite: _,
    } = case;
    let texts = [id, title].into_iter().chain(requirements).chain(known);
    texts.for_each(|text| one(text, escape));
    notes.iter_mut().for_each(|note| several(note, escape));
    cause
        .iter_mut()
        .for_each(|cause| self::cause(cause, escape));
    failure
        .iter_mut()
        .for_each(|failure| self::failure(failure, escape));
    conversation
        .iter_mut()
        .for_each(|event| self::event(event, escape));
    for Incident { kind: _, text } in incidents {
        several(text, escape);
    }
    if let Some(output) = output {
        let lines: Vec<String> = output.lines().map(escape).collect();
        *output = lines.join("\n");
    }
    if let Some(recut) = recut {
        let Recut {
            segments: _,
            whole: _,
            cut: _,
            smallest,
        } = recut;
        smallest.iter_mut().for_each(|cut| one(cut, escape));
    }
}

fn cause(cause: &mut Cause, escape: Escape) {
    match cause {
        Cause::Case(text) | Cause::TargetDied(text) | Cause::Declared(text) => one(text, escape),
        Cause::MissingSettings(names) => names.iter_mut().for_each(|name| one(name, escape)),
        Cause::NotStarted(why) => several(why, escape),
        Cause::NoIdentities(Shortage::Refused(why)) => several(why, escape),
        Cause::NoIdentities(Shortage::NoSource | Shortage::TooFew { .. }) => {}
        Cause::Stall | Cause::OnlyInCompany { .. } | Cause::TooLong => {}
        Cause::Residue | Cause::TimeLimit | Cause::Interrupted => {}
    }
}

fn failure(failure: &mut Failure, escape: Escape) {
    // The other fields are for the runner; no report shows them.
    let Failure {
        kind: _,
        step,
        lane,
        expected,
        got,
        fields,
        bytes: _,
        length: _,
        hint,
        ..
    } = failure;
    if let Some(Place {
        text,
        file,
        line: _,
    }) = step
    {
        one(text, escape);
        one(file, escape);
    }
    let texts = [expected, got].into_iter().chain(lane).chain(hint);
    texts.for_each(|text| several(text, escape));
    for field in fields {
        let FieldReport {
            name,
            offset: _,
            length: _,
            bytes: _,
            value,
            expected,
            differs: _,
        } = field;
        let texts = [name, value].into_iter().chain(expected);
        texts.for_each(|text| one(text, escape));
    }
}

fn event(event: &mut Event, escape: Escape) {
    let Event {
        at_ms: _,
        lane,
        connection: _,
        direction: _,
        text,
        fields,
        bytes: _,
        length: _,
        data: _,
        foreign: _,
        fence: _,
        unasked: _,
        unexpected: _,
        taken: _,
        remark,
        tcp: _,
    } = event;
    let texts = [lane, text].into_iter().chain(remark);
    texts.for_each(|text| one(text, escape));
    for field in fields {
        let EventField {
            name,
            offset: _,
            length: _,
            value,
        } = field;
        one(name, escape);
        one(value, escape);
    }
}
