//! Fragments: steps with parameters that several scenarios share.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Reader;
use super::expand::{Argument, Bindings};
use crate::scenario::{Step, WORDS};
use crate::source::{
    Entry, Findings, Node, Shape, SourceFile, Span, did_you_mean, is_first, one_of,
};

const EXAMPLE: &str = "fragment login who { proved-by \"login-accepted\"; client who; ... }";

/// All fragments of a suite, by name.
#[derive(Debug)]
pub(super) struct Fragments<'a> {
    by_name: BTreeMap<String, Fragment<'a>>,
}

#[derive(Debug)]
struct Fragment<'a> {
    node: &'a Node,
    parameters: Vec<String>,
    proved_by: Option<(String, Span)>,
    steps: Vec<&'a Node>,
    used: Cell<bool>,
}

impl<'a> Fragments<'a> {
    pub(super) fn collect(nodes: &[&'a Node], findings: &mut Findings) -> Fragments<'a> {
        let mut by_name = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for node in nodes
            .iter()
            .copied()
            .filter(|node| node.name.text == "fragment")
        {
            let Some((name, span)) = name_of(node, findings) else {
                continue;
            };
            if !is_first(&mut seen, &name, "fragment", node, &span, findings) {
                continue;
            }
            by_name.insert(name, Fragment::read(node, findings));
        }
        Fragments { by_name }
    }

    pub(super) fn check_provers(&self, scenarios: &BTreeSet<String>, findings: &mut Findings) {
        for fragment in self.by_name.values() {
            if let Some((id, span)) = fragment
                .proved_by
                .as_ref()
                .filter(|(id, _)| !scenarios.contains(id))
            {
                let help =
                    did_you_mean(id, scenarios.iter().map(String::as_str)).unwrap_or_else(|| {
                        "name the id of a scenario that judges these steps".to_owned()
                    });
                findings.error(
                    &fragment.node.file,
                    span.clone(),
                    format!("there is no scenario {id:?}"),
                    help,
                );
            }
        }
    }

    pub(super) fn check_used(&self, inherited: &[&Arc<SourceFile>], findings: &mut Findings) {
        let is_inherited = |fragment: &Fragment<'_>| {
            let file = &fragment.node.file;
            inherited.iter().any(|known| Arc::ptr_eq(known, file))
        };
        for (name, fragment) in self
            .by_name
            .iter()
            .filter(|(_, fragment)| !fragment.used.get() && !is_inherited(fragment))
        {
            let help = format!("lint checks its steps only when a scenario says: use {name}");
            findings.warning(
                &fragment.node.file,
                fragment.node.name.span.clone(),
                format!("no scenario uses fragment {name}"),
                help,
            );
        }
    }

    fn prover(&self, name: &str) -> Option<&str> {
        let (id, _) = self.by_name.get(name)?.proved_by.as_ref()?;
        Some(id)
    }
}

fn name_of(node: &Node, findings: &mut Findings) -> Option<(String, Span)> {
    let entry = node.arguments().next();
    if let Some((entry, name)) = entry.and_then(|entry| Some((entry, entry.word()?))) {
        return Some((name.to_owned(), entry.span.clone()));
    }
    findings.error(
        &node.file,
        node.name.span.clone(),
        "a fragment needs a name",
        format!("write: {EXAMPLE}"),
    );
    None
}

impl<'a> Fragment<'a> {
    fn read(node: &'a Node, findings: &mut Findings) -> Fragment<'a> {
        let shape = Shape {
            arguments: (1, usize::MAX),
            properties: &[],
            block: true,
            example: EXAMPLE,
        };
        shape.check(node, findings);
        let mut fragment = Fragment {
            node,
            parameters: Vec::new(),
            proved_by: None,
            steps: Vec::new(),
            used: Cell::new(false),
        };
        let mut seen = BTreeSet::new();
        for entry in node.arguments().skip(1) {
            let name = entry.word().unwrap_or_default();
            if !is_name(name) || WORDS.contains(&name) {
                let help = "a parameter is a new word in lowercase, such as who";
                findings.error(
                    &node.file,
                    entry.span.clone(),
                    format!("{entry} cannot be a parameter"),
                    help,
                );
            } else if is_first(&mut seen, name, "parameter", node, &entry.span, findings) {
                fragment.parameters.push(name.to_owned());
            }
        }
        for child in node.block() {
            if child.name.text != "proved-by" {
                fragment.steps.push(child);
                continue;
            }
            match child
                .arguments()
                .next()
                .and_then(|entry| Some((entry.name()?, entry.span.clone())))
            {
                Some(proved_by) => fragment.proved_by = Some(proved_by),
                None => findings.error(
                    &child.file,
                    child.name.span.clone(),
                    "`proved-by` lacks a scenario",
                    "write: proved-by \"login-accepted\"",
                ),
            }
        }
        if fragment.steps.is_empty() {
            findings.error(
                &node.file,
                node.name.span.clone(),
                "this fragment has no steps",
                format!("write: {EXAMPLE}"),
            );
        }
        fragment
    }
}

/// Returns whether a word is a valid name of a lane, a parameter or a remembered value: lowercase letters, digits, `-` and
/// `_`, beginning with a letter.
pub(super) fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c))
}

