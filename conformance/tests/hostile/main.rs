//! Programs under test that attack the readers of their reports.

mod every_character;
mod output;
