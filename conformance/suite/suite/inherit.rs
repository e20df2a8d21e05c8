//! Inheritance: a protocol that extends another one inherits the requirements and scenarios of the other protocol. It can
//! replace them, and it can remove scenarios.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Sources, built_in, mistake};
use crate::grammar::{Grammar, base_of};
use crate::source::{Check, Diagnostics, Findings, Node, SourceFile, Span, parse};
use crate::spec::{Requirement, read_requirements};

/// A file of scenarios and its nodes.
pub(super) type ScenarioFile = (Arc<SourceFile>, Vec<Node>);

/// A wire.kdl and its nodes.
pub(super) type WireFile = (Arc<SourceFile>, Vec<Node>);

/// A requirement and the place of its id.
pub(super) struct PlacedRequirement {
    pub(super) requirement: Requirement,
    pub(super) place: (Arc<SourceFile>, Span),
}

/// Returns whether this wire.kdl extends another protocol. If so, its folder needs neither spec.md nor scenarios.
pub(super) fn extends(wire: &Arc<SourceFile>) -> bool {
    let mut unheard = Findings::default();
    parse(wire, &mut unheard).is_some_and(|nodes| base_of(&nodes).is_some())
}

/// Returns the wire.kdl files of the protocol and of all protocols that it extends. The file of the protocol that extends
/// nothing comes first. Also sets [`Sources::base`].
pub(super) fn wire_layers(sources: &mut Sources, findings: &mut Findings) -> Vec<WireFile> {
    layers_below(sources, &mut BTreeSet::new(), findings)
}

/// Returns the layers (each is the wire.kdl of one protocol), from the protocol that extends nothing up to this protocol.
/// `above` holds the protocols that extend this one; this protocol must not extend any of them.
fn layers_below(
    sources: &mut Sources,
    above: &mut BTreeSet<String>,
    findings: &mut Findings,
) -> Vec<WireFile> {
    let Some(nodes) = parse(&sources.wire, findings) else {
        return Vec::new();
    };
    let mut layers = Vec::new();
    sources.base = None;
    if let Some(entry) = base_of(&nodes) {
        let name = entry.name().unwrap_or_default();
        let found = built_in::sources(&name).filter(|_| above.insert(name.clone()));
        let found = findings.need(found, entry, || {
            let known = built_in::names();
            mistake::no_such_base(format_args!("{name:?}"), known.join(", ")).or_near(&name, known)
        });
        let Some(mut found) = found else {
            return Vec::new();
        };
        layers = layers_below(&mut found, above, findings);
        sources.base = Some(Arc::new(found));
    }
    layers.push((Arc::clone(&sources.wire), nodes));
    layers
}

/// Returns the requirements of the protocol: first the inherited requirements, some of which the protocol may replace, then
/// its new ones.
pub(super) fn requirements(sources: &Sources, findings: &mut Findings) -> Vec<PlacedRequirement> {
    let mut all = match &sources.base {
        Some(base) => requirements(base, findings),
        None => Vec::new(),
    };
    for (requirement, span) in read_requirements(&sources.spec, findings) {
        let place = (Arc::clone(&sources.spec), span);
        let own = PlacedRequirement { requirement, place };
        let same = |known: &&mut PlacedRequirement| known.requirement.id == own.requirement.id;
        match all.iter_mut().find(same) {
            Some(inherited) => *inherited = own,
            None => all.push(own),
        }
    }
    all
}

/// Returns the scenario files: first the inherited files, without the scenarios that the protocol replaces or removes, then
/// the protocol's own files.
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

