//! What a run found out, for people and for programs.

mod explain;
mod json;
mod ladder;
mod paint;
mod terminal;

pub use json::{FORMAT, to_json};
pub use paint::Paint;
pub use terminal::{Detail, Style, render};
