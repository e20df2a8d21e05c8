//! Programs under test that attack whoever reads about them.

mod every_character;
mod output;
