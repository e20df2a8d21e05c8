//! Reads spec.md: prose, with one line per requirement.
//!
//! ```text
//! - **CHATON-1.3** (must, section 1) A login that another connected client uses is refused with LOGIN_REFUSED.
//!     Lines that follow, indented, are remarks.
//! ```

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::source::{Findings, MAX_FILE_BYTES, SourceFile, Span, one_of};

/// One numbered requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// `CHATON-1.3`.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// The section of the document that it comes from.
    pub section: String,
    /// The sentence.
    pub text: String,
    /// The remarks of the suite's authors, in one line; may be empty.
    pub remarks: String,
}

/// How binding a requirement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Violating it fails the target.
    Must,
    /// Violating it is a remark.
    Should,
    /// A free choice.
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
        let message = format!(
            "the file has {} bytes, more than {MAX_FILE_BYTES}",
            file.text.len()
        );
        findings.error(file, 0..1, message, "write a shorter text");
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
                if !seen.insert(requirement.id.clone()) {
                    let message = format!("there is a second requirement {}", requirement.id);
                    findings.error(file, id_span, message, "give one of them another number");
                    continue;
                }
                requirements.push((requirement, id_span));
                in_requirement = true;
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

/// Reports that neither this file nor what the protocol inherits has a requirement.
pub fn nothing_is_asked_for(file: &Arc<SourceFile>, findings: &mut Findings) {
    findings.error(file, 0..0, "this file has no requirements", EXAMPLE);
}

fn read_line(
    line: &str,
    span: &Span,
    file: &Arc<SourceFile>,
    findings: &mut Findings,
) -> Option<(Requirement, Span)> {
    let wrong = |findings: &mut Findings, message: &str| {
        findings.error(file, span.clone(), message, EXAMPLE);
    };
    let after_stars = line.get(4..)?;
    let Some((id, rest)) = after_stars.split_once("**") else {
        wrong(findings, "the requirement's id is not closed with **");
        return None;
    };
    if id.is_empty() || id.contains(char::is_whitespace) {
        wrong(findings, "a requirement's id is one word");
        return None;
    }
    let parenthesis = rest
        .trim_start()
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'));
    let Some((binding, text)) = parenthesis else {
        wrong(
            findings,
            "after its id a requirement needs its level and its section in parentheses",
        );
        return None;
    };
    let (level, section) = binding.split_once(',').unwrap_or((binding, ""));
    let Some(level) = level_named(level.trim()) else {
        let help = one_of(level.trim(), ["must", "should", "may"]);
        findings.error(
            file,
            span.clone(),
            format!("{:?} is not a level", level.trim()),
            help,
        );
        return None;
    };
    if text.trim().is_empty() {
        wrong(findings, "the requirement has no text");
        return None;
    }
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
