//! From files to a suite, with the mistakes that only show in the whole suite.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::inherit::{self, PlacedRequirement};
use super::{Sources, Suite};
use crate::grammar::{Cited, GrammarFile, read_grammar};
use crate::scenario::{Action, Context, Scenario, Step, read_scenarios};
use crate::source::{Diagnostics, Findings, Node, SourceFile, one_of};
use crate::spec::nothing_is_asked_for;

pub(super) fn assemble(mut sources: Sources) -> Result<Suite, Diagnostics> {
    let mut findings = Findings::default();
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
    // Without its base a protocol is half a grammar, and every second line would look like a mistake.
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
        findings.error(
            &sources.wire,
            0..0,
            "the suite has no scenarios",
            "write them into files scenarios/*.kdl",
        );
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

/// Returns the place where this is written: in the protocol's own wire.kdl, or else in those that it extends.
fn written_in<'a>(
    wires: &[&'a Arc<SourceFile>],
    needle: &str,
) -> Option<(&'a Arc<SourceFile>, usize)> {
    let mut from_own = wires.iter().rev();
    from_own.find_map(|wire| Some((*wire, wire.text.find(needle)?)))
}

fn check_cited(cited: &[Cited], ids: &BTreeSet<String>, findings: &mut Findings) {
    for Cited { id, file, span } in cited.iter().filter(|cited| !ids.contains(&cited.id)) {
        let help = one_of(id, ids.iter().map(String::as_str));
        findings.error(
            file,
            span.clone(),
            format!("spec.md has no requirement {id}"),
            help,
        );
    }
}

fn check_covered(
    requirements: &[PlacedRequirement],
    scenarios: &[Scenario],
    cited: &[Cited],
    findings: &mut Findings,
) {
    let in_readings = cited.iter().map(|cited| &cited.id);
    let checked: BTreeSet<&String> = scenarios
        .iter()
        .flat_map(|scenario| &scenario.checks)
        .chain(in_readings)
        .collect();
    for placed in requirements
        .iter()
        .filter(|placed| !checked.contains(&placed.requirement.id))
    {
        let message = format!("no scenario checks {}", placed.requirement.id);
        findings.warning(
            &placed.file,
            placed.span.clone(),
            message,
            "cite it in a scenario that judges it, or write in its remarks why no scenario can",
        );
    }
}

fn check_probes(
    grammar: &crate::grammar::Grammar,
    scenarios: &[Scenario],
    wires: &[&Arc<SourceFile>],
    findings: &mut Findings,
) {
    for reading in grammar.readings.iter().filter(|reading| !reading.settled) {
        let probed = scenarios
            .iter()
            .any(|scenario| scenario.probes.as_ref() == Some(&reading.name));
        if !probed {
            let Some((wire, at)) = written_in(wires, &format!("reading {}", reading.name)) else {
                continue;
            };
            let message = format!(
                "no probe finds out which choice of {} a target follows",
                reading.name
            );
            findings.warning(
                wire,
                at..at + "reading".len(),
                message,
                format!("write a scenario: probe {} {{ ... }}", reading.name),
            );
        }
    }
}

fn check_fence_prover(
    grammar: &crate::grammar::Grammar,
    scenarios: &[Scenario],
    wires: &[&Arc<SourceFile>],
    findings: &mut Findings,
) {
    let fences = [&grammar.fence, &grammar.fence_unidentified];
    let provers = fences
        .into_iter()
        .flatten()
        .filter_map(|fence| fence.proved_by.as_ref());
    for id in provers.filter(|id| !scenarios.iter().any(|scenario| scenario.id == **id)) {
        let Some((wire, at)) = written_in(wires, &format!("{id:?}")) else {
            continue;
        };
        findings.error(
            wire,
            at..at + id.len() + 2,
            format!("there is no scenario {id:?}"),
            one_of(id, scenarios.iter().map(|scenario| scenario.id.as_str())),
        );
    }
}

/// Reports scenarios that excuse each other: both would always be inconclusive.
fn check_provers(
    scenarios: &[Scenario],
    files: &[(Arc<SourceFile>, Vec<Node>)],
    findings: &mut Findings,
) {
    let mut excused_by: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for scenario in scenarios {
        let provers = excused_by.entry(&scenario.id).or_default();
        collect_provers(&scenario.steps, provers);
    }
    for scenario in scenarios {
        if !leads_to(&scenario.id, &excused_by) {
            continue;
        }
        let file = files
            .iter()
            .map(|(file, _)| file)
            .find(|file| file.name == scenario.file);
        if let Some(file) = file {
            let at = file.text.find(&scenario.text).unwrap_or(0);
            let message = format!(
                "{} proves a fragment, but itself depends on that fragment",
                scenario.id
            );
            findings.error(file, at..at + 1, message, "write the steps of the fragment in this scenario, instead of fragments that other scenarios prove");
        }
    }
}

fn collect_provers<'a>(steps: &'a [Step], provers: &mut BTreeSet<&'a str>) {
    for step in steps {
        provers.extend(step.proved_by.as_deref());
        match &step.action {
            Action::Together(lanes) => lanes
                .iter()
                .for_each(|steps| collect_provers(steps, provers)),
            Action::Either(branches) => branches
                .iter()
                .for_each(|branch| collect_provers(&branch.steps, provers)),
            Action::When { steps, .. } | Action::Eventually { steps, .. } => {
                collect_provers(steps, provers)
            }
            _ => {}
        }
    }
}

/// Returns whether the scenario is among those that excuse it, directly or through others.
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