impl<'a> Reader<'a> {
    /// `use login alice`: inserts the fragment's steps, with arguments for its parameters.
    pub(super) fn use_fragment(&mut self, node: &Node) -> Vec<Step> {
        let fragments = self.fragments;
        let Some(entry) = node.arguments().next() else {
            self.error(
                node,
                &node.name.span,
                "`use` lacks a fragment",
                "write: use login alice",
            );
            return Vec::new();
        };
        let name = entry.name().unwrap_or_default();
        let Some((name, fragment)) = fragments.by_name.get_key_value(&name) else {
            let help = one_of(&name, fragments.by_name.keys().map(String::as_str));
            self.error(
                node,
                &entry.span,
                format!("there is no fragment {name}"),
                help,
            );
            return Vec::new();
        };
        fragment.used.set(true);
        if self.inside.contains(&name.as_str()) {
            self.error(
                node,
                &entry.span,
                format!("fragment {name} uses itself"),
                "a fragment may use other fragments, but not one that uses it",
            );
            return Vec::new();
        }
        let Some(bindings) = self.arguments(node, name, fragment) else {
            return Vec::new();
        };
        self.inside.push(name);
        let steps = self.expanded_steps(fragment.steps.iter().copied(), &bindings);
        self.inside.pop();
        steps
    }

    fn arguments(&mut self, node: &Node, name: &str, fragment: &Fragment<'_>) -> Option<Bindings> {
        let given: Vec<&Entry> = node.arguments().skip(1).collect();
        let example = format!("write: use {name} {}", fragment.parameters.join(" "));
        if let Some((key, _)) = node.properties().next() {
            return self.refuse(
                node,
                &key.span,
                "write the arguments of a fragment without names",
                example,
            );
        }
        if node.children.is_some() {
            return self.refuse(node, &node.name.span, "`use` has no block", example);
        }
        if given.len() != fragment.parameters.len() {
            let message = format!(
                "fragment {name} takes {} arguments, not {}",
                fragment.parameters.len(),
                given.len()
            );
            return self.refuse(node, &node.name.span, message, example);
        }
        let arguments = fragment.parameters.iter().zip(given);
        Some(Bindings::of(arguments.map(|(parameter, entry)| {
            (parameter.clone(), Argument::from(entry))
        })))
    }

    /// Returns the scenario that judges the fragment being read: the outermost one names it. A scenario is never
    /// excused by itself; but the fragments inside the one that it proves excuse it.
    pub(super) fn proved_by(&self) -> Option<String> {
        self.inside
            .iter()
            .filter_map(|name| self.fragments.prover(name))
            .find(|prover| *prover != self.id)
            .map(str::to_owned)
    }
}
