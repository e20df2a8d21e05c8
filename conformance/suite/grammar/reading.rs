//! Named readings: where a document contradicts itself or leaves a choice, the target settles it.

use std::collections::BTreeMap;

use super::{IntType, TypeDefinition};

/// Which choice is taken in each reading: name of the reading -> name of the choice.
pub type Choices = BTreeMap<String, String>;

/// One question that the document leaves open.
#[derive(Debug, Clone)]
pub struct Reading {
    /// `long-width`.
    pub name: String,
    /// The question in words.
    pub title: String,
    /// The answers, the likeliest first; never empty.
    pub choices: Vec<Choice>,
    /// Whether a protocol that extends this one has taken the first choice: then nothing is open any more.
    pub settled: bool,
}

impl Reading {
    /// The choice with this name.
    #[must_use]
    pub fn choice_named(&self, name: &str) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.name == name)
    }

    /// The one that `choices` takes, or all of them if it leaves this reading open.
    pub(super) fn choices_left<'a>(&'a self, choices: &Choices) -> Vec<&'a Choice> {
        match choices
            .get(&self.name)
            .and_then(|name| self.choice_named(name))
        {
            Some(taken) => vec![taken],
            None if self.settled => self.choices.iter().take(1).collect(),
            None => self.choices.iter().collect(),
        }
    }
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Choice {
    /// `8`.
    pub name: String,
    /// What it is worth to follow it.
    pub verdict: Worth,
    /// The requirements against which a verdict below pass is remarked.
    pub checks: Vec<String>,
    /// The types that are so in this choice.
    pub types: Vec<TypeDefinition>,
    /// The opcode's integer, where this choice changes it.
    pub opcode: Option<IntType>,
    /// The packets that have another opcode in this choice, by name.
    pub renumbered: Vec<(String, i128)>,
}

impl Choice {
    /// Whether this choice changes how packets begin.
    #[must_use]
    pub fn changes_opcodes(&self) -> bool {
        self.opcode.is_some() || !self.renumbered.is_empty()
    }
}

/// What it is worth that the target does something: the verdict of a branch that fits, or of a choice that is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// As the document says.
    Pass,
    /// A free choice.
    Note,
    /// The document would prefer otherwise.
    NonStrict,
}

impl Worth {
    /// The names of the verdicts in files.
    pub const NAMES: [&str; 3] = ["pass", "note", "non-strict"];

    /// The verdict that is written so.
    #[must_use]
    pub fn named(name: &str) -> Option<Worth> {
        match name {
            "pass" => Some(Worth::Pass),
            "note" => Some(Worth::Note),
            "non-strict" => Some(Worth::NonStrict),
            _ => None,
        }
    }
}
