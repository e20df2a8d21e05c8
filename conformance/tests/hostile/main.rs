//! Tests with hostile servers: their output attacks the programs in which people read the reports, such as terminals and
//! browsers.

mod every_character;
mod output;
