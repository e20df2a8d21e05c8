//! Replaces the parameters and counters in steps by their values.

use std::collections::BTreeMap;

use super::Reader;
use crate::scenario::Step;
use crate::source::{Entry, Node, Scalar, Word};

/// The value of a parameter or of a counter.
#[derive(Debug, Clone)]
pub(super) struct Argument {
    mark: Option<Word>,
    value: Scalar,
}

impl From<&Entry> for Argument {
    fn from(entry: &Entry) -> Argument {
        Argument {
            mark: entry.mark.clone(),
            value: entry.value.clone(),
        }
    }
}

/// Parameters and counters with their values.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    parameters: BTreeMap<String, Argument>,
    counter: Option<(String, usize)>,
}

impl Bindings {
    pub(super) fn of(parameters: impl Iterator<Item = (String, Argument)>) -> Bindings {
        Bindings {
            parameters: parameters.collect(),
            counter: None,
        }
    }

    pub(super) fn of_counter(name: Option<&str>, count: usize) -> Bindings {
        Bindings {
            parameters: BTreeMap::new(),
            counter: name.map(|name| (name.to_owned(), count)),
        }
    }

    fn node(&self, node: &Node) -> Node {
        Node {
            name: Word {
                text: self.bare(&node.name.text),
                ..node.name.clone()
            },
            entries: node.entries.iter().map(|entry| self.entry(entry)).collect(),
            children: node
                .children
                .as_ref()
                .map(|block| block.iter().map(|child| self.node(child)).collect()),
            span: node.span.clone(),
            file: node.file.clone(),
        }
    }

    fn entry(&self, entry: &Entry) -> Entry {
        let mut new = entry.clone();
        let marked_each = entry.mark.as_ref().is_some_and(|mark| mark.text == "each");
        match &entry.value {
            Scalar::Text(text) if marked_each && self.counter.is_some() => {
                new.value = Scalar::Text(self.counted(text));
                // If the text still contains the counter of an outer `repeat`, the text keeps its mark `(each)`. With this
                // mark, the outer `repeat` will replace its counter.
                if !has_counter(&new.value) {
                    new.mark = None;
                }
            }
            Scalar::Word(word) => {
                if let Some(argument) = self.whole(word) {
                    new.value = argument.value;
                    new.mark = argument.mark.or(new.mark);
                } else {
                    new.value = Scalar::Word(self.bare(word));
                }
            }
            _ => {}
        }
        new
    }

    /// Returns the value of a word that is a parameter (`who`, `$text`) or the counter (`$i`); `None` for other words.
    fn whole(&self, word: &str) -> Option<Argument> {
        if let Some(argument) = self.parameters.get(word) {
            return Some(argument.clone());
        }
        let name = word.strip_prefix('$')?;
        if let Some((counter, count)) = &self.counter
            && counter == name
        {
            let number = i128::try_from(*count).unwrap_or(i128::MAX);
            return Some(Argument {
                mark: None,
                value: Scalar::Number(number),
            });
        }
        match self.parameters.get(name) {
            // If the argument is a word without a sign, it is the name of a remembered value. Then the word must stay a
            // reference `$...`, and `bare` replaces only the name in it. Any other argument replaces the whole word.
            Some(Argument {
                value: Scalar::Word(word),
                ..
            }) if !word.starts_with(['$', '@', '?']) => None,
            other => other.cloned(),
        }
    }

    /// Replaces a parameter after a sign (`@who`, `?id`, `$id`), and the counter inside a word (`c$i`).
    fn bare(&self, word: &str) -> String {
        let (sign, name) = match word.chars().next() {
            Some(sign @ ('@' | '?' | '$')) => (Some(sign), word.get(1..).unwrap_or_default()),
            _ => (None, word),
        };
        if let Some(Argument {
            value: Scalar::Word(argument),
            ..
        }) = self.parameters.get(name)
        {
            return sign.into_iter().chain(argument.chars()).collect();
        }
        self.counted(word)
    }

    /// Replaces each `$i` in a text, where `i` is the counter.
    fn counted(&self, text: &str) -> String {
        let Some((counter, count)) = &self.counter else {
            return text.to_owned();
        };
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('$') {
            let end = behind
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(behind.len());
            let (name, further) = behind.split_at(end);
            out.push_str(before);
            if name == counter {
                out.push_str(&count.to_string());
            } else {
                out.push('$');
                out.push_str(name);
            }
            rest = further;
        }
        out.push_str(rest);
        out
    }
}

/// Returns whether a text still contains a counter: a `$` before a letter. A text such as `$5` is not a counter.
fn has_counter(value: &Scalar) -> bool {
    let Scalar::Text(text) = value else {
        return false;
    };
    text.match_indices('$').any(|(at, _)| {
        let behind = text.get(at + 1..).unwrap_or_default();
        behind.starts_with(|c: char| c.is_ascii_lowercase())
    })
}

/// Returns roughly how many bytes are copied when the node is copied.
fn size(node: &Node) -> usize {
    let entries: usize = node
        .entries
        .iter()
        .map(|entry| match &entry.value {
            Scalar::Text(text) | Scalar::Word(text) | Scalar::Other(text) => 200 + text.len(),
            Scalar::Number(_) => 200,
        })
        .sum();
    200 + entries + node.block().iter().map(size).sum::<usize>()
}

impl Reader<'_> {
    /// Reads copies of steps in which parameters and counters are replaced by their values.
    pub(super) fn expanded_steps<'n>(
        &mut self,
        nodes: impl Iterator<Item = &'n Node>,
        bindings: &Bindings,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        for node in nodes {
            if self.take_copy(size(node), node).is_none() || self.is_spent(node) {
                break;
            }
            self.step(&bindings.node(node), &mut steps);
        }
        steps
    }
}
