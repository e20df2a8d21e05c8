//! Mistakes: what is wrong, where, and what to write instead.

use std::fmt;
use std::sync::Arc;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan};

use super::{Mistake, Placed, SourceFile, Span};
use crate::text;

/// One mistake, or one warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the suite can be used in spite of the mistake.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// The file.
    pub file: Arc<SourceFile>,
    /// The part of the file that contains the mistake, as a range of bytes.
    pub span: Span,
}

/// The severity of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The suite can be used.
    Warning,
    /// The suite cannot be used.
    Error,
}

impl Diagnostic {
    /// Returns the line, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.file.place(self.span.start).0
    }

    /// Returns the column in characters, counted from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.file.place(self.span.start).1
    }
}

/// Shows the message alone; [`Diagnostics::render`] shows the place and the remedy.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        // If the file is empty or unreadable, there is no text to point to.
        (!self.file.text.is_empty()).then_some(&*self.file as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = miette::SourceSpan::from(self.file.shown(&self.span));
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(
            None, span,
        ))))
    }
}

/// The mistakes of a suite, in the order of files and lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Returns the number of errors. A suite with errors cannot be used.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.0
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .count()
    }

    /// Renders each diagnostic with its file, line, column and caret, for a terminal.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let theme = if colour {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(100);
        let mut out = String::new();
        let mut files = ShownFiles::default();
        for diagnostic in &self.0 {
            let mut diagnostic = files.shown(diagnostic);
            if diagnostic.file.text.is_empty() {
                // Without a source text, no other line of the output would name the file.
                diagnostic.message = format!("{}: {}", diagnostic.file.name, diagnostic.message);
            }
            if handler.render_report(&mut out, &diagnostic).is_err() {
                out.push_str(&diagnostic.message);
            }
            out.push('\n');
        }
        // Wrapping may have broken a long word, so that a line begins with the rest of the word. A build server could treat
        // this rest as a command.
        text::guarded(&out)
    }
}

/// Escapes mistakes and their source files for a terminal, because a suite may come from an author whom the user cannot
/// trust. The last escaped file is kept, because the next mistake is often in the same file.
#[derive(Default)]
struct ShownFiles {
    last: Option<(Arc<SourceFile>, Arc<SourceFile>)>,
}

impl ShownFiles {
    fn shown(&mut self, diagnostic: &Diagnostic) -> Diagnostic {
        let file = &diagnostic.file;
        let kept = self.last.take();
        let kept = kept.filter(|(read, _)| Arc::ptr_eq(read, file));
        let shown = kept.map_or_else(|| Arc::new(file.shown_in_a_terminal()), |(_, shown)| shown);
        self.last = Some((Arc::clone(file), Arc::clone(&shown)));
        Diagnostic {
            severity: diagnostic.severity,
            message: text::lines(&diagnostic.message),
            help: diagnostic.help.as_deref().map(text::lines),
            file: shown,
            span: diagnostic.span.clone(),
        }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

/// Maximum number of errors, and of warnings. People do not read a longer list, and a file of random bytes would give one
/// error for every word.
const MAX_FINDINGS: usize = 200;

/// The collection of diagnostics while a suite is read.
#[derive(Debug, Default)]
pub struct Findings {
    found: Vec<Diagnostic>,
}

impl Findings {
    /// Adds an error. A suite with an error cannot be used.
    pub fn error(&mut self, at: &impl Placed, mistake: Mistake) {
        self.find(Severity::Error, at, mistake);
    }

    /// Adds a warning.
    pub fn warning(&mut self, at: &impl Placed, mistake: Mistake) {
        self.find(Severity::Warning, at, mistake);
    }

    fn find(&mut self, severity: Severity, at: &impl Placed, Mistake { message, help }: Mistake) {
        let (file, span) = at.place();
        self.add(Diagnostic {
            severity,
            message,
            help: (!help.is_empty()).then_some(help),
            file: Arc::clone(file),
            span,
        });
    }

    /// Adds a diagnostic, unless there is one for the same place already. The same steps of a fragment or of a repetition
    /// are read many times, but one report about the same place is enough.
    fn add(&mut self, finding: Diagnostic) {
        let again = self.found.iter().any(|earlier| {
            Arc::ptr_eq(&earlier.file, &finding.file) && earlier.span == finding.span
        });
        let alike = self
            .found
            .iter()
            .filter(|earlier| earlier.severity == finding.severity);
        if !again && alike.count() < MAX_FINDINGS {
            self.found.push(finding);
        }
    }

    /// Adds the findings of another collection.
    pub fn append(&mut self, other: Findings) {
        for finding in other.found {
            self.add(finding);
        }
    }

    /// Returns whether an error was found. A suite with errors cannot be used.
    #[must_use]
    pub fn have_errors(&self) -> bool {
        self.found
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Returns all diagnostics, in the order of files and places.
    #[must_use]
    pub fn into_diagnostics(mut self) -> Diagnostics {
        self.found
            .sort_by(|a, b| (&a.file.name, a.span.start).cmp(&(&b.file.name, b.span.start)));
        Diagnostics(self.found)
    }
}
