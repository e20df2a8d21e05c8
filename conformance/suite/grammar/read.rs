//! Reads wire.kdl.
//!
//! After a mistake the reader continues, so that it reports all mistakes. The grammar is used only if it has no mistakes.

mod carriage;
mod extend;
mod fence;
mod fields;
mod head;
mod load;
mod mistake;
mod packet;
mod reading;
mod renumber;
mod types;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{ByteOrder, Choices, Grammar, Sort};
use crate::source::{Check, Entry, Findings, Mistake, Node, Placed, Shape, SourceFile, Span};
pub use extend::base_of;
use extend::{check_extends_nothing, extend};
use renumber::SourcePlace;

const WORDS: [&str; 18] = [
    "title",
    "over",
    "names",
    "byte-order",
    "frame",
    "length",
    "setting",
    "opcode",
    "type",
    "reading",
    "packet",
    "identified-by",
    "raw-after",
    "fence",
    "load",
    "renumber",
    "settle",
    "remove",
];

/// A grammar, and the requirements that it cites. A later check finds out whether these requirements exist, when the whole
/// suite is known.
#[derive(Debug)]
pub struct GrammarFile {
    /// The grammar.
    pub grammar: Grammar,
    /// The requirements that choices cite, with their places.
    pub cited: Vec<Cited>,
}

/// A requirement that a choice of a reading cites.
#[derive(Debug)]
pub struct Cited {
    /// The id, such as `CHATON-2.3`.
    pub id: String,
    /// The file that contains the id, and the place of the id in this file.
    pub place: (Arc<SourceFile>, Span),
}

/// Reads the nodes of a wire.kdl and of the files that it extends. The first of the `layers` extends nothing, and each later
/// one extends the layer before it. Returns `None` if one of the files has no `protocol`.
pub fn read_grammar(
    layers: &[(Arc<SourceFile>, Vec<Node>)],
    findings: &mut Findings,
) -> Option<GrammarFile> {
    let mut merged: Option<Node> = None;
    for (file, nodes) in layers {
        let own = protocol(file, nodes, findings)?;
        merged = Some(match &merged {
            Some(base) => extend(base, own, findings),
            None => {
                check_extends_nothing(own, findings);
                own.clone()
            }
        });
    }
    let root = merged?;
    let mut reader = Reader::new(&root, findings);
    reader.read();
    Some(GrammarFile {
        grammar: reader.grammar,
        cited: reader.cited,
    })
}

/// Returns the node `protocol` of a wire.kdl, and reports all other nodes.
fn protocol<'a>(
    file: &Arc<SourceFile>,
    nodes: &'a [Node],
    findings: &mut Findings,
) -> Option<&'a Node> {
    let Some((first, others)) = nodes.split_first() else {
        return findings.refuse(&(file, 0..0), mistake::no_protocol());
    };
    for other in others {
        findings.report(other, mistake::outside(&other.name.text));
    }
    let word = first.name.text.as_str();
    findings.must(word == "protocol", first, || {
        mistake::not_a_protocol(word).or_near(word, ["protocol"])
    })?;
    let shape = Shape::like("protocol chaton { ... }").with(&["extends"]);
    shape.and_block().check(first, findings);
    Some(first)
}

struct Reader<'a> {
    root: &'a Node,
    grammar: Grammar,
    /// The byte order of integers whose type does not choose one.
    order: ByteOrder,
    cited: Vec<Cited>,
    /// For each packet of the grammar, the place where its number is written.
    packet_places: Vec<SourcePlace>,
    /// The names of types, readings, packets and settings that are used already.
    seen_types: BTreeSet<String>,
    seen_readings: BTreeSet<String>,
    seen_packets: BTreeSet<String>,
    seen_settings: BTreeSet<String>,
    findings: &'a mut Findings,
}

