//! Text from elsewhere, on its way to where it is shown.
//!
//! Names, messages, the output of a program under test, errors of the operating system, paths, the fields of another team's
//! report: none of it was written here, and all of it may hold sequences that a terminal obeys, lines that a build server
//! takes for commands, and characters that a format forbids. Each kind of sink has one escaper, and all text from elsewhere
//! goes through it:
//!
//! | sink | escaper |
//! |---|---|
//! | terminal | [`line()`], [`lines`], [`masked`] for sources; [`guarded`] is the net below a whole output |
//! | annotations of workflows | [`annotation`] for values, [`annotation_property`] for properties |
//! | TAP | [`tap`] for descriptions and reasons, [`yaml`] for quoted values |
//! | HTML | [`html`] for values, [`markup`] for the whole page |
//! | JUnit and other XML | [`xml`] for values, [`markup`] for the whole document |
//! | JSON | [`json`] for the whole document |
//! | KDL | [`kdl()`] for strings, [`kdl_comment`] |
//! | CSV | [`csv`] |
//!
//! An escape is written as Rust writes it, `\u{202e}`; where a format has escapes of its own that a reader undoes, it is
//! written in those.

mod build_server;
mod data;
mod hidden;
mod markup;
mod terminal;

pub use build_server::{annotation, annotation_property, tap, yaml};
pub use data::{csv, json, kdl, kdl_comment};
pub use hidden::is_hidden;
pub use markup::{html, markup, xml};
pub use terminal::{guarded, line, lines, masked};
