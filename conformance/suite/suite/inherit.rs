//! Inheritance: a protocol that extends another one inherits, replaces and removes its requirements and scenarios.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Sources, built_in};
use crate::grammar::{Grammar, base_of, no_such_base};
use crate::source::{Diagnostics, Findings, Node, SourceFile, Span, did_you_mean, parse};
use crate::spec::{Requirement, read_requirements};

/// A file of scenarios and its nodes.
pub(super) type ScenarioFile = (Arc<SourceFile>, Vec<Node>);

/// A wire.kdl and its nodes.
pub(super) type WireFile = (Arc<SourceFile>, Vec<Node>);

/// A requirement and the place of its id.
pub(super) struct PlacedRequirement {
    pub(super) requirement: Requirement,
    pub(super) file: Arc<SourceFile>,
    pub(super) span: Span,
}

/// Returns whether this wire.kdl extends another protocol. If so, its folder needs neither spec.md nor scenarios.
pub(super) fn extends(wire: &Arc<SourceFile>) -> bool {
    let mut unheard = Findings::default();
    parse(wire, &mut unheard).is_some_and(|nodes| base_of(&nodes).is_some())
}

/// Returns the wire.kdl of the protocol and of all that it extends, the one that extends nothing first. Also notes in
/// the sources what they extend.
pub(super) fn wire_layers(sources: &mut Sources, findings: &mut Findings) -> Vec<WireFile> {
    layers_below(sources, &mut BTreeSet::new(), findings)
}

/// Adds the layers below. `above` are the protocols that extend this one: none of them may be below it.
fn layers_below(
    sources: &mut Sources,
    above: &mut BTreeSet<String>,
    findings: &mut Findings,
) -> Vec<WireFile> {
    let Some(nodes) = parse(&sources.wire, findings) else {
        return Vec::new();
    };
    let base = base_of(&nodes).map(|entry| (entry.name().unwrap_or_default(), entry.span.clone()));
    let mut layers = Vec::new();
    sources.base = None;
    if let Some((name, span)) = base {
        let found = built_in::sources(&name).filter(|_| above.insert(name.clone()));
        let Some(mut found) = found else {
            let help = no_such_base(&name, &built_in::names());
            let message = format!("there is no protocol {name:?} to extend");
            findings.error(&sources.wire, span, message, help);
            return Vec::new();
        };
        layers = layers_below(&mut found, above, findings);
        sources.base = Some(Arc::new(found));
    }
    layers.push((Arc::clone(&sources.wire), nodes));
    layers
}

/// Returns the requirements of the protocol: the inherited ones, with replaced ones in their place, then the added
/// ones.
pub(super) fn requirements(sources: &Sources, findings: &mut Findings) -> Vec<PlacedRequirement> {
    let mut all = match &sources.base {
        Some(base) => requirements(base, findings),
        None => Vec::new(),
    };
    for (requirement, span) in read_requirements(&sources.spec, findings) {
        let file = Arc::clone(&sources.spec);
        let own = PlacedRequirement {
            requirement,
            file,
            span,
        };
        let same = |known: &&mut PlacedRequirement| known.requirement.id == own.requirement.id;
        match all.iter_mut().find(same) {
            Some(inherited) => *inherited = own,
            None => all.push(own),
        }
    }
    all
}

/// Returns the scenario files: what is inherited and neither replaced nor removed, and the protocol's own.
pub(super) fn scenario_files(
    sources: &Sources,
    grammar: &Grammar,
    findings: &mut Findings,
) -> Vec<ScenarioFile> {
    let mut inherited = match &sources.base {
        Some(base) => scenario_files(base, grammar, findings),
        None => Vec::new(),
    };
    for (_, nodes) in &mut inherited {
        nodes.retain(|node| !probes_what_is_settled(node, grammar));
    }
    let base_name = sources.base.as_ref().map(|base| name_of(base));
    let mut own = parse_all(&sources.scenarios, findings);
    let mut merge = Merge {
        base_name,
        inherited,
        replaced: BTreeSet::new(),
        findings,
    };
    for (_, nodes) in &mut own {
        nodes.retain_mut(|node| merge.keeps(node));
    }
    let mut files = merge.inherited;
    files.extend(own);
    files
}

/// Notes on each diagnostic in an inherited file that the file is inherited: its reader cannot change it there.
pub(super) fn explain_inherited(found: &mut Diagnostics, sources: &Sources) {
    let Some(base) = &sources.base else { return };
    for diagnostic in &mut found.0 {
        if base.files().any(|file| Arc::ptr_eq(file, &diagnostic.file)) {
            let help = diagnostic.help.take().unwrap_or_default();
            let because = format!(
                "it is inherited from {}: replace it or remove it, or change what it depends on",
                name_of(base)
            );
            diagnostic.help = Some(if help.is_empty() {
                because
            } else {
                format!("{help} ({because})")
            });
        }
    }
}

fn parse_all(files: &[Arc<SourceFile>], findings: &mut Findings) -> Vec<ScenarioFile> {
    files
        .iter()
        .filter_map(|file| Some((Arc::clone(file), parse(file, findings)?)))
        .collect()
}

/// Returns the name of a built-in protocol: the name of its folder.
fn name_of(base: &Sources) -> String {
    let name = base.wire.name.split('/').next();
    name.unwrap_or_default().to_owned()
}

