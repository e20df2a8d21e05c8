//! The words that may follow an arrow in a scenario, instead of a packet.

/// The direction of an arrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrow {
    /// `>`: what the lane does.
    Does,
    /// `<`: what the lane must receive.
    Sees,
}

/// What follows an arrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `> shutdown`: the lane sends FIN and continues to read.
    Shutdown,
    /// `> close`: the lane closes the connection normally.
    Close,
    /// `> abort`: the lane ends the connection with RST.
    Abort,
    /// `> truncate`: the lane sends FIN without the close_notify of TLS.
    Truncate,
    /// `> signs`: the lane makes a signature and remembers it.
    Signs,
    /// `> stops-reading`.
    StopsReading,
    /// `> reads-again`.
    ReadsAgain,
    /// `> raw`: bytes.
    Raw,
    /// `> framed`: bytes that are sent as one frame; the runner adds the length of the frame.
    Framed,
    /// `> random`: pseudo-random bytes.
    Random,
    /// `> glued`: several packets in one send.
    Glued,
    /// `< bytes`.
    Bytes,
    /// `< eof`.
    Eof,
    /// `< reset`.
    Reset,
    /// `< closed`: the end of the connection, with FIN or with RST.
    Closed,
    /// `< silence`.
    Silence,
    /// `< any-order`: several frames.
    AnyOrder,
    /// `< either`: alternatives.
    Either,
    /// Any other word. The reader treats it as the name of a packet, which may follow either arrow.
    Packet,
}

/// Every word, and the arrow that it follows.
const VERBS: [(&str, Verb, Arrow); 18] = [
    ("shutdown", Verb::Shutdown, Arrow::Does),
    ("close", Verb::Close, Arrow::Does),
    ("abort", Verb::Abort, Arrow::Does),
    ("truncate", Verb::Truncate, Arrow::Does),
    ("signs", Verb::Signs, Arrow::Does),
    ("stops-reading", Verb::StopsReading, Arrow::Does),
    ("reads-again", Verb::ReadsAgain, Arrow::Does),
    ("raw", Verb::Raw, Arrow::Does),
    ("framed", Verb::Framed, Arrow::Does),
    ("random", Verb::Random, Arrow::Does),
    ("glued", Verb::Glued, Arrow::Does),
    ("bytes", Verb::Bytes, Arrow::Sees),
    ("eof", Verb::Eof, Arrow::Sees),
    ("reset", Verb::Reset, Arrow::Sees),
    ("closed", Verb::Closed, Arrow::Sees),
    ("silence", Verb::Silence, Arrow::Sees),
    ("any-order", Verb::AnyOrder, Arrow::Sees),
    ("either", Verb::Either, Arrow::Sees),
];

impl Verb {
    /// Returns the verb for a word; [`Verb::Packet`] if the word is not in the list.
    #[must_use]
    pub fn of(word: &str) -> Verb {
        let found = VERBS.iter().find(|(known, ..)| *known == word);
        found.map_or(Verb::Packet, |(_, verb, _)| *verb)
    }

    /// Returns the arrow that the verb follows; `None` if it may follow either arrow.
    #[must_use]
    pub fn arrow(self) -> Option<Arrow> {
        let found = VERBS.iter().find(|(_, verb, _)| *verb == self);
        found.map(|(.., arrow)| *arrow)
    }

    /// Returns the words that may follow this arrow.
    pub fn words_after(arrow: Arrow) -> impl Iterator<Item = &'static str> {
        let fitting = VERBS.iter().filter(move |(.., its)| *its == arrow);
        fitting.map(|(word, ..)| *word)
    }

    /// Returns whether a lane can use this verb only before its `shutdown`.
    #[must_use]
    pub fn needs_open_side(self) -> bool {
        !matches!(
            self,
            Verb::Close
                | Verb::Abort
                | Verb::Truncate
                | Verb::Signs
                | Verb::StopsReading
                | Verb::ReadsAgain
        )
    }
}

/// Words at the beginning of a step that belongs to no lane.
pub(super) const STEPS: [&str; 9] = [
    "client",
    "together",
    "either",
    "eventually",
    "repeat",
    "when",
    "distinct",
    "pause",
    "use",
];

/// Words at the beginning of a line in the head of a scenario.
pub(super) const HEAD: [&str; 7] = [
    "title", "checks", "alone", "lock", "hostile", "slow", "sets",
];

/// Words inside steps, blocks and fragments.
const INSIDE: [&str; 7] = [
    "case",
    "within",
    "not-before",
    "split",
    "proved-by",
    "opcode",
    "each",
];

/// Returns the words of the language. No lane, parameter or remembered value may have such a name.
pub fn words() -> impl Iterator<Item = &'static str> {
    let verbs = VERBS.iter().map(|(word, ..)| *word);
    verbs.chain(STEPS).chain(HEAD).chain(INSIDE)
}

/// Returns whether the word belongs to the language.
#[must_use]
pub fn is_word(word: &str) -> bool {
    words().any(|known| known == word)
}
