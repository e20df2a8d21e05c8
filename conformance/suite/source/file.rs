//! A file of a suite.

use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::text;

/// A place in a file, in bytes.
pub type Span = Range<usize>;

/// Maximum size of a file. The largest known file has about 20 KiB, so a file above this limit is not a file of a suite.
pub const MAX_FILE_BYTES: usize = 256 * 1024;

/// The text of one file, and the name under which messages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The name that is shown, such as `chaton/scenarios/login.kdl`.
    pub name: String,
    /// The text.
    pub text: String,
    /// The offset of each line's beginning. These offsets are kept because the lines of steps are looked up thousands of
    /// times.
    line_starts: Vec<usize>,
}

impl SourceFile {
    /// Returns a file with this name and text.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> SourceFile {
        let text = text.into();
        let after_newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(after_newlines).collect();
        SourceFile {
            name: name.into(),
            text,
            line_starts,
        }
    }

    /// Returns the line and column (in characters) of an offset, both counted from 1.
    #[must_use]
    pub fn place(&self, offset: usize) -> (usize, usize) {
        let (line, start) = self.line_at(offset);
        let before = self.text.get(start..offset).unwrap_or_default();
        (line, before.chars().count() + 1)
    }

    /// Returns the line of an offset, counted from 1, and the offset at which this line begins.
    fn line_at(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self.line_starts.iter().take(line).next_back();
        (line, start.copied().unwrap_or(0))
    }
}

impl SourceFile {
    /// Returns a copy of the file for a terminal: every character that a terminal would treat as a command is replaced by
    /// harmless characters. All offsets stay the same.
    pub(super) fn shown_in_a_terminal(&self) -> SourceFile {
        SourceFile {
            name: text::line(&self.name),
            text: text::masked(&self.text),
            line_starts: self.line_starts.clone(),
        }
    }
}

/// If a line is long, at most this number of bytes are shown before the beginning of a mistake, and at most twice this
/// number after it.
const MAX_SHOWN_BYTES: usize = 200;

impl SourceFile {
    /// Returns the part of a span that is shown: at most its first line, and at most [`MAX_SHOWN_BYTES`] bytes. The code
    /// that draws the carets under a mistake relies on both limits.
    pub(super) fn shown(&self, span: &Span) -> Span {
        let start = self.boundary(span.start);
        let rest = self.text.get(start..).unwrap_or_default();
        let line_end = start + rest.find('\n').unwrap_or(rest.len());
        let end = span
            .end
            .min(line_end)
            .min(start + MAX_SHOWN_BYTES)
            .max(start);
        start..self.boundary(end)
    }

    /// Returns the offset. If the offset is inside a character, returns the offset where that character begins.
    fn boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    /// If a line is too long to be shown as a whole, this returns the part of the line around the span.
    fn excerpt(&self, span: &SourceSpan) -> MietteSpanContents<'_> {
        let (line, line_start) = self.line_at(span.offset());
        let start = self.boundary(span.offset().saturating_sub(MAX_SHOWN_BYTES));
        let start = start.max(line_start);
        let wanted = self.boundary(span.offset() + 2 * MAX_SHOWN_BYTES);
        let shown = self.text.get(start..wanted).unwrap_or_default();
        let shown = shown.split('\n').next().unwrap_or_default();
        let (_, column) = self.place(start);
        MietteSpanContents::new_named(
            self.name.clone(),
            shown.as_bytes(),
            SourceSpan::from(start..start + shown.len()),
            line - 1,
            column - 1,
            1,
        )
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
        let longest = contents
            .data()
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::len)
            .max();
        if longest.is_some_and(|longest| longest > 2 * MAX_SHOWN_BYTES) {
            return Ok(Box::new(self.excerpt(span)));
        }
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            contents.data(),
            *contents.span(),
            contents.line(),
            // Gives the column in characters, as people count it; the crate `miette` itself would count bytes.
            self.place(contents.span().offset()).1 - 1,
            contents.line_count(),
        )))
    }
}
