//! Tests with servers that try to attack the programs in which their reports are read.

mod every_character;
mod output;
