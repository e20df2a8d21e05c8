//! Reads wire.kdl.
//!
//! It reports every mistake and reads on; the grammar is only used if it has no mistake.

mod carriage;
mod extend;
mod fence;
mod load;
mod packet;
mod reading;
mod renumber;
mod types;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Choices, Grammar, IntType, Names, Sort, Transport};
use crate::source::{Findings, Node, Shape, SourceFile, Span, did_you_mean, one_of};
pub use extend::{base_of, no_such_base};
use extend::{check_extends_nothing, extend};
use renumber::Place;

const WORDS: [&str; 16] = [
    "title",
    "over",
    "names",
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

/// A grammar, and the places in it that only the whole suite can judge.
#[derive(Debug)]
pub struct GrammarFile {
    /// The grammar.
    pub grammar: Grammar,
    /// The requirements that choices cite, with their places.
    pub cited: Vec<Cited>,
}

/// A requirement that a choice cites.
#[derive(Debug)]
pub struct Cited {
    /// The id, such as `CHATON-2.3`.
    pub id: String,
    /// The file that contains it.
    pub file: Arc<SourceFile>,
    /// Its place.
    pub span: Span,
}

/// Reads the nodes of a wire.kdl, and of those that it extends; the one that extends nothing comes first. Returns
/// `None` if one of them has no `protocol`.
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

/// Returns the one node of wire.kdl.
fn protocol<'a>(
    file: &Arc<SourceFile>,
    nodes: &'a [Node],
    findings: &mut Findings,
) -> Option<&'a Node> {
    let (first, others) = match nodes {
        [] => {
            findings.error(
                file,
                0..0,
                "this file has no protocol",
                "write: protocol NAME { ... }",
            );
            return None;
        }
        [first, others @ ..] => (first, others),
    };
    for other in others {
        let message = format!("`{}` is outside the protocol", other.name.text);
        findings.error(
            file,
            other.name.span.clone(),
            message,
            "one file describes one protocol; put it inside its braces",
        );
    }
    if first.name.text != "protocol" {
        let help = did_you_mean(&first.name.text, ["protocol"])
            .unwrap_or_else(|| "write: protocol NAME { ... }".to_owned());
        findings.error(
            file,
            first.name.span.clone(),
            format!("`{}` is not a protocol", first.name.text),
            help,
        );
        return None;
    }
    let shape = Shape {
        arguments: (1, 1),
        properties: &["extends"],
        block: true,
        example: "protocol chaton { ... }",
    };
    shape.check(first, findings);
    Some(first)
}

struct Reader<'a> {
    root: &'a Node,
    grammar: Grammar,
    cited: Vec<Cited>,
    /// The place where each packet of the grammar has its number.
    packet_places: Vec<Place>,
    /// Names of types, readings and packets that are taken.
    seen_types: BTreeSet<String>,
    seen_readings: BTreeSet<String>,
    seen_packets: BTreeSet<String>,
    seen_settings: BTreeSet<String>,
    findings: &'a mut Findings,
}

impl<'a> Reader<'a> {
    fn new(root: &'a Node, findings: &'a mut Findings) -> Reader<'a> {
        let name = root
            .arguments()
            .next()
            .and_then(crate::source::Entry::name)
            .unwrap_or_default();
        Reader {
            root,
            grammar: Grammar {
                title: name.clone(),
                name,
                transport: Transport::Tcp,
                names: Names::Chosen,
                settings: Vec::new(),
                frame_length: None,
                opcode: IntType::BYTE,
                types: Vec::new(),
                readings: Vec::new(),
                packets: Vec::new(),
                identified_by: None,
                raw_after: Vec::new(),
                fence: None,
                fence_unidentified: None,
                load: None,
            },
            cited: Vec::new(),
            packet_places: Vec::new(),
            seen_types: BTreeSet::new(),
            seen_readings: BTreeSet::new(),
            seen_packets: BTreeSet::new(),
            seen_settings: BTreeSet::new(),
            findings,
        }
    }

    /// Reads types before the packets that use them, and packets before the fences: the order in the file is free.
    fn read(&mut self) {
        let nodes = self.root.block();
        let mut has_opcode = false;
        for node in nodes {
            match node.name.text.as_str() {
                "title" => self.title(node),
                "over" => self.over(node),
                "names" => self.names(node),
                "length" => self.grammar.frame_length = self.integer_word(node, "length varint"),
                "setting" => self.setting(node),
                "opcode" => {
                    has_opcode = true;
                    if let Some(int) = self.integer_word(node, "opcode int8") {
                        self.grammar.opcode = int;
                    }
                }
                "type" => {
                    if let Some(definition) = self.type_definition(node)
                        && self.is_first_type(&definition.name, node)
                    {
                        self.grammar.types.push(definition);
                    }
                }
                "reading" => self.reading(node),
                word if WORDS.contains(&word) => {}
                word => {
                    let message = format!("`{word}` is not a word of wire.kdl");
                    self.error(node, &node.name.span, message, one_of(word, WORDS));
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
                _ => {}
            }
        }
        self.check_whole(has_opcode);
    }

    fn check_whole(&mut self, has_opcode: bool) {
        let root = self.root;
        if !has_opcode {
            self.error(
                root,
                &root.name.span,
                "the width of the opcode is missing",
                "write: opcode int8",
            );
        }
        if !root.block().iter().any(|node| node.name.text == "packet") {
            self.error(
                root,
                &root.name.span,
                "the protocol has no packets",
                "write: packet LOGIN 0 from=client { field login STRING }",
            );
        }
        if self.grammar.fence.is_none() {
            let help = "without a fence no scenario can prove silence; write: fence { from > ...; to < ... }";
            self.findings.warning(
                &root.file,
                root.name.span.clone(),
                "the protocol has no fence",
                help,
            );
        }
    }

    fn title(&mut self, node: &Node) {
        let shape = Shape {
            arguments: (1, 1),
            properties: &[],
            block: false,
            example: "title \"Chaton\"",
        };
        shape.check(node, self.findings);
        if let Some(entry) = node.arguments().next() {
            match entry.text() {
                Some(text) => self.grammar.title = text.to_owned(),
                None => self.error(
                    node,
                    &entry.span,
                    "a title is text",
                    "write it in quotes: title \"Chaton\"",
                ),
            }
        }
    }

    fn error(
        &mut self,
        node: &Node,
        span: &Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.findings.error(&node.file, span.clone(), message, help);
    }

    /// Reports a mistake for which there is nothing to return.
    fn refuse<T>(
        &mut self,
        node: &Node,
        span: &Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<T> {
        self.error(node, span, message, help);
        None
    }

    /// The sort of a type; in all readings it is the same, `check_choices` sees to that.
    fn sort_of(&self, type_name: &str) -> Option<Sort> {
        self.grammar
            .kinds_of_type(type_name, &Choices::new())
            .first()
            .map(|kind| kind.sort())
    }
}
