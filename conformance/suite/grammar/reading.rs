//! Named readings: where a document contradicts itself or leaves a choice, the target decides.

use std::collections::BTreeMap;

use super::{IntType, TypeDefinition};

/// The chosen choice of each reading: name of the reading -> name of the choice.
pub type Choices = BTreeMap<String, String>;

/// One question that the document leaves open.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The name, such as `long-width`.
    pub name: String,
    /// The question in words.
    pub title: String,
    /// The answers, the most likely first; never empty.
    pub choices: Vec<Choice>,
    /// Whether a protocol that extends this one has taken the first choice. Then the reading is not open any more.
    pub settled: bool,
}

impl Reading {
    /// Returns the choice with this name.
    #[must_use]
    pub fn choice_named(&self, name: &str) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.name == name)
    }

    /// Returns the choice that `choices` takes, or all of them if it leaves this reading open.
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
    /// The name, such as `8`.
    pub name: String,
    /// The worth of following it.
    pub verdict: Worth,
    /// The requirements that get a remark when the verdict is below pass.
    pub checks: Vec<String>,
    /// The types that this choice defines.
    pub types: Vec<TypeDefinition>,
    /// The opcode's integer, where this choice changes it.
    pub opcode: Option<IntType>,
    /// The packets that have another opcode in this choice, by name.
    pub renumbered: Vec<(String, i128)>,
}

impl Choice {
    /// Returns whether this choice changes how packets begin.
    #[must_use]
    pub fn changes_opcodes(&self) -> bool {
        self.opcode.is_some() || !self.renumbered.is_empty()
    }
}

/// The worth of what the target does: the verdict of a branch that fits, or of a choice that is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// The target follows the document.
    Pass,
    /// A free choice.
    Note,
    /// The document prefers something else.
    NonStrict,
}

impl Worth {
    /// The names of the verdicts in files.
    pub const NAMES: [&str; 3] = ["pass", "note", "non-strict"];

    /// Returns the verdict with this name.
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
