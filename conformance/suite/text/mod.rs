//! Foreign text (text that the suite did not write), escaped for the place where it is shown.
//!
//! Foreign text is, for example, a name, a message, the output of a program under test, an error of the operating system, a
//! path, or a field of another team's report. Foreign text may contain sequences that a terminal treats as commands, lines
//! that a build server treats as commands, and characters that a format forbids. Each kind of output has its own functions,
//! and all foreign text goes through them:
//!
//! | output | escaper |
//! |---|---|
//! | terminal | [`line()`], [`lines`], [`masked`] for sources; [`guarded`] is the safety net for the whole output |
//! | annotations of workflows | [`annotation`] for values, [`annotation_property`] for properties |
//! | TAP | [`tap`] for descriptions and reasons, [`yaml`] for quoted values |
//! | HTML | [`html`] for values, [`markup`] for the whole page |
//! | JUnit and other XML | [`xml`] for values, [`markup`] for the whole document |
//! | JSON | [`json`] for the whole document |
//! | KDL | [`kdl()`] for strings, [`kdl_comment`] |
//! | CSV | [`csv`] |
//!
//! An escape is written as in Rust: `\u{202e}`. Some formats, such as JSON, have escapes of their own, which programs turn
//! back into characters. The functions for such a format write these escapes.

mod build_server;
mod commands;
mod data;
mod hidden;
mod markup;
mod terminal;

pub use build_server::{annotation, annotation_property, tap, yaml};
pub use data::{csv, json, kdl, kdl_comment};
pub use hidden::is_hidden;
pub use markup::{html, markup, xml};
pub use terminal::{guarded, line, lines, masked};
