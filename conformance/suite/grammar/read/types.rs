//! Reads `type`.

use super::{Reader, mistake};
use crate::grammar::{Choices, Extent, IntType, Sort, TypeDefinition, TypeKind};
use crate::source::{Check, Entry, Mistake, Node, Shape};

const EXAMPLE: &str = "type INT int32, or: type STRING text len=INT, or: type KEY bytes size=16";
const ONE_OF: &str = "type ADDRESS one-of { case 4 IPV4; case 6 IPV6 }";
const LIST: &str = "type NAMES list of=STRING count=INT, or: type NAMES list rest of=STRING";
const FIXED: &str = "type NAME text size=32 pad=0";
const ENDED: &str = "type LINE text ends=\"\\r\\n\"";

/// Maximum size of a type that has a fixed size, in bytes.
const MAX_SIZE: usize = 65_535;

/// The kinds of types that are not integers.
const LAYOUTS: [&str; 5] = ["text", "bytes", "uuid", "list", "one-of"];

/// The words that say where a text or bytes end.
const ENDS: [&str; 3] = ["len", "size", "ends"];

impl Reader<'_> {
    /// Reads `opcode int8` or `length varint`.
    pub(super) fn integer_word(&mut self, node: &Node, example: &str) -> Option<IntType> {
        let [entry] = self.arguments(node, Shape::like(example))?;
        self.integer_of(entry)
    }

    /// Reads the name of an integer type, such as `uint32` or `uint32-le`.
    pub(super) fn integer_of(&mut self, entry: &Entry) -> Option<IntType> {
        let written = entry.to_string();
        let int = IntType::named(&written, self.order);
        self.need(int, entry, || {
            let mistake = mistake::not_an_integer(&written).one_of(&written, integers());
            let with_order = with_order();
            mistake.or_near(&written, with_order.iter().map(String::as_str))
        })
    }

    pub(super) fn type_definition(&mut self, node: &Node) -> Option<TypeDefinition> {
        let layout = node.arguments().nth(1).and_then(Entry::word);
        let shape = match layout.unwrap_or_default() {
            "one-of" => Shape {
                arguments: (2, 2),
                ..Shape::like(ONE_OF).and_block()
            },
            "list" => Shape {
                arguments: (2, 3),
                ..Shape::like(LIST).with(&["of", "count"])
            },
            "text" | "bytes" => Shape {
                arguments: (2, 3),
                ..Shape::like(EXAMPLE).with(&["len", "size", "pad", "ends"])
            },
            _ => Shape {
                arguments: (2, 2),
                ..Shape::like(EXAMPLE).with(&["len", "size"])
            },
        };
        shape.check(node, self).then_some(())?;
        let mut arguments = node.arguments();
        let (name, layout) = (arguments.next()?, arguments.next()?);
        let name = self.need(name.word(), name, || {
            mistake::not_a_type_name(name, EXAMPLE)
        })?;
        let last = match arguments.next() {
            None => false,
            Some(entry) => {
                let is_rest = entry.word() == Some("rest");
                self.must(is_rest, entry, || mistake::not_rest(entry))?;
                true
            }
        };
        let kind = match layout.to_string().as_str() {
            "one-of" => self.one_of_types(node)?,
            "list" => self.list(node, last)?,
            "text" => TypeKind::Text(self.extent(node, (name, layout), last)?),
            "bytes" => TypeKind::Bytes(self.extent(node, (name, layout), last)?),
            "uuid" => TypeKind::Uuid,
            integer => self.integer(node, layout, integer)?,
        };
        Some(TypeDefinition {
            name: name.to_owned(),
            kind,
        })
    }

    fn integer(&mut self, node: &Node, layout: &Entry, written: &str) -> Option<TypeKind> {
        let int = IntType::named(written, self.order);
        let int = self.need(int, layout, || {
            let known = integers().chain(LAYOUTS);
            let mistake = mistake::not_a_layout(written).one_of(written, known);
            let with_order = with_order();
            mistake.or_near(written, with_order.iter().map(String::as_str))
        })?;
        if let Some(length) = node.property("len").or(node.property("size")) {
            self.report(length, mistake::integer_with_length(written, EXAMPLE));
        }
        Some(TypeKind::Int(int))
    }

    /// Reads where a text or bytes end: `len=INT`, `size=16`, `size=32 pad=0`, `ends=0` or `rest`.
    fn extent(
        &mut self,
        node: &Node,
        (name, layout): (&str, &Entry),
        is_rest: bool,
    ) -> Option<Extent> {
        let mut given = ENDS.iter().filter_map(|key| node.property(key));
        let first = given.next();
        if let Some(surplus) = given.next().or(first.filter(|_| is_rest)) {
            return self.refuse(surplus, mistake::two_ends(layout));
        }
        if let Some(pad) = node.property("pad")
            && node.property("size").is_none()
        {
            return self.refuse(pad, mistake::pad_without_size(FIXED));
        }
        let Some(first) = first else {
            self.must(is_rest, layout, || mistake::no_length(layout, name))?;
            return Some(Extent::Rest);
        };
        match first.key.as_ref().map(|key| key.text.as_str()) {
            Some("ends") => Some(Extent::Ended {
                by: self.marker(first, ENDED)?,
            }),
            Some("size") => self.fixed(node, first, layout),
            _ => Some(Extent::Counted {
                length: first.value.to_string(),
            }),
        }
    }

    fn fixed(&mut self, node: &Node, entry: &Entry, layout: &Entry) -> Option<Extent> {
        let size = self.count(Some(entry), 1..=MAX_SIZE, entry, || {
            mistake::not_a_size(&entry.value, MAX_SIZE)
        })?;
        let pad = match node.property("pad") {
            Some(pad) => Some(self.filler(pad, FIXED)?),
            None => None,
        };
        let is_text = layout.word() == Some("text");
        self.must(pad.is_some() || !is_text, entry, || {
            mistake::text_without_filler(size)
        })?;
        Some(Extent::Fixed { size, pad })
    }

    /// Reads `list of=STRING count=INT` or `list rest of=STRING`. The types may be defined later in the file.
    fn list(&mut self, node: &Node, is_rest: bool) -> Option<TypeKind> {
        let of = self.need(node.property("of"), node, || mistake::list_of_nothing(LIST))?;
        let count = node.property("count");
        let has_one_end = count.is_some() != is_rest;
        self.must(has_one_end, node, || mistake::endless_list(LIST))?;
        Some(TypeKind::List {
            of: of.value.to_string(),
            count: count.map(|count| count.value.to_string()),
        })
    }

    /// Reads the cases of a `one-of`. The types that they name may be defined later in the file.
    fn one_of_types(&mut self, node: &Node) -> Option<TypeKind> {
        let mut cases: Vec<(i128, String)> = Vec::new();
        for child in node.block() {
            let case = self.need(case_of(child), child, || mistake::not_a_case(ONE_OF));
            let Some((tag, name)) = case else { continue };
            let is_new = !cases.iter().any(|(known, _)| *known == tag);
            if self.check(is_new, child, || mistake::second_case(tag)) {
                cases.push((tag, name));
            }
        }
        self.must(!cases.is_empty(), node, || mistake::no_cases(ONE_OF))?;
        Some(TypeKind::OneOf { cases })
    }

    pub(super) fn is_first_type(&mut self, name: &str, node: &Node) -> bool {
        let seen = &mut self.seen_types;
        self.findings.is_first(seen, name, "type", node)
    }

    /// Returns the sort of values to which a limit such as `max-bytes` applies: for a list, the sort of the values in it.
    pub(super) fn limited_sort(&self, type_name: &str) -> Option<Sort> {
        let kinds = self.grammar.kinds_of_type(type_name, &Choices::new());
        match kinds.first()? {
            TypeKind::List { of, .. } => self.sort_of(of),
            kind => Some(kind.sort()),
        }
    }

    /// Checks the types on which other types depend: the type of a length must be an integer, each case of a `one-of` must
    /// name a type of bytes, and the values of a list must not end with the frame. These types may be defined later in the
    /// file.
    pub(super) fn check_types(&mut self) {
        let root = self.root;
        let in_readings = root
            .block()
            .iter()
            .flat_map(Node::block)
            .flat_map(Node::block);
        for node in root.block().iter().chain(in_readings) {
            if node.name.text != "type" {
                continue;
            }
            let lengths = node.property("len").into_iter();
            for length in lengths.chain(node.property("count")) {
                let is_right = |kind: &TypeKind| matches!(kind, TypeKind::Int(_));
                self.check_rests_on(length, is_right, "integers");
            }
            for case in node.block() {
                if let Some(name) = case.arguments().nth(1) {
                    let is_right = |kind: &TypeKind| matches!(kind, TypeKind::Bytes(extent) if *extent != Extent::Rest);
                    self.check_rests_on(name, is_right, "bytes");
                }
            }
            if let Some(of) = node.property("of") {
                let is_right = |kind: &TypeKind| {
                    let is_simple = !matches!(kind, TypeKind::OneOf { .. } | TypeKind::List { .. });
                    is_simple && !kind.ends_with_the_frame()
                };
                let what = "numbers, UUIDs, texts or bytes that do not end with the frame";
                self.check_rests_on(of, is_right, what);
            }
        }
    }

    fn check_rests_on(&mut self, name: &Entry, is_right: fn(&TypeKind) -> bool, what: &str) {
        let written = name.value.to_string();
        let kinds = self.grammar.kinds_of_type(&written, &Choices::new());
        if kinds.is_empty() || !kinds.iter().all(|kind| is_right(kind)) {
            let known = self.grammar.types.iter();
            let known = known.filter(|known| is_right(&known.kind));
            let known = known.map(|known| known.name.as_str());
            let wrong = mistake::wrong_type(&written, what);
            let wrong = match undefined_integer(name, &written) {
                Some(help) => Mistake { help, ..wrong },
                None => wrong.one_of(&written, known),
            };
            self.report(name, wrong);
        }
    }
}

