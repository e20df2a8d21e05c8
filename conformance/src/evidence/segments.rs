//! How sends are laid into segments, and where one play cut them.

use serde::Serialize;

/// How sends are laid into segments where the scenario does not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Segments {
    /// Each in one write.
    #[default]
    Whole,
    /// Each byte in a segment of its own; of a large payload the first 4 KiB.
    EachByte,
    /// What a lane sends without waiting for anything, in one segment.
    Glued,
    /// Cut in the middle of each length.
    InsideLength,
    /// Cut inside each character that takes several bytes.
    InsideCharacter,
}

impl Segments {
    /// The word for it on the command line and in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Segments::Whole => "whole",
            Segments::EachByte => "each-byte",
            Segments::Glued => "glued",
            Segments::InsideLength => "inside-length",
            Segments::InsideCharacter => "inside-character",
        }
    }
}

/// A place where a send is cut, or where it is glued to the send that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point {
    /// Which send of the play, counted from 0.
    pub(crate) send: usize,
    /// After how many of its bytes.
    pub(crate) at: usize,
}

/// A cut that was made, or two sends that were glued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) point: Point,
    /// In words; empty where all sends are cut.
    pub(crate) words: String,
}