impl<'a> Reader<'a> {
    fn new(root: &'a Node, findings: &'a mut Findings) -> Reader<'a> {
        let name = root.arguments().next().and_then(Entry::name);
        let name = name.unwrap_or_default();
        Reader {
            root,
            grammar: Grammar {
                title: name.clone(),
                name,
                ..Grammar::default()
            },
            order: ByteOrder::default(),
            cited: Vec::new(),
            packet_places: Vec::new(),
            seen_types: BTreeSet::new(),
            seen_readings: BTreeSet::new(),
            seen_packets: BTreeSet::new(),
            seen_settings: BTreeSet::new(),
            findings,
        }
    }

    /// Reads the types before the packets that use them, and the packets before the fences. In the file they may have any
    /// order.
    fn read(&mut self) {
        let nodes = self.root.block();
        self.byte_order();
        let has_opcode = self.head();
        for node in nodes {
            match node.name.text.as_str() {
                "title" => self.title(node),
                "over" => self.over(node),
                "names" => self.names(node),
                "setting" => {
                    let setting = self.setting(node);
                    self.grammar.settings.extend(setting);
                }
                "type" => {
                    let definition = self.type_definition(node);
                    let definition = definition.filter(|new| self.is_first_type(&new.name, node));
                    self.grammar.types.extend(definition);
                }
                "reading" => {
                    let reading = self.reading(node);
                    self.grammar.readings.extend(reading);
                }
                word if WORDS.contains(&word) => {}
                word => {
                    let unknown = mistake::not_a_word(word, "wire.kdl").one_of(word, WORDS);
                    self.report(node, unknown);
                }
            }
        }
        for node in nodes.iter().filter(|node| node.name.text == "settle") {
            self.settle(node);
        }
        self.check_types();
        for node in nodes.iter().filter(|node| node.name.text == "packet") {
            self.packet(node);
        }
        self.check_opcodes();
        self.answers();
        for node in nodes {
            match node.name.text.as_str() {
                "identified-by" => self.identified_by(node),
                "raw-after" => self.raw_after(node),
                "fence" => self.fence(node),
                "load" => self.load(node),
                _ => None,
            };
        }
        self.check_whole(has_opcode);
    }

    /// Returns whether a declaration has this name but was not read, because it has a mistake of its own: for example, its
    /// first word is misspelt. If so, the name is unknown only because of that mistake. That mistake is reported already, so
    /// the unknown name is not reported too.
    fn is_misread(&self, word: &str, name: &str) -> bool {
        let declares = |node: &Node| {
            let found = node.name.text.as_str();
            let first = node.arguments().next();
            (found == word || !WORDS.contains(&found))
                && first.is_some_and(|entry| entry.value.to_string() == name)
        };
        self.findings.have_errors() && self.root.block().iter().any(declares)
    }

    fn check_whole(&mut self, has_opcode: bool) {
        let root = self.root;
        self.check(has_opcode, root, mistake::no_opcode);
        let mut nodes = root.block().iter();
        // If the word `packet` is misspelt, that mistake is reported already.
        let is_misspelt = |node: &Node| !WORDS.contains(&node.name.text.as_str());
        let has_packets = nodes.any(|node| node.name.text == "packet" || is_misspelt(node));
        self.check(has_packets, root, mistake::no_packets);
        let grammar = &self.grammar;
        match (&grammar.fence, &grammar.fence_unidentified) {
            (None, None) => self.findings.warning(root, mistake::no_fence()),
            // If no packet identifies lanes, `fence unidentified` is used for all lanes.
            (None, Some(_)) if grammar.identified_by.is_some() => {
                self.findings.warning(root, mistake::no_fence_identified());
            }
            (Some(_), _) if grammar.identified_by.is_none() => {
                let is_fence =
                    |node: &&Node| node.name.text == "fence" && node.arguments().next().is_none();
                let own = root.block().iter().find(is_fence);
                self.findings
                    .warning(own.unwrap_or(root), mistake::no_identification());
            }
            _ => {}
        }
    }

    fn title(&mut self, node: &Node) {
        Shape::like("title \"Chaton\"").check(node, self.findings);
        if let Some(entry) = node.arguments().next()
            && let Some(title) = self.need(entry.text(), entry, mistake::not_a_title)
        {
            self.grammar.title = title.to_owned();
        }
    }

    /// Returns the sort of a type's values. The sort is the same with every choice of the readings: `check_choices` checks
    /// that.
    fn sort_of(&self, type_name: &str) -> Option<Sort> {
        self.grammar
            .kinds_of_type(type_name, &Choices::new())
            .first()
            .map(|kind| kind.sort())
    }
}

impl Check for Reader<'_> {
    fn report(&mut self, at: &impl Placed, mistake: Mistake) {
        self.findings.error(at, mistake);
    }
}
