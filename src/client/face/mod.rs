//! What a user sees.
//!
//! | file | what is in it |
//! |---|---|
//! | `output.rs` | the only place that writes to standard output, standard error or the terminal |
//! | `printer.rs` | the thread that writes to standard output |
//! | `show/` | formats events as lines, for people or as JSON |
//! | `paint.rs` | colours |
//! | `hex.rs` | a hex dump of frames |
//! | `people.rs` | the names that the client has seen |
//! | `terminal/` | the painted terminal; it is not needed to understand plain lines |

pub(crate) mod hex;
pub(crate) mod output;
pub(crate) mod paint;
pub(crate) mod people;
pub(crate) mod printer;
pub mod show;
pub(crate) mod terminal;