/// Returns whether the node is an inherited probe of a reading that the protocol has settled or removed. Such a probe
/// has nothing to find out.
fn probes_what_is_settled(node: &Node, grammar: &Grammar) -> bool {
    let name = node.arguments().next().and_then(|entry| entry.name());
    let reading = name.and_then(|name| grammar.reading_named(&name));
    node.name.text == "probe" && reading.is_none_or(|reading| reading.settled)
}

struct Merge<'a> {
    /// Without a base nothing is inherited.
    base_name: Option<String>,
    inherited: Vec<ScenarioFile>,
    /// The names that were replaced or removed already.
    replaced: BTreeSet<String>,
    findings: &'a mut Findings,
}

impl Merge<'_> {
    /// Applies what a node of the protocol says about inherited ones; returns whether the node itself stays.
    fn keeps(&mut self, node: &mut Node) -> bool {
        match node.name.text.as_str() {
            "remove" => {
                self.remove(node);
                false
            }
            "scenario" | "probe" | "fragment" => {
                self.replace(node);
                true
            }
            _ => true,
        }
    }

    /// Handles `remove "unknown-opcodes" "echo-probe"`.
    fn remove(&mut self, node: &Node) {
        if self.is_alone(node, &node.name.span, "remove") {
            return;
        }
        if node.entries.is_empty() {
            let help = "name the scenarios that the protocol does not inherit: remove \"whisper-to-oneself\"";
            let span = node.name.span.clone();
            return self
                .findings
                .error(&node.file, span, "`remove` lacks a scenario", help);
        }
        for entry in &node.entries {
            let id = entry.name().unwrap_or_default();
            if !self.take_away("scenario", &id) && !self.take_away("probe", &id) {
                let message = format!("{} has no scenario {entry}", self.base());
                let help = if self.replaced.contains(&id) {
                    "it is removed or replaced already".to_owned()
                } else {
                    let ids = self.ids("scenario").into_iter().chain(self.ids("probe"));
                    let ids: Vec<String> = ids.collect();
                    one_near(&id, &ids, "name an inherited scenario, or remove this line")
                };
                self.findings
                    .error(&node.file, entry.span.clone(), message, help);
            }
        }
    }

    /// Handles `replaces`: among the lines of a head it removes the inherited namesake. Without it a namesake is a
    /// mistake.
    fn replace(&mut self, node: &mut Node) {
        let kind = node.name.text.clone();
        let Some(entry) = node.arguments().next() else {
            return;
        };
        let (span, name) = (entry.span.clone(), entry.name().unwrap_or_default());
        let id = id_of(node).unwrap_or_default();
        let is_mark = |child: &&Node| child.name.text == "replaces";
        let mark = node.block().iter().find(is_mark).cloned();
        let Some(mark) = mark else {
            if self.ids(&kind).contains(&id) {
                let message = format!("{} already has a {kind} {name}", self.base());
                let help = "to replace it, write `replaces` in the head of this one; or give this one another name";
                self.findings.error(&node.file, span, message, help);
            }
            return;
        };
        if let Some(children) = &mut node.children {
            children.retain(|child| child.name.text != "replaces");
        }
        if let Some(extra) = mark.entries.first() {
            let help = "write it alone: it replaces the inherited one of the same name";
            let message = "`replaces` takes no value";
            self.findings
                .error(&mark.file, extra.span.clone(), message, help);
        }
        if self.is_alone(&mark, &mark.name.span, "replaces") {
            return;
        }
        if !self.take_away(&kind, &id) {
            let message = format!("{} has no {kind} {name} to replace", self.base());
            let help = one_near(&id, &self.ids(&kind), "remove `replaces`: it is a new one");
            self.findings
                .error(&mark.file, mark.name.span.clone(), message, help);
        }
    }

    fn base(&self) -> &str {
        self.base_name.as_deref().unwrap_or_default()
    }

    /// Reports a word that changes inherited things where nothing is inherited.
    fn is_alone(&mut self, node: &Node, span: &Span, word: &str) -> bool {
        if self.base_name.is_none() {
            let message = format!("this protocol inherits nothing for `{word}`");
            let help = "it changes an inherited protocol; write in wire.kdl: protocol NAME extends=chaton { ... }";
            self.findings.error(&node.file, span.clone(), message, help);
        }
        self.base_name.is_none()
    }

    fn take_away(&mut self, kind: &str, id: &str) -> bool {
        let is_it = |node: &Node| node.name.text == kind && id_of(node).as_deref() == Some(id);
        for (_, nodes) in &mut self.inherited {
            if let Some(index) = nodes.iter().position(is_it) {
                nodes.remove(index);
                self.replaced.insert(id.to_owned());
                return true;
            }
        }
        false
    }

    fn ids(&self, kind: &str) -> Vec<String> {
        let nodes = self.inherited.iter().flat_map(|(_, nodes)| nodes);
        nodes
            .filter(|node| node.name.text == kind)
            .filter_map(id_of)
            .collect()
    }
}

/// Returns its name on the command line.
fn id_of(node: &Node) -> Option<String> {
    let name = node.arguments().next()?.name()?;
    Some(match node.name.text.as_str() {
        "probe" => format!("probe-{name}"),
        _ => name,
    })
}

/// Returns `did you mean X?`, or what to do instead.
fn one_near(written: &str, known: &[String], otherwise: &str) -> String {
    did_you_mean(written, known.iter().map(String::as_str)).unwrap_or_else(|| otherwise.to_owned())
}