/// The value of this property must be a type that the file defines. If it is a built-in integer type or a number instead,
/// returns the remedy.
fn undefined_integer(entry: &Entry, written: &str) -> Option<String> {
    let key = entry.key.as_ref()?.text.as_str();
    let name = match key {
        "count" => "COUNT",
        "len" => "LENGTH",
        _ => "ITEM",
    };
    let is_built_in = IntType::named(written, Default::default()).is_some();
    if is_built_in {
        return Some(format!(
            "define a type first, then write its name: type {name} {written}, then {key}={name}"
        ));
    }
    let number = entry.number()?;
    Some(match key {
        "len" => format!(
            "if each value takes {number} bytes, write size={number}, and pad=0 if zero bytes follow a shorter value; if a length is sent before the value, write: type LENGTH uint16, then len=LENGTH"
        ),
        "count" => "write the type of the number that is sent before the values: type COUNT uint16, then count=COUNT".to_owned(),
        _ => return None,
    })
}

/// Reads `case 4 IPV4`.
fn case_of(node: &Node) -> Option<(i128, String)> {
    match (node.entries.as_slice(), &node.children) {
        ([tag, name], None) if node.name.text == "case" => {
            let is_argument = tag.key.is_none() && name.key.is_none();
            is_argument.then_some((tag.number()?, name.word()?.to_owned()))
        }
        _ => None,
    }
}

/// Returns whether the word is a kind of type, such as `text`, and so cannot be the type of a field.
pub(super) fn is_layout(word: &str) -> bool {
    LAYOUTS.contains(&word) || IntType::named(word, Default::default()).is_some()
}

fn integers() -> impl Iterator<Item = &'static str> {
    IntType::NAMED.iter().map(|(name, _)| *name)
}

/// Returns the names of the integer types, with and without a byte order at the end, such as `uint32` and `uint32-le`.
fn with_order() -> Vec<String> {
    let names = integers().filter(|name| *name != "varint");
    names
        .flat_map(|name| [name.to_owned(), format!("{name}-le"), format!("{name}-be")])
        .collect()
}
