//! Fragments: steps with parameters that several scenarios share.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::expand::{Argument, Bindings};
use super::{Reader, mistake};
use crate::scenario::{Step, is_word};
use crate::source::{Check, Entry, Findings, Node, Shape, SourceFile};

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
    proved_by: Option<(String, &'a Entry)>,
    steps: Vec<&'a Node>,
    used: Cell<bool>,
}

impl<'a> Fragments<'a> {
    pub(super) fn collect(nodes: &[&'a Node], findings: &mut Findings) -> Fragments<'a> {
        let mut by_name = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for &node in nodes.iter().filter(|node| node.name.text == "fragment") {
            let name = node.arguments().next();
            let name = name.and_then(|entry| Some((entry.word()?, entry)));
            let name = findings.need(name, node, || mistake::no_fragment_name(EXAMPLE));
            if let Some((name, entry)) = name
                && findings.is_first(&mut seen, name, "fragment", entry)
            {
                by_name.insert(name.to_owned(), Fragment::read(node, findings));
            }
        }
        Fragments { by_name }
    }

    pub(super) fn check_provers(&self, scenarios: &BTreeSet<String>, findings: &mut Findings) {
        let provers = self.by_name.values().flat_map(|known| &known.proved_by);
        for (id, entry) in provers {
            findings.check(scenarios.contains(id), *entry, || {
                let known = scenarios.iter().map(String::as_str);
                mistake::no_such_scenario(format_args!("{id:?}")).or_near(id, known)
            });
        }
    }

    pub(super) fn check_used(&self, inherited: &[&Arc<SourceFile>], findings: &mut Findings) {
        for (name, Fragment { node, used, .. }) in &self.by_name {
            let is_inherited = inherited.iter().any(|known| Arc::ptr_eq(known, &node.file));
            if !used.get() && !is_inherited {
                findings.warning(*node, mistake::unused_fragment(name));
            }
        }
    }

    fn prover(&self, name: &str) -> Option<&str> {
        let (id, _) = self.by_name.get(name)?.proved_by.as_ref()?;
        Some(id)
    }
}

impl<'a> Fragment<'a> {
    fn read(node: &'a Node, findings: &mut Findings) -> Fragment<'a> {
        let shape = Shape {
            arguments: (1, usize::MAX),
            ..Shape::like(EXAMPLE).and_block()
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
            let is_new_word = is_name(name) && !is_word(name);
            if findings.check(is_new_word, entry, || mistake::not_a_parameter(entry))
                && findings.is_first(&mut seen, name, "parameter", entry)
            {
                fragment.parameters.push(name.to_owned());
            }
        }
        for child in node.block() {
            if child.name.text != "proved-by" {
                fragment.steps.push(child);
                continue;
            }
            let prover = child.arguments().next();
            let prover = prover.and_then(|entry| Some((entry.name()?, entry)));
            let prover = findings.need(prover, child, mistake::no_prover);
            fragment.proved_by = prover.or(fragment.proved_by);
        }
        let has_steps = !fragment.steps.is_empty();
        findings.check(has_steps, node, || mistake::empty_fragment(EXAMPLE));
        fragment
    }
}

/// Returns whether a word is a valid name of a lane, a parameter or a remembered value. Such a name consists of lowercase
/// letters, digits, `-` and `_`, and begins with a letter.
pub(super) fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c))
}

impl<'a> Reader<'a> {
    /// Reads `use login alice`: returns the fragment's steps, in which the arguments replace the parameters.
    pub(super) fn use_fragment(&mut self, node: &Node) -> Option<Vec<Step>> {
        let by_name = &self.fragments.by_name;
        let entry = self.need(node.arguments().next(), node, mistake::uses_nothing)?;
        let name = entry.name().unwrap_or_default();
        let (name, fragment) = self.need(by_name.get_key_value(&name), entry, || {
            mistake::no_such_fragment(&name).one_of(&name, by_name.keys().map(String::as_str))
        })?;
        fragment.used.set(true);
        let is_outside = !self.inside.contains(&name.as_str());
        self.must(is_outside, entry, || mistake::fragment_in_itself(name))?;
        let bindings = self.bindings(node, name, fragment)?;
        self.inside.push(name);
        let steps = self.expanded_steps(fragment.steps.iter().copied(), &bindings);
        self.inside.pop();
        Some(steps)
    }

    fn bindings(&mut self, node: &Node, name: &str, fragment: &Fragment<'_>) -> Option<Bindings> {
        let parameters = &fragment.parameters;
        let example = format!("write: use {name} {}", parameters.join(" "));
        if let Some((key, _)) = node.properties().next() {
            return self.refuse(key, mistake::named_arguments(example));
        }
        self.must(node.children.is_none(), node, || {
            mistake::use_with_a_block(&example)
        })?;
        let given: Vec<&Entry> = node.arguments().skip(1).collect();
        let (wanted, count) = (parameters.len(), given.len());
        self.must(count == wanted, node, || {
            mistake::wrong_number_of_arguments(name, wanted, count, example)
        })?;
        let arguments = given.into_iter().map(Argument::from);
        Some(Bindings::of(parameters.iter().cloned().zip(arguments)))
    }

    /// Returns the scenario that judges the fragment that is being read. If this fragment is inside other fragments, the
    /// outermost fragment with such a scenario decides. A fragment that is judged by the current scenario itself is skipped,
    /// but the fragments inside it count.
    pub(super) fn proved_by(&self) -> Option<String> {
        self.inside
            .iter()
            .filter_map(|name| self.fragments.prover(name))
            .find(|prover| *prover != self.id)
            .map(str::to_owned)
    }
}
