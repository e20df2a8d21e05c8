//! `extends`: a protocol that only describes how it differs from another one.
//!
//! The two files are merged as trees, before anything in them is interpreted. So everything that is read afterwards is
//! one protocol, and every part of it still knows the file that contains it.

use std::sync::Arc;

use crate::source::{Entry, Findings, Node, Shape, did_you_mean, one_of};

/// Words that change what is inherited.
const CHANGES: [&str; 3] = ["remove", "renumber", "settle"];

/// Returns the name after `extends=`, if this wire.kdl has one.
#[must_use]
pub fn base_of(nodes: &[Node]) -> Option<&Entry> {
    nodes.first()?.property("extends")
}

/// Returns the protocol `own` with everything of `base` that it does not change.
///
/// A title stays with its protocol. Everything else in `own` replaces what is inherited under the same name. New
/// readings come first, because those of the base may only be found out when these are settled.
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
            "renumber" => merge.change(node, "packet", "renumber MESSAGE 4"),
            "settle" => merge.change(node, "reading", "settle long-width \"8\""),
            _ => merge.replace_or_add(node),
        }
    }
    Node {
        children: Some(merge.nodes),
        ..own.clone()
    }
}

/// Reports words that change something inherited where nothing is inherited.
pub(super) fn check_extends_nothing(own: &Node, findings: &mut Findings) {
    let changes = |node: &&Node| CHANGES.contains(&node.name.text.as_str());
    for node in own.block().iter().filter(changes) {
        let word = &node.name.text;
        let help = format!(
            "`{word}` changes an inherited protocol; write: protocol {} extends=chaton {{ ... }}",
            name(own)
        );
        let message = format!("this protocol inherits nothing to {word}");
        findings.error(&node.file, node.name.span.clone(), message, help);
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
    /// Returns what is inherited under this word and name.
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

    fn not_inherited(&mut self, node: &Node, entry: &Entry, word: &str) {
        let message = format!("{} has no {word} {}", self.base_name, entry.value);
        let written = entry.name().unwrap_or_default();
        let help = one_of(&written, Self::names_of(&self.nodes, word));
        self.findings
            .error(&node.file, entry.span.clone(), message, help);
    }

    /// Handles `remove packet ID_PRIVATE`.
    fn remove(&mut self, node: &Node) {
        let shape = Shape {
            arguments: (2, 2),
            properties: &[],
            block: false,
            example: "remove packet KO_PRIVATE; or type, or reading",
        };
        if !shape.check(node, self.findings) {
            return;
        }
        let entries: Vec<&Entry> = node.arguments().collect();
        let [kind, removed] = entries.as_slice() else {
            return;
        };
        let word = kind.name().unwrap_or_default();
        if !["packet", "type", "reading"].contains(&word.as_str()) {
            let help = one_of(&word, ["packet", "type", "reading"]);
            let message = format!("`{kind}` cannot be removed");
            return self
                .findings
                .error(&node.file, kind.span.clone(), message, help);
        }
        let name = removed.name().unwrap_or_default();
        match self.inherited(&word, &name) {
            Some(index) => {
                self.nodes.remove(index);
                self.forget_changes_of(&word, &name);
            }
            None => self.not_inherited(node, removed, &word),
        }
    }

    /// Handles `renumber MESSAGE 4` and `settle echo "yes"`: they stay in the tree, beside what they change.
    fn change(&mut self, node: &Node, changes: &str, example: &str) {
        let shape = Shape {
            arguments: (2, 2),
            properties: &[],
            block: false,
            example,
        };
        if !shape.check(node, self.findings) {
            return;
        }
        let Some(entry) = node.arguments().next() else {
            return;
        };
        let name = entry.name().unwrap_or_default();
        if self.inherited(changes, &name).is_none() {
            return self.not_inherited(node, entry, changes);
        }
        if let Some(earlier) = self.inherited(&node.name.text, &name) {
            self.nodes.remove(earlier);
        }
        self.nodes.push(node.clone());
    }

    fn replace_or_add(&mut self, node: &Node) {
        let (word, name) = (node.name.text.as_str(), name(node));
        if word == "type"
            && let Some(reading) = self.reading_that_defines(&name)
        {
            let message = format!(
                "in {}, {name} depends on the reading {reading}",
                self.base_name
            );
            let help = format!("choose one: settle {reading} \"...\", or replace the reading");
            self.findings
                .error(&node.file, node.name.span.clone(), message, help);
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

    /// Removes what an earlier extension changed of something that is now gone.
    fn forget_changes_of(&mut self, word: &str, name: &str) {
        let change = if word == "packet" {
            "renumber"
        } else {
            "settle"
        };
        if let Some(index) = self.inherited(change, name).filter(|_| word != "type") {
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

/// Returns the name of a node. A node of which only one can exist has none.
fn name(node: &Node) -> String {
    match node.name.text.as_str() {
        "title" | "opcode" | "identified-by" => String::new(),
        _ => node
            .arguments()
            .next()
            .and_then(Entry::name)
            .unwrap_or_default(),
    }
}

/// Returns `did you mean X?`, or the possible names of a base.
#[must_use]
pub fn no_such_base(written: &str, known: &[&str]) -> String {
    did_you_mean(written, known.iter().copied()).unwrap_or_else(|| {
        format!(
            "a protocol can extend one of those that come with the program: {}",
            known.join(", ")
        )
    })
}
