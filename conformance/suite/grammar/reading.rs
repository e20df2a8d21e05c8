//! Readings: questions that a document leaves open, or to which it gives contradictory answers. The target may choose an
//! answer.

use std::collections::BTreeMap;

use super::{IntType, Side, TypeDefinition};

/// The known answers: the name of each reading, and the name of the choice that answers it. A reading without a known answer
/// is missing.
pub type Choices = BTreeMap<String, String>;

/// One question that the document leaves open.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The name, such as `long-width`.
    pub name: String,
    /// The question, as text for a person.
    pub title: String,
    /// The possible answers, the most likely one first. There is always at least one.
    pub choices: Vec<Choice>,
    /// Whether the protocol has settled the question (`settle`). If it has, only the first choice counts.
    pub settled: bool,
}

impl Reading {
    /// Returns the choice with this name.
    #[must_use]
    pub fn choice_named(&self, name: &str) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.name == name)
    }

    /// Returns the choices of this reading that are still possible. If `choices` names a choice, this is the only one.
    /// Otherwise, a settled reading has only its first choice, and any other reading has all its choices.
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

/// One possible answer to the question of a reading.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The name, such as `8`.
    pub name: String,
    /// The verdict on a target that follows this choice.
    pub verdict: Worth,
    /// If the target follows this choice, the probe of the reading judges these requirements in addition to its own.
    pub checks: Vec<String>,
    /// The types that this choice defines.
    pub types: Vec<TypeDefinition>,
    /// The type of the opcode, if this choice changes it.
    pub opcode: Option<IntType>,
    /// The packets that have another opcode with this choice.
    pub renumbered: Vec<Renumbering>,
}

/// Another opcode for a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renumbering {
    /// The name of the packet.
    pub packet: String,
    /// The side whose opcode changes; `None` if both change.
    pub from: Option<Side>,
    /// The new opcode.
    pub opcode: i128,
}

impl Choice {
    /// Returns whether this choice changes how packets begin.
    #[must_use]
    pub fn changes_opcodes(&self) -> bool {
        self.opcode.is_some() || !self.renumbered.is_empty()
    }
}

/// The verdict on a behaviour of the target, if the case does not fail. Each branch of an `either` and each choice of a
/// reading has such a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// The target follows the document.
    Pass,
    /// The document leaves a free choice, and this behaviour is one of the possibilities.
    Note,
    /// The document allows what the target does, but prefers something else.
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
