//! The functions with which readers (the parts of this crate that read files) check their rules. A rule is one line: the
//! condition that must hold, the place, and the mistake to report if the condition does not hold.
//!
//! The rules do not contain the texts of the mistakes. Each reader has a table of these texts, made with [`mistakes!`]: what
//! is wrong, and what to write instead.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::{Entry, Findings, Node, Shape, SourceFile, Span, Word, mistake, nearest};

/// What is wrong, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong.
    pub message: String,
    /// What to write instead; may be empty.
    pub help: String,
}

impl Mistake {
    /// Returns a mistake with this message and this help.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Mistake {
        Mistake {
            message: message.into(),
            help: help.into(),
        }
    }

    /// Replaces the help by `did you mean X?` if a known name is similar to what was written.
    #[must_use]
    pub fn or_near<'a>(
        mut self,
        written: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Mistake {
        self.help = did_you_mean(written, known).unwrap_or(self.help);
        self
    }

    /// Replaces the help by `did you mean X?`, or by the list of the known names.
    #[must_use]
    pub fn one_of<'a>(
        mut self,
        written: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Mistake {
        self.help = one_of(written, known);
        self
    }
}

/// Declares a table of mistakes. Makes a function for each mistake. The arguments of this function are the values that the
/// message and the help mention.
macro_rules! mistakes {
    ($($name:ident($($named:ident),*) = $message:literal, $help:literal;)*) => { $(
        pub(super) fn $name($($named: impl std::fmt::Display),*) -> $crate::source::Mistake {
            $crate::source::Mistake::new(
                format_args!($message).to_string(),
                format_args!($help).to_string(),
            )
        }
    )* };
}
pub(crate) use mistakes;

/// Something that has a place in a file, so that a message can point to that place.
pub trait Placed {
    /// Returns the file, and the range of bytes in it.
    fn place(&self) -> (&Arc<SourceFile>, Span);
}

impl Placed for Word {
    fn place(&self) -> (&Arc<SourceFile>, Span) {
        (&self.file, self.span.clone())
    }
}

impl Placed for Entry {
    fn place(&self) -> (&Arc<SourceFile>, Span) {
        (&self.file, self.span.clone())
    }
}

/// The place of a node is the place of its name, because the whole node may have many lines.
impl Placed for Node {
    fn place(&self) -> (&Arc<SourceFile>, Span) {
        self.name.place()
    }
}

impl Placed for (Arc<SourceFile>, Span) {
    fn place(&self) -> (&Arc<SourceFile>, Span) {
        (&self.0, self.1.clone())
    }
}

impl Placed for (&Arc<SourceFile>, Span) {
    fn place(&self) -> (&Arc<SourceFile>, Span) {
        (self.0, self.1.clone())
    }
}

/// A reader that checks what it reads.
pub trait Check {
    /// Reports a mistake. A suite with such a mistake cannot be used.
    fn report(&mut self, at: &impl Placed, mistake: Mistake);

    /// Reports a mistake and returns `None`.
    fn refuse<T>(&mut self, at: &impl Placed, mistake: Mistake) -> Option<T> {
        self.report(at, mistake);
        None
    }

    /// Returns whether a rule holds; if not, reports the mistake.
    fn check(&mut self, holds: bool, at: &impl Placed, mistake: impl FnOnce() -> Mistake) -> bool {
        if !holds {
            self.report(at, mistake());
        }
        holds
    }

    /// Returns `Some` if a rule holds; if not, reports the mistake. With `self.must(...)?` a reader stops at a broken rule.
    fn must(
        &mut self,
        holds: bool,
        at: &impl Placed,
        mistake: impl FnOnce() -> Mistake,
    ) -> Option<()> {
        self.check(holds, at, mistake).then_some(())
    }

    /// Returns `found`; if it is `None`, reports the mistake.
    fn need<T>(
        &mut self,
        found: Option<T>,
        at: &impl Placed,
        mistake: impl FnOnce() -> Mistake,
    ) -> Option<T> {
        self.check(found.is_some(), at, mistake);
        found
    }

    /// Returns the number in an entry. If it is not a number in this range, reports the mistake.
    fn count(
        &mut self,
        entry: Option<&Entry>,
        range: RangeInclusive<usize>,
        at: &impl Placed,
        mistake: impl FnOnce() -> Mistake,
    ) -> Option<usize> {
        let count = entry.and_then(Entry::count);
        self.need(count.filter(|count| range.contains(count)), at, mistake)
    }

    /// Returns the arguments of a node. Reports a mistake if the node has another shape, or another number of arguments.
    fn arguments<'n, const COUNT: usize>(
        &mut self,
        node: &'n Node,
        shape: Shape<'_>,
    ) -> Option<[&'n Entry; COUNT]>
    where
        Self: Sized,
    {
        let shape = Shape {
            arguments: (COUNT, COUNT),
            ..shape
        };
        let arguments: Vec<&Entry> = node.arguments().collect();
        shape.check(node, self).then_some(())?;
        arguments.try_into().ok()
    }

    /// Returns whether a name is new; if it was used already, reports a mistake.
    fn is_first(
        &mut self,
        seen: &mut BTreeSet<String>,
        name: &str,
        what: &str,
        at: &impl Placed,
    ) -> bool {
        self.check(seen.insert(name.to_owned()), at, || {
            mistake::second(what, name)
        })
    }
}

/// Reads an optional part. Returns `otherwise` if the part is omitted, and `None` if it contains a mistake.
pub(crate) fn given_or<'n, T>(
    entry: Option<&'n Entry>,
    otherwise: T,
    read: impl FnOnce(&'n Entry) -> Option<T>,
) -> Option<T> {
    entry.map_or(Some(otherwise), read)
}

impl Check for Findings {
    fn report(&mut self, at: &impl Placed, mistake: Mistake) {
        self.error(at, mistake);
    }
}

/// Returns `did you mean X?`, if one of the known names is similar.
#[must_use]
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(written, known).map(|name| format!("did you mean {name}?"))
}

/// Returns `did you mean X?` if one of the known names is similar; otherwise the list of the known names.
#[must_use]
pub fn one_of<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    did_you_mean(written, known.iter().copied()).unwrap_or_else(|| match known.as_slice() {
        [] => "there are none yet".to_owned(),
        [only] => format!("there is only {only}"),
        _ => format!("there are: {}", known.join(", ")),
    })
}
