//! Reads `extends`: a protocol that describes only its differences from another protocol.
//!
//! The trees of the two files are merged before anything in them is interpreted, so the rest of the reader sees a single
//! protocol. Every part of the merged tree still knows from which file it comes.

use std::sync::Arc;

use super::mistake;
use crate::source::{Check, Entry, Findings, Node, Shape};

/// Words that change what is inherited.
const CHANGES: [&str; 3] = ["remove", "renumber", "settle"];

/// Returns the name after `extends=`, if this wire.kdl has one.
#[must_use]
pub fn base_of(nodes: &[Node]) -> Option<&Entry> {
    nodes.first()?.property("extends")
}

/// Returns the protocol `own` together with everything of `base` that it does not change.
///
/// The title of `base` is not inherited. A part in `own` replaces the inherited part of the same name. New readings come
/// first, because the probes of inherited readings may depend on them.
pub(super) fn extend(base: &Node, own: &Node, findings: &mut Findings) -> Node {
    let title = |node: &&Node| node.name.text != "title";
    let mut merge = Merge {
        base_name: name(base),
        own,
        nodes: base.block().iter().filter(title).cloned().collect(),
        new_readings: 0,
        findings,
    };
    for node in own.block() {
        match node.name.text.as_str() {
            "remove" => merge.remove(node),
            "renumber" => {
                let shape = Shape::like("renumber MESSAGE 4").with(&["from"]);
                merge.change(node, "packet", shape)
            }
            "settle" => merge.change(node, "reading", Shape::like("settle long-width \"8\"")),
            _ => {
                merge.replace_or_add(node);
                None
            }
        };
    }
    Node {
        children: Some(merge.nodes),
        ..own.clone()
    }
}

/// Reports the words `remove`, `renumber` and `settle` in a protocol that inherits nothing.
pub(super) fn check_extends_nothing(own: &Node, findings: &mut Findings) {
    let changes = |node: &&Node| CHANGES.contains(&node.name.text.as_str());
    for node in own.block().iter().filter(changes) {
        findings.report(node, mistake::inherits_nothing(&node.name.text, name(own)));
    }
}

struct Merge<'a> {
    base_name: String,
    own: &'a Node,
    nodes: Vec<Node>,
    new_readings: usize,
    findings: &'a mut Findings,
}

impl Merge<'_> {
    /// Returns the index of the inherited node with this word and name.
    fn inherited(&self, word: &str, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| {
            node.name.text == word
                && self::name(node) == name
                && !Arc::ptr_eq(&node.file, &self.own.file)
        })
    }

    fn names_of<'n>(nodes: &'n [Node], word: &str) -> Vec<&'n str> {
        let of_word = nodes.iter().filter(|node| node.name.text == word);
        let entries = of_word.filter_map(|node| node.arguments().next());
        entries.filter_map(Entry::word).collect()
    }

    /// Returns the index of the inherited node with this word and with the name in `entry`. If no such node exists, reports
    /// that.
    fn need_inherited(&mut self, word: &str, entry: &Entry) -> Option<usize> {
        let written = entry.name().unwrap_or_default();
        let index = self.inherited(word, &written);
        self.findings.need(index, entry, || {
            let known = Self::names_of(&self.nodes, word);
            mistake::not_inherited(&self.base_name, word, &entry.value).one_of(&written, known)
        })
    }

    /// Handles `remove packet ID_PRIVATE`.
    fn remove(&mut self, node: &Node) -> Option<()> {
        let shape = Shape::like(
            "remove packet KO_PRIVATE, or: remove type ADDRESS, or: remove reading echo",
        );
        let [kind, removed] = self.findings.arguments(node, shape)?;
        let word = kind.name().unwrap_or_default();
        let known = ["packet", "type", "reading"];
        self.findings
            .must(known.contains(&word.as_str()), kind, || {
                mistake::not_removable(kind).one_of(&word, known)
            })?;
        let index = self.need_inherited(&word, removed)?;
        self.nodes.remove(index);
        self.forget_changes_of(&word, &removed.name().unwrap_or_default());
        Some(())
    }

    /// Handles `renumber MESSAGE 4` and `settle echo "yes"`: adds these nodes to the tree. They take effect later, when the
    /// merged tree is read.
    fn change(&mut self, node: &Node, changes: &str, shape: Shape<'_>) -> Option<()> {
        let [entry, _] = self.findings.arguments(node, shape)?;
        self.need_inherited(changes, entry)?;
        // If this `renumber` changes only one direction, earlier ones stay, and this one is applied after them.
        let is_of_one_direction = node.property("from").is_some();
        if !is_of_one_direction {
            self.forget_changes_of(changes, &entry.name().unwrap_or_default());
        }
        self.nodes.push(node.clone());
        Some(())
    }

    fn replace_or_add(&mut self, node: &Node) {
        let (word, name) = (node.name.text.as_str(), name(node));
        if word == "frame" {
            // The inherited head is replaced, whether it is written as `frame` or in the short form.
            let own = &self.own.file;
            self.nodes.retain(|known| {
                let is_head = ["frame", "opcode", "length"].contains(&known.name.text.as_str());
                !is_head || Arc::ptr_eq(&known.file, own)
            });
            self.nodes.push(node.clone());
        } else if word == "type"
            && let Some(reading) = self.reading_that_defines(&name)
        {
            let depends = mistake::depends_on_a_reading(&self.base_name, name, reading);
            self.findings.report(node, depends);
        } else if let Some(index) = self.inherited(word, &name) {
            if let Some(place) = self.nodes.get_mut(index) {
                *place = node.clone();
            }
            self.forget_changes_of(word, &name);
        } else if word == "reading" {
            self.nodes.insert(self.new_readings, node.clone());
            self.new_readings += 1;
        } else {
            self.nodes.push(node.clone());
        }
    }

    /// Removes each inherited `renumber` or `settle` of a packet or reading, because this extension removes, replaces or
    /// changes that packet or reading.
    fn forget_changes_of(&mut self, word: &str, name: &str) {
        let change = if word == "packet" {
            "renumber"
        } else {
            "settle"
        };
        while let Some(index) = self.inherited(change, name).filter(|_| word != "type") {
            self.nodes.remove(index);
        }
    }

    fn reading_that_defines(&self, type_name: &str) -> Option<String> {
        let inherited =
            |node: &&Node| node.name.text == "reading" && !Arc::ptr_eq(&node.file, &self.own.file);
        let defines = |node: &&Node| {
            let in_choices = node.block().iter().flat_map(Node::block);
            in_choices
                .into_iter()
                .any(|it| it.name.text == "type" && name(it) == type_name)
        };
        self.nodes.iter().filter(inherited).find(defines).map(name)
    }
}

/// Returns the name of a node. Nodes that can exist only once, such as `title`, have an empty name.
fn name(node: &Node) -> String {
    match node.name.text.as_str() {
        "title" | "opcode" | "length" | "byte-order" | "identified-by" => String::new(),
        _ => node
            .arguments()
            .next()
            .and_then(Entry::name)
            .unwrap_or_default(),
    }
}
