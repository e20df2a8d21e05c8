//! Tests with servers that attack the programs in which people read the reports.

mod every_character;
mod output;
