//! Reads arbitrary bytes as a script: small numbers, and strings of bytes.

/// The bytes that are not read yet.
pub(crate) struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Script<'a> {
        Script(bytes)
    }

    /// Takes one byte; `None` at the end.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Returns one of these choices. The next byte of the script chooses it. At the end of the script, returns the first
    /// choice.
    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.byte().unwrap_or(0)) % choices.len()]
    }

    /// Takes a byte with a length, and returns that number of bytes after it, or fewer at the end of the script.
    pub(crate) fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte().unwrap_or(0));
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Takes everything that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

/// Returns the places at which a check cuts a string of bytes of this length: all places if they are few. If they are many,
/// returns the first places, the last places, and some places between these.
pub(crate) fn cuts(length: usize) -> impl Iterator<Item = usize> {
    const ENDS: usize = 24;
    let step = (length / 32).max(1);
    let is_cut = move |at: &usize| *at < ENDS || at + ENDS > length || at.is_multiple_of(step);
    (0..=length).filter(is_cut)
}
