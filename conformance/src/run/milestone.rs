//! The progress of a run, for a person who waits for it.

/// A piece of news for a person who waits.
#[derive(Debug, Clone, Copy)]
pub enum Milestone<'a> {
    /// The run begins.
    Begins {
        /// The number of its cases.
        cases: usize,
    },
    /// A case was played once. The runner may play it again before it is judged.
    Played {
        /// Its id.
        id: &'a str,
        /// Whether it reached its end.
        held: bool,
    },
}