/// If a diagnostic is in an inherited file, adds a note that the file is inherited, because the author cannot change that
/// file.
pub(super) fn explain_inherited(found: &mut Diagnostics, sources: &Sources) {
    let Some(base) = &sources.base else { return };
    for diagnostic in &mut found.0 {
        if base.files().any(|file| Arc::ptr_eq(file, &diagnostic.file)) {
            let help = diagnostic.help.take().unwrap_or_default();
            let because = format!(
                "your protocol inherits this line from {}: replace or remove the inherited part, or change the lines of your protocol on which that part depends",
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

/// Returns the name of a built-in protocol, which is the name of its folder.
fn name_of(base: &Sources) -> String {
    let name = base.wire.name.split('/').next();
    name.unwrap_or_default().to_owned()
}

/// Returns whether the node is a probe of a reading that the protocol has settled or removed. Such a probe has nothing to
/// find out, so it is not inherited.
fn probes_what_is_settled(node: &Node, grammar: &Grammar) -> bool {
    let name = node.arguments().next().and_then(|entry| entry.name());
    let reading = name.and_then(|name| grammar.reading_named(&name));
    node.name.text == "probe" && reading.is_none_or(|reading| reading.settled)
}

struct Merge<'a> {
    /// The protocol that this one extends; `None` if this protocol extends nothing.
    base_name: Option<String>,
    inherited: Vec<ScenarioFile>,
    /// The names that were replaced or removed already.
    replaced: BTreeSet<String>,
    findings: &'a mut Findings,
}

impl Merge<'_> {
    /// Applies `remove` or `replaces` of a node to the inherited nodes. Returns whether the node itself is kept.
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
    fn remove(&mut self, node: &Node) -> Option<()> {
        self.needs_a_base(node, "remove")?;
        let names_one = !node.entries.is_empty();
        self.findings
            .must(names_one, node, mistake::removes_nothing)?;
        for entry in &node.entries {
            let id = entry.name().unwrap_or_default();
            if self.take_away("scenario", &id) || self.take_away("probe", &id) {
                continue;
            }
            let missing = if self.replaced.contains(&id) {
                mistake::removed_already(self.base(), entry)
            } else {
                let known = [self.ids("scenario"), self.ids("probe")].concat();
                let known = known.iter().map(String::as_str);
                mistake::not_inherited(self.base(), entry).or_near(&id, known)
            };
            self.findings.report(entry, missing);
        }
        Some(())
    }

    /// Handles `replaces` in the head of a scenario, probe or fragment: removes the inherited node of the same name. If the
    /// head has no `replaces`, an inherited node of the same name is a mistake.
    fn replace(&mut self, node: &mut Node) -> Option<()> {
        let kind = node.name.text.clone();
        let entry = node.arguments().next()?;
        let name = entry.name().unwrap_or_default();
        let id = id_of(node).unwrap_or_default();
        let known = self.ids(&kind);
        let is_mark = |child: &&Node| child.name.text == "replaces";
        let Some(mark) = node.block().iter().find(is_mark).cloned() else {
            let base = self.base_name.as_deref().unwrap_or_default();
            return self.findings.must(!known.contains(&id), entry, || {
                mistake::not_replaced(base, kind, name)
            });
        };
        if let Some(children) = &mut node.children {
            children.retain(|child| child.name.text != "replaces");
        }
        if let Some(extra) = mark.entries.first() {
            self.findings.report(extra, mistake::replaces_with_value());
        }
        self.needs_a_base(&mark, "replaces")?;
        let was_inherited = self.take_away(&kind, &id);
        let base = self.base_name.as_deref().unwrap_or_default();
        self.findings.must(was_inherited, &mark, || {
            let known = known.iter().map(String::as_str);
            mistake::replaces_nothing(base, kind, name).or_near(&id, known)
        })
    }

    fn base(&self) -> &str {
        self.base_name.as_deref().unwrap_or_default()
    }

    /// Reports `remove` or `replaces` in a protocol that inherits nothing.
    fn needs_a_base(&mut self, node: &Node, word: &str) -> Option<()> {
        let has_base = self.base_name.is_some();
        self.findings
            .must(has_base, node, || mistake::inherits_nothing(word))
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

/// Returns the name of a scenario, probe or fragment, as it is written on the command line.
fn id_of(node: &Node) -> Option<String> {
    let name = node.arguments().next()?.name()?;
    Some(match node.name.text.as_str() {
        "probe" => format!("probe-{name}"),
        _ => name,
    })
}
