//! How sends are divided into segments, and the places where one play cut them.

use serde::Serialize;

/// How sends are divided into segments. If the scenario itself splits a send, the send is always split as the scenario says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Segments {
    /// Each send in one write.
    #[default]
    Whole,
    /// Each byte in its own segment. Of a large payload, only the first 4 KiB are divided in this way.
    EachByte,
    /// If a lane sends several times without waiting for anything in between, these sends are joined in one segment.
    Glued,
    /// A cut in the middle of each length prefix.
    InsideLength,
    /// A cut inside each character that has several bytes.
    InsideCharacter,
}

impl Segments {
    /// Returns the word for this choice on the command line and in reports.
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

/// A place where a send is cut, or where a send is glued to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point {
    /// The number of the send in the play, from 0.
    pub(crate) send: usize,
    /// The number of the send's bytes before the cut.
    pub(crate) at: usize,
}

/// A cut that was made, or two sends that were glued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) point: Point,
    /// A description of the place, as text for a person. It is empty if the play cuts every send, because the report then
    /// describes no single place.
    pub(crate) words: String,
}
