//! A KDL document as our own tree. Every part of the tree contains its place in the file. A word (without quotes) and a text
//! (in quotes) are different kinds of values.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use kdl::{KdlDocument, KdlEntry, KdlIdentifier, KdlNode, KdlValue};

use super::{Check, Findings, SourceFile, Span, mistake};

/// A name and its place.
#[derive(Debug, Clone)]
pub struct Word {
    /// The name.
    pub text: String,
    /// The place of the name.
    pub span: Span,
    /// The file that contains it.
    pub file: Arc<SourceFile>,
}

/// A node: `name entries... { children }`.
#[derive(Debug, Clone)]
pub struct Node {
    /// The name at the beginning of the node.
    pub name: Word,
    /// Arguments and properties, in their order.
    pub entries: Vec<Entry>,
    /// The block, if it has one.
    pub children: Option<Vec<Node>>,
    /// The place of the whole node, from its name to the end of its block.
    pub span: Span,
    /// The file that contains it.
    pub file: Arc<SourceFile>,
}

/// One argument or property of a node: `value`, `(mark)value` or `key=(mark)value`.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The name before `=`.
    pub key: Option<Word>,
    /// The word in parentheses before the value.
    pub mark: Option<Word>,
    /// The value.
    pub value: Scalar,
    /// The place of the whole entry.
    pub span: Span,
    /// The file that contains it.
    pub file: Arc<SourceFile>,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// A value without quotes: a word, or a reference.
    Word(String),
    /// A value in quotes.
    Text(String),
    /// A whole number.
    Number(i128),
    /// A value of KDL that no suite uses, such as a fraction or `#true`.
    Other(String),
}

impl Node {
    /// Returns the arguments: entries without a key.
    pub fn arguments(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.key.is_none())
    }

    /// Returns the properties: entries with a key.
    pub fn properties(&self) -> impl Iterator<Item = (&Word, &Entry)> {
        self.entries
            .iter()
            .filter_map(|entry| Some((entry.key.as_ref()?, entry)))
    }

    /// Returns the property with this key.
    #[must_use]
    pub fn property(&self, key: &str) -> Option<&Entry> {
        self.properties()
            .find(|(word, _)| word.text == key)
            .map(|(_, entry)| entry)
    }

    /// Returns the nodes of the block; if the node has no block, the list is empty.
    #[must_use]
    pub fn block(&self) -> &[Node] {
        self.children.as_deref().unwrap_or_default()
    }
}

impl Entry {
    /// Returns the value, if it has no mark.
    fn unmarked(&self) -> Option<&Scalar> {
        self.mark.is_none().then_some(&self.value)
    }

    /// Returns the value, if it is a bare word without a mark.
    #[must_use]
    pub fn word(&self) -> Option<&str> {
        match self.unmarked()? {
            Scalar::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Returns the bare word after this mark, such as `@alice` in `(ip)@alice`.
    #[must_use]
    pub fn word_marked(&self, mark: &str) -> Option<&str> {
        let is_marked = self.mark.as_ref().is_some_and(|known| known.text == mark);
        match &self.value {
            Scalar::Word(word) if is_marked => Some(word),
            _ => None,
        }
    }

    /// Returns the text, if the value is a text in quotes and has no mark.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self.unmarked()? {
            Scalar::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the number, if the value is a number and has no mark.
    #[must_use]
    pub fn number(&self) -> Option<i128> {
        self.unmarked().and(self.number_after_mark())
    }

    /// Returns the number, if the value is a number without a mark, is not negative, and fits into `usize`.
    #[must_use]
    pub fn count(&self) -> Option<usize> {
        self.number()?.try_into().ok()
    }

    /// Returns the entry without its key, for messages that show the key in another place.
    #[must_use]
    pub fn without_key(&self) -> Entry {
        Entry {
            key: None,
            ..self.clone()
        }
    }

    /// Returns the number, with or without a mark.
    #[must_use]
    pub fn number_after_mark(&self) -> Option<i128> {
        match self.value {
            Scalar::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Returns the value as a name. In the file, a name may be written with quotes, without quotes, or as a number.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        match self.unmarked()? {
            Scalar::Word(name) | Scalar::Text(name) => Some(name.clone()),
            Scalar::Number(number) => Some(number.to_string()),
            Scalar::Other(_) => None,
        }
    }
}

/// Shows the value as it was written.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Word(text) | Scalar::Other(text) => f.write_str(text),
            Scalar::Text(text) => write!(f, "{text:?}"),
            Scalar::Number(number) => write!(f, "{number}"),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(key) = &self.key {
            write!(f, "{}=", key.text)?;
        }
        if let Some(mark) = &self.mark {
            write!(f, "({})", mark.text)?;
        }
        self.value.fmt(f)
    }
}

/// Shows the node on one line.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name.text)?;
        for entry in &self.entries {
            write!(f, " {entry}")?;
        }
        match self.block() {
            [] => Ok(()),
            [first, rest @ ..] => {
                write!(f, " {{ {first}")?;
                for child in rest {
                    write!(f, "; {child}")?;
                }
                f.write_str(" }")
            }
        }
    }
}

