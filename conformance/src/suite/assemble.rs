//! From files to a suite, with the mistakes that only the whole shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Sources, Suite};
use crate::grammar::{GrammarFile, read_grammar};
use crate::scenario::{Action, Context, Scenario, Step, read_scenarios};
use crate::source::{Diagnostics, Findings, Node, SourceFile, Span, one_of, parse};
use crate::spec::{Requirement, read_requirements};

pub(super) fn assemble(sources: Sources) -> Result<Suite, Diagnostics> {
    let mut findings = Findings::default();
    let requirements = read_requirements(&sources.spec, &mut findings);
    let grammar = parse(&sources.wire, &mut findings)
        .and_then(|nodes| read_grammar(&sources.wire, &nodes, &mut findings));
    let files = parse_all(&sources.scenarios, &mut findings);
    // Against half a grammar, or without a file of fragments, every second line would look like a mistake.
    let Some(GrammarFile { grammar, cited }) = grammar.filter(|_| !findings.have_errors()) else {
        return Err(findings.into_diagnostics());
    };
    let ids: BTreeSet<String> = requirements
        .iter()
        .map(|(requirement, _)| requirement.id.clone())
        .collect();
    check_cited(&cited, &ids, &sources.wire, &mut findings);
    let context = Context {
        grammar: &grammar,
        requirements: &ids,
    };
    let scenarios = read_scenarios(&files, context, &mut findings);
    if scenarios.is_empty() {
        findings.error(
            &sources.wire,
            0..0,
            "the suite has no scenarios",
            "write them into files scenarios/*.kdl",
        );
    }
    check_covered(
        &requirements,
        &scenarios,
        &cited,
        &sources.spec,
        &mut findings,
    );
    check_probes(&grammar, &scenarios, &sources.wire, &mut findings);
    check_provers(&scenarios, &files, &mut findings);
    check_fence_prover(&grammar, &scenarios, &sources.wire, &mut findings);
    if findings.have_errors() {
        return Err(findings.into_diagnostics());
    }
    Ok(Suite {
        name: grammar.name.clone(),
        grammar,
        requirements: requirements
            .into_iter()
            .map(|(requirement, _)| requirement)
            .collect(),
        scenarios,
        warnings: findings.into_diagnostics(),
        sources,
    })
}

fn parse_all(
    files: &[Arc<SourceFile>],
    findings: &mut Findings,
) -> Vec<(Arc<SourceFile>, Vec<Node>)> {
    files
        .iter()
        .filter_map(|file| Some((Arc::clone(file), parse(file, findings)?)))
        .collect()
}

fn check_cited(
    cited: &[(String, Span)],
    ids: &BTreeSet<String>,
    wire: &Arc<SourceFile>,
    findings: &mut Findings,
) {
    for (id, span) in cited.iter().filter(|(id, _)| !ids.contains(id)) {
        let help = one_of(id, ids.iter().map(String::as_str));
        findings.error(
            wire,
            span.clone(),
            format!("spec.md has no requirement {id}"),
            help,
        );
    }
}

fn check_covered(
    requirements: &[(Requirement, Span)],
    scenarios: &[Scenario],
    cited: &[(String, Span)],
    spec: &Arc<SourceFile>,
    findings: &mut Findings,
) {
    let in_readings = cited.iter().map(|(id, _)| id);
    let checked: BTreeSet<&String> = scenarios
        .iter()
        .flat_map(|scenario| &scenario.checks)
        .chain(in_readings)
        .collect();
    for (requirement, span) in requirements
        .iter()
        .filter(|(requirement, _)| !checked.contains(&requirement.id))
    {
        let message = format!("nothing checks {}", requirement.id);
        findings.warning(
            spec,
            span.clone(),
            message,
            "cite it in a scenario that judges it, or say in its remarks why nobody can",
        );
    }
}

fn check_probes(
    grammar: &crate::grammar::Grammar,
    scenarios: &[Scenario],
    wire: &Arc<SourceFile>,
    findings: &mut Findings,
) {
    for reading in &grammar.readings {
        let probed = scenarios
            .iter()
            .any(|scenario| scenario.probes.as_ref() == Some(&reading.name));
        if !probed {
            let at = wire
                .text
                .find(&format!("reading {}", reading.name))
                .unwrap_or(0);
            let message = format!(
                "nothing finds out which choice of {} a target follows",
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
    wire: &Arc<SourceFile>,
    findings: &mut Findings,
) {
    let fences = [&grammar.fence, &grammar.fence_unidentified];
    let provers = fences
        .into_iter()
        .flatten()
        .filter_map(|fence| fence.proved_by.as_ref());
    for id in provers.filter(|id| !scenarios.iter().any(|scenario| scenario.id == **id)) {
        let at = wire.text.find(&format!("{id:?}")).unwrap_or(0);
        findings.error(
            wire,
            at..at + id.len() + 2,
            format!("there is no scenario {id:?}"),
            one_of(id, scenarios.iter().map(|scenario| scenario.id.as_str())),
        );
    }
}

/// Two scenarios that excuse each other would both be inconclusive for ever.
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
                "{} proves a fragment, and is itself excused by one that it leads to",
                scenario.id
            );
            findings.error(file, at..at + 1, message, "let it write out the steps that it proves, instead of using fragments that others prove");
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

/// Whether the scenario is among those that excuse it, directly or through others.
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
