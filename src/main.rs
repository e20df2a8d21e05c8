//! The program `matou`.

fn main() {}
