//! What a user sees.
//!
//! | file | what is in it |
//! |---|---|
//! | `output.rs` | the one place that writes to standard output, standard error or the terminal |
//! | `printer.rs` | the thread that writes to standard output |
//! | `show/` | an event as a line, for people or as JSON |
//! | `paint.rs` | colours |
//! | `hex.rs` | frames byte by byte |
//! | `people.rs` | the names that the client has seen |
//! | `terminal/` | a painted terminal: it can be left out by a reader of plain lines |

pub(crate) mod hex;
pub(crate) mod output;
pub(crate) mod paint;
pub(crate) mod people;
pub(crate) mod printer;
pub mod show;
pub(crate) mod terminal;
