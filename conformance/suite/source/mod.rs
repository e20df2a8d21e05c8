//! Files of a suite as text and as trees of words, and the reports of mistakes in them.
//!
//! The files are written in KDL 2, and read in three steps. First a scan checks the text itself. The scan refuses text that
//! would overload a parser, and explains common syntax mistakes with the words that the author wrote. Then the `kdl` crate
//! parses the text, on a thread with a large stack. Then the tree of `kdl` is converted to our own tree, which consists of
//! words (text without quotes), texts in quotes and numbers, each with its place.
//!
//! The rules of lint are written with the functions of [`Check`]: each rule is one line, with a condition, the place and the
//! mistake. The texts of the mistakes are in tables, one for each reader ([`Mistake`]).

mod check;
mod diagnostic;
mod file;
mod mistake;
mod nearest;
mod parse;
mod read;
mod scan;
mod shape;
mod trap;
mod tree;

pub use check::{Check, Mistake, Placed, did_you_mean, one_of};
pub(crate) use check::{given_or, mistakes};
pub use diagnostic::{Diagnostic, Diagnostics, Findings, Severity};
pub use file::{MAX_FILE_BYTES, SourceFile, Span};
pub use nearest::nearest;
pub use parse::parse;
pub use read::{open_regular, read_text, utf8};
pub use scan::MAX_DEPTH;
pub use shape::Shape;
pub use tree::{Entry, Node, Scalar, Word};
