//! A file of a suite.

use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// A place in a file, in bytes.
pub type Span = Range<usize>;

/// The longest file that is read. The largest that we know has some 20 KiB; beyond this it is the wrong file.
pub const MAX_FILE_BYTES: usize = 256 * 1024;

/// The text of one file, under the name that people know it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// As it is shown, `chaton/scenarios/login.kdl`.
    pub name: String,
    /// What it holds.
    pub text: String,
    /// Where each line begins: steps ask for their line thousands of times.
    line_starts: Vec<usize>,
}

impl SourceFile {
    /// A file with this name and text.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> SourceFile {
        let text = text.into();
        let behind_newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(behind_newlines).collect();
        SourceFile {
            name: name.into(),
            text,
            line_starts,
        }
    }

    /// The one-based line and column (in characters) of an offset.
    #[must_use]
    pub fn place(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let line_start = line
            .checked_sub(1)
            .and_then(|index| self.line_starts.get(index))
            .copied();
        let before = self
            .text
            .get(line_start.unwrap_or(0)..offset)
            .unwrap_or_default();
        (line, before.chars().count() + 1)
    }
}

impl SourceCode for SourceFile {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.text.read_span(span, lines_before, lines_after)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            contents.data(),
            *contents.span(),
            contents.line(),
            contents.column(),
            contents.line_count(),
        )))
    }
}
