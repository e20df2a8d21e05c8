//! Makes a suite from its files, and reports the mistakes that can be found only in the whole suite.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::inherit::{self, PlacedRequirement};
use super::{Sources, Suite, mistake};
use crate::grammar::{Cited, Grammar, GrammarFile, read_grammar};
use crate::scenario::walk::every_step;
use crate::scenario::{Context, Scenario, read_scenarios};
use crate::source::{Check, Diagnostics, Findings, Node, SourceFile, Span};
use crate::spec::nothing_is_asked_for;

/// Makes a suite. `findings` holds the mistakes that were found when the files were read.
pub(super) fn assemble(mut sources: Sources, mut findings: Findings) -> Result<Suite, Diagnostics> {
    let result = read(&mut sources, &mut findings);
    let failed = result.is_none() || findings.have_errors();
    let mut found = findings.into_diagnostics();
    inherit::explain_inherited(&mut found, &sources);
    match result.filter(|_| !failed) {
        Some(mut suite) => {
            suite.warnings = found;
            suite.sources = sources;
            Ok(suite)
        }
        None => Err(found),
    }
}

fn read(sources: &mut Sources, findings: &mut Findings) -> Option<Suite> {
    let layers = inherit::wire_layers(sources, findings);
    let sources = &*sources;
    let requirements = inherit::requirements(sources, findings);
    if requirements.is_empty() && !findings.have_errors() {
        nothing_is_asked_for(&sources.spec, findings);
    }
    // If there are errors so far, stop. For example, if the protocol that this protocol extends cannot be read, the grammar
    // is incomplete, and many correct lines would be reported as mistakes.
    let GrammarFile { grammar, cited } =
        read_grammar(&layers, findings).filter(|_| !findings.have_errors())?;
    let files = inherit::scenario_files(sources, &grammar, findings);
    if findings.have_errors() {
        return None;
    }
    let ids: BTreeSet<String> = requirements
        .iter()
        .map(|placed| placed.requirement.id.clone())
        .collect();
    check_cited(&cited, &ids, findings);
    let inherited: Vec<_> = sources.base.iter().flat_map(|base| base.files()).collect();
    let context = Context {
        grammar: &grammar,
        requirements: &ids,
        inherited: &inherited,
    };
    let scenarios = read_scenarios(&files, context, findings);
    if scenarios.is_empty() {
        findings.report(&(&sources.wire, 0..0), mistake::no_scenarios());
    }
    check_covered(&requirements, &scenarios, &cited, findings);
    let wires: Vec<_> = layers.iter().map(|(file, _)| file).collect();
    check_probes(&grammar, &scenarios, &wires, findings);
    check_provers(&scenarios, &files, findings);
    check_fence_prover(&grammar, &scenarios, &wires, findings);
    Some(Suite {
        name: grammar.name.clone(),
        grammar,
        requirements: requirements
            .into_iter()
            .map(|placed| placed.requirement)
            .collect(),
        scenarios,
        warnings: Diagnostics::default(),
        sources: sources.clone(),
    })
}

/// Returns the first place where this text is written: in the protocol's own wire.kdl, or else in the wire.kdl of a protocol
/// that it extends.
fn written_in<'a>(
    wires: &[&'a Arc<SourceFile>],
    needle: &str,
) -> Option<(&'a Arc<SourceFile>, Span)> {
    let mut from_own = wires.iter().rev();
    let (wire, at) = from_own.find_map(|wire| Some((*wire, wire.text.find(needle)?)))?;
    Some((wire, at..at + needle.len()))
}

fn check_cited(cited: &[Cited], ids: &BTreeSet<String>, findings: &mut Findings) {
    for Cited { id, place } in cited {
        findings.check(ids.contains(id), place, || {
            mistake::no_such_requirement(id).one_of(id, ids.iter().map(String::as_str))
        });
    }
}

fn check_covered(
    requirements: &[PlacedRequirement],
    scenarios: &[Scenario],
    cited: &[Cited],
    findings: &mut Findings,
) {
    let in_readings = cited.iter().map(|cited| &cited.id);
    let in_scenarios = scenarios.iter().flat_map(|scenario| &scenario.checks);
    let checked: BTreeSet<&String> = in_scenarios.chain(in_readings).collect();
    for PlacedRequirement { requirement, place } in requirements {
        if !checked.contains(&requirement.id) {
            findings.warning(place, mistake::unchecked(&requirement.id));
        }
    }
}

fn check_probes(
    grammar: &Grammar,
    scenarios: &[Scenario],
    wires: &[&Arc<SourceFile>],
    findings: &mut Findings,
) {
    for reading in grammar.readings.iter().filter(|reading| !reading.settled) {
        let probes = |scenario: &Scenario| scenario.probes.as_ref() == Some(&reading.name);
        let place = written_in(wires, &format!("reading {}", reading.name));
        if let Some(place) = place.filter(|_| !scenarios.iter().any(probes)) {
            findings.warning(&place, mistake::not_probed(&reading.name));
        }
    }
}

fn check_fence_prover(
    grammar: &Grammar,
    scenarios: &[Scenario],
    wires: &[&Arc<SourceFile>],
    findings: &mut Findings,
) {
    let fences = [&grammar.fence, &grammar.fence_unidentified];
    let provers = fences.into_iter().flatten();
    let provers = provers.filter_map(|fence| fence.proved_by.as_ref());
    for id in provers.chain(&grammar.raw_proved_by) {
        let known = scenarios.iter().map(|scenario| scenario.id.as_str());
        let quoted = format!("{id:?}");
        if let Some(place) = written_in(wires, &quoted) {
            findings.check(known.clone().any(|known| known == id), &place, || {
                mistake::no_such_scenario(quoted).one_of(id, known)
            });
        }
    }
}

/// Reports scenarios that prove each other's fragments (`proved-by`). If such a fragment failed, each of these scenarios
/// would name another of them as the cause and be inconclusive, and no case would fail.
fn check_provers(
    scenarios: &[Scenario],
    files: &[(Arc<SourceFile>, Vec<Node>)],
    findings: &mut Findings,
) {
    let mut excused_by: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for scenario in scenarios {
        let provers = excused_by.entry(&scenario.id).or_default();
        every_step(&scenario.steps, &mut |step| {
            provers.extend(step.proved_by.as_deref());
        });
    }
    for scenario in scenarios {
        if !leads_to(&scenario.id, &excused_by) {
            continue;
        }
        let mut files = files.iter().map(|(file, _)| file);
        if let Some(file) = files.find(|file| file.name == scenario.file) {
            let at = file.text.find(&scenario.text).unwrap_or(0);
            findings.report(&(file, at..at + 1), mistake::proves_itself(&scenario.id));
        }
    }
}

/// Returns whether this scenario proves one of its own fragments, directly or through other scenarios.
fn leads_to(start: &str, excused_by: &BTreeMap<&str, BTreeSet<&str>>) -> bool {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = excused_by
        .get(start)
        .into_iter()
        .flatten()
        .copied()
        .collect();
    while let Some(next) = open.pop() {
        if next == start {
            return true;
        }
        if seen.insert(next) {
            open.extend(excused_by.get(next).into_iter().flatten());
        }
    }
    false
}
