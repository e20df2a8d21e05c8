//! How far a run has come, for a person who waits for it.

/// Something that a person who waits may want to know.
#[derive(Debug, Clone, Copy)]
pub enum Milestone<'a> {
    /// The run begins.
    Begins {
        /// How many cases it has.
        cases: usize,
    },
    /// A case was played once; it may be played again before it is judged.
    Played {
        /// Its id.
        id: &'a str,
        /// Whether it came to its end.
        held: bool,
    },
}
