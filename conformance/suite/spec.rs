//! Reads the requirements of spec.md: one line per requirement, between paragraphs of prose.
//!
//! ```text
//! - **CHATON-1.3** (must, section 1) A login that another connected client uses is refused with LOGIN_REFUSED.
//!     Lines that follow, indented, are remarks.
//! ```

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::source::{Check, Findings, MAX_FILE_BYTES, SourceFile, Span};

mod mistake {
    use crate::source::mistakes;

    mistakes! {
        too_long(bytes, most) = "the file has {bytes} bytes; the maximum is {most}", "write a shorter text";
        second(id) = "the requirement {id} is defined twice", "give one of the two another number";
        no_requirements(example) = "this file has no requirements", "{example}";
        id_not_closed(example) = "there is no ** after the requirement's id", "{example}";
        not_an_id(example) = "a requirement's id must be one word", "{example}";
        no_level(example)
            = "after the requirement's id, its level and its section are missing; write them in parentheses", "{example}";
        not_a_level(written) = "{written} is not a level", "";
        no_text(example) = "the requirement has no text", "{example}";
    }
}

/// One numbered requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// `CHATON-1.3`.
    pub id: String,
    /// How binding the requirement is.
    pub level: Level,
    /// The section of the document that it comes from.
    pub section: String,
    /// What the requirement says, in one sentence.
    pub text: String,
    /// The remarks of the suite's authors, in one line; may be empty.
    pub remarks: String,
}

/// How binding a requirement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A target that violates this requirement fails.
    Must,
    /// A target that violates this requirement does not fail, but the report mentions the violation.
    Should,
    /// A target may follow this requirement or not.
    May,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Level::Must => "must",
            Level::Should => "should",
            Level::May => "may",
        })
    }
}

const EXAMPLE: &str =
    "write: - **CHATON-1.3** (must, section 1) A login that is in use is refused.";

/// Returns the requirements of a file, in their order, with the places of their ids.
pub fn read_requirements(
    file: &Arc<SourceFile>,
    findings: &mut Findings,
) -> Vec<(Requirement, Span)> {
    let mut requirements: Vec<(Requirement, Span)> = Vec::new();
    if file.text.len() > MAX_FILE_BYTES {
        let bytes = file.text.len();
        findings.report(&(file, 0..1), mistake::too_long(bytes, MAX_FILE_BYTES));
        return requirements;
    }
    let mut seen = BTreeSet::new();
    let mut in_requirement = false;
    let mut start = 0;
    for line in file.text.split_inclusive('\n') {
        let span = start..start + line.trim_end().len();
        start += line.len();
        let is_item = line.starts_with("- **") || line.starts_with("* **");
        if is_item {
            in_requirement = false;
            if let Some((requirement, id_span)) = read_line(line.trim_end(), &span, file, findings)
            {
                let id = &requirement.id;
                let (is_first, place) = (seen.insert(id.clone()), (file, id_span.clone()));
                in_requirement = findings.check(is_first, &place, || mistake::second(id));
                if in_requirement {
                    requirements.push((requirement, id_span));
                }
            }
        } else if line.starts_with([' ', '\t']) && in_requirement && !line.trim().is_empty() {
            if let Some((requirement, _)) = requirements.last_mut() {
                let gap = if requirement.remarks.is_empty() {
                    ""
                } else {
                    " "
                };
                requirement.remarks = format!("{}{gap}{}", requirement.remarks, line.trim());
            }
        } else if !line.trim().is_empty() {
            in_requirement = false;
        }
    }
    requirements
}

/// Reports that the protocol has no requirements: this file has none, and the protocol inherits none.
pub fn nothing_is_asked_for(file: &Arc<SourceFile>, findings: &mut Findings) {
    findings.report(&(file, 0..0), mistake::no_requirements(EXAMPLE));
}

fn read_line(
    line: &str,
    span: &Span,
    file: &Arc<SourceFile>,
    findings: &mut Findings,
) -> Option<(Requirement, Span)> {
    let at = (file, span.clone());
    let after_stars = line.get(4..)?;
    let id = after_stars.split_once("**");
    let (id, rest) = findings.need(id, &at, || mistake::id_not_closed(EXAMPLE))?;
    let is_one_word = !id.is_empty() && !id.contains(char::is_whitespace);
    findings.must(is_one_word, &at, || mistake::not_an_id(EXAMPLE))?;
    let parenthesis = rest.trim_start().strip_prefix('(');
    let parenthesis = parenthesis.and_then(|rest| rest.split_once(')'));
    let (binding, text) = findings.need(parenthesis, &at, || mistake::no_level(EXAMPLE))?;
    let (level, section) = binding.split_once(',').unwrap_or((binding, ""));
    let written = level.trim();
    let level = findings.need(level_named(written), &at, || {
        mistake::not_a_level(format_args!("{written:?}")).one_of(written, ["must", "should", "may"])
    })?;
    let has_text = !text.trim().is_empty();
    findings.must(has_text, &at, || mistake::no_text(EXAMPLE))?;
    let section = section.trim();
    let requirement = Requirement {
        id: id.to_owned(),
        level,
        section: section
            .strip_prefix("section ")
            .unwrap_or(section)
            .to_owned(),
        text: text.trim().to_owned(),
        remarks: String::new(),
    };
    let id_start = span.start + 4;
    Some((requirement, id_start..id_start + id.len()))
}

fn level_named(name: &str) -> Option<Level> {
    match name {
        "must" => Some(Level::Must),
        "should" => Some(Level::Should),
        "may" => Some(Level::May),
        _ => None,
    }
}
