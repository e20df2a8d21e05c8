//! A scenario's head: its id, and the lines before its first step.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fragment::is_name;
use super::scope::Remembered;
use super::{Reader, mistake};
use crate::scenario::{Company, Context};
use crate::source::{Check, Entry, Findings, Node, Placed};

/// Returns the scenarios and probes with their ids. Reports and leaves out a scenario or probe without an id, or with an id
/// that is used already.
pub(super) fn collect_ids<'a>(
    nodes: &[&'a Node],
    context: Context<'_>,
    findings: &mut Findings,
) -> Vec<(String, &'a Node)> {
    let mut seen = BTreeSet::new();
    let mut heads = Vec::new();
    for &node in nodes {
        let word = node.name.text.as_str();
        let id = match word {
            "fragment" => continue,
            "scenario" => id_of(node, findings),
            "probe" => probe_id(node, context, findings),
            _ => {
                let known = ["scenario", "probe", "fragment", "remove"];
                findings.refuse(node, mistake::not_at_the_top(word).one_of(word, known))
            }
        };
        if let Some(id) = id
            && findings.is_first(&mut seen, &id, word, &id_place(node))
        {
            heads.push((id, node));
        }
    }
    heads
}

/// Returns the place of the id. If the id is missing, returns the place of the word before it.
fn id_place(node: &Node) -> impl Placed {
    let entry = node.arguments().next();
    let (file, span) = entry.map_or(node.place(), Entry::place);
    (Arc::clone(file), span)
}

fn id_of(node: &Node, findings: &mut Findings) -> Option<String> {
    let is_in_id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    let id = node.arguments().next().and_then(Entry::name);
    let id = id.filter(|id| !id.is_empty() && id.chars().all(is_in_id));
    findings.need(id, &id_place(node), mistake::no_id)
}

fn probe_id(node: &Node, context: Context<'_>, findings: &mut Findings) -> Option<String> {
    let name = node.arguments().next().and_then(Entry::name);
    let name = name.unwrap_or_default();
    let reading = context.grammar.reading_named(&name);
    findings.need(reading, &id_place(node), || {
        let written = format!("{name:?}");
        mistake::no_such_reading(written).one_of(&name, context.grammar.reading_names())
    })?;
    Some(format!("probe-{name}"))
}

impl Reader<'_> {
    /// Reads the head. Returns the index of the first step.
    pub(super) fn head(&mut self, node: &Node) -> usize {
        let mut steps_begin = 0;
        for child in node.block() {
            match child.name.text.as_str() {
                "title" => self.title(child),
                "checks" => self.checks(child),
                "alone" => self.scenario.company = Company::Alone,
                "lock" => self.lock(child),
                "hostile" => self.scenario.hostile = true,
                "slow" => self.scenario.slow = true,
                "sets" => self.sets(child),
                _ => break,
            }
            let word = child.name.text.as_str();
            if ["alone", "hostile", "slow"].contains(&word)
                && let Some(extra) = child.entries.first()
            {
                self.report(extra, mistake::takes_no_value(word));
            }
            steps_begin += 1;
        }
        steps_begin
    }

    fn title(&mut self, node: &Node) {
        let title = match node.entries.as_slice() {
            [entry] => entry.text().filter(|text| !text.trim().is_empty()),
            _ => None,
        };
        if let Some(title) = self.need(title, node, mistake::not_a_title) {
            self.scenario.title = title.to_owned();
        }
    }

    fn checks(&mut self, node: &Node) {
        let cites = !node.entries.is_empty();
        self.check(cites, node, mistake::no_requirement_cited);
        let known = self.context.requirements;
        for entry in &node.entries {
            let id = entry.name().filter(|_| entry.key.is_none());
            let id = id.unwrap_or_default();
            let exists = self.check(known.contains(&id), entry, || {
                mistake::no_such_requirement(entry).one_of(&id, known.iter().map(String::as_str))
            });
            if exists && !self.scenario.checks.contains(&id) {
                self.scenario.checks.push(id);
            }
        }
    }

    fn lock(&mut self, node: &Node) {
        let name = match node.entries.as_slice() {
            [entry] if entry.key.is_none() => Some(entry.name().unwrap_or_default()),
            _ => None,
        };
        if let Some(name) = self.need(name, node, mistake::not_a_lock) {
            self.scenario.company = Company::Lock(name);
        }
    }

    fn sets(&mut self, node: &Node) {
        self.check(!node.entries.is_empty(), node, mistake::no_setting_named);
        for entry in &node.entries {
            let name = entry.word().filter(|_| entry.key.is_none());
            let name = name.filter(|word| is_name(word));
            let name = self.need(name, entry, || mistake::not_a_setting_name(entry));
            if let Some(name) = name.map(str::to_owned) {
                self.scope.bound.insert(name.clone(), Remembered::Setting);
                self.scenario.sets.push(name);
            }
        }
    }
}