/// Converts the tree that `kdl` parsed. Reports what a suite must not contain, although `kdl` accepts it.
pub(super) fn adopt(
    document: &KdlDocument,
    file: &Arc<SourceFile>,
    findings: &mut Findings,
) -> Vec<Node> {
    document
        .nodes()
        .iter()
        .map(|node| adopt_node(node, file, findings))
        .collect()
}

fn adopt_node(node: &KdlNode, file: &Arc<SourceFile>, findings: &mut Findings) -> Node {
    let name = word(node.name(), file);
    if let Some(mark) = node.ty() {
        findings.error(&word(mark, file), mistake::mark_before_a_step(mark.value()));
    }
    let entries: Vec<Entry> = node
        .entries()
        .iter()
        .map(|entry| adopt_entry(entry, file))
        .collect();
    let mut keys = BTreeSet::new();
    for key in entries.iter().filter_map(|entry| entry.key.as_ref()) {
        findings.check(keys.insert(&key.text), key, || {
            mistake::given_twice(&key.text)
        });
    }
    let children = node.children().map(|block| adopt(block, file, findings));
    let start = name.span.start;
    let end = place(node.span()).end.max(name.span.end);
    let written = file.text.get(start..end).unwrap_or_default();
    // Remove the white space and the semicolons at the end, because `kdl` counts them as a part of the node.
    let written = written.trim_end_matches(|c: char| c.is_whitespace() || c == ';');
    Node {
        span: start..start + written.len(),
        name,
        entries,
        children,
        file: Arc::clone(file),
    }
}

fn adopt_entry(entry: &KdlEntry, file: &Arc<SourceFile>) -> Entry {
    let format = entry.format();
    let repr = format.map_or("", |format| format.value_repr.as_str());
    let value = match entry.value() {
        KdlValue::String(text) if repr.starts_with(['"', '#']) => Scalar::Text(text.clone()),
        KdlValue::String(word) => Scalar::Word(word.clone()),
        KdlValue::Integer(number) => Scalar::Number(*number),
        other => Scalar::Other(other.to_string()),
    };
    let span = place(entry.span());
    let written = file.text.get(span.clone()).unwrap_or_default();
    let start = span.start + (written.len() - written.trim_start().len());
    let end = span.start + written.trim_end().len();
    Entry {
        key: entry.name().map(|name| word(name, file)),
        mark: entry.ty().map(|mark| word(mark, file)),
        value,
        span: start..end.max(start),
        file: Arc::clone(file),
    }
}

fn word(identifier: &KdlIdentifier, file: &Arc<SourceFile>) -> Word {
    Word {
        text: identifier.value().to_owned(),
        span: place(identifier.span()),
        file: Arc::clone(file),
    }
}

fn place(span: miette::SourceSpan) -> Span {
    span.offset()..span.offset() + span.len()
}
