//! Text into a tree.

use std::sync::Arc;
use std::thread;

use kdl::{KdlDiagnostic, KdlDocument, KdlError};

use super::{Findings, MAX_FILE_BYTES, Node, SourceFile, Span, scan, tree};

/// The parser recurses, with large frames in a build without optimisation; this is some ten times what
/// [`MAX_DEPTH`](super::MAX_DEPTH) levels take.
const PARSER_STACK_BYTES: usize = 64 * 1024 * 1024;

/// The nodes of a file. Where it is not well-formed, that is reported and nothing comes back.
pub fn parse(file: &Arc<SourceFile>, findings: &mut Findings) -> Option<Vec<Node>> {
    if file.text.len() > MAX_FILE_BYTES {
        findings.error(
            file,
            0..1,
            format!(
                "the file has {} bytes, more than {MAX_FILE_BYTES}",
                file.text.len()
            ),
            "split it; scenarios may be spread over any number of files",
        );
        return None;
    }
    let mut scanned = Findings::default();
    scan::scan(file, &mut scanned);
    let broken = scanned.have_errors();
    findings.append(scanned);
    if broken {
        return None;
    }
    match parse_on_a_large_stack(file) {
        Ok(document) => Some(tree::adopt(&document, file, findings)),
        Err(error) => {
            report(&error, file, findings);
            None
        }
    }
}

/// `kdl` promises neither a bounded stack nor to be free of panics; a thread of its own contains the latter.
fn parse_on_a_large_stack(file: &Arc<SourceFile>) -> Result<KdlDocument, Option<KdlError>> {
    let file = Arc::clone(file);
    thread::Builder::new()
        .name("kdl-parser".to_owned())
        .stack_size(PARSER_STACK_BYTES)
        .spawn(move || KdlDocument::parse_v2(&file.text))
        .map_err(|_| None)?
        .join()
        .map_err(|_| None)?
        .map_err(Some)
}

fn report(error: &Option<KdlError>, file: &Arc<SourceFile>, findings: &mut Findings) {
    let diagnostics = error
        .as_ref()
        .map(|error| error.diagnostics.as_slice())
        .unwrap_or_default();
    for diagnostic in diagnostics {
        let span = place(diagnostic, &file.text);
        let (message, help) = in_words(diagnostic);
        findings.error(file, span, message, help);
    }
    if diagnostics.is_empty() {
        findings.error(
            file,
            0..0,
            "the parser gave up on this file",
            "look for text without quotes and for lone braces",
        );
    }
}

/// Where `kdl` means; a span over many lines begins with the node in which it lost its way, and ends where that was.
fn place(diagnostic: &KdlDiagnostic, text: &str) -> Span {
    let start = diagnostic.span.offset().min(text.len());
    let end = (start + diagnostic.span.len()).min(text.len());
    match text.get(start..end).map(str::trim_end) {
        Some(written) if written.contains('\n') => {
            let last = written.chars().next_back().map_or(0, char::len_utf8);
            start + written.len() - last..start + written.len()
        }
        _ => start..end,
    }
}

/// What `kdl` says, for somebody who does not know the grammar of KDL.
fn in_words(diagnostic: &KdlDiagnostic) -> (String, String) {
    let said = diagnostic.message.as_deref().unwrap_or("this is not KDL");
    let help = diagnostic.help.clone().unwrap_or_else(|| {
        "a step is: who, an arrow, what, then name=value fields, all separated by blanks".to_owned()
    });
    (format!("this cannot be read: {said}"), help)
}
