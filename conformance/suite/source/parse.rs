//! Parses text into a tree.

use std::sync::Arc;
use std::thread;

use kdl::{KdlDiagnostic, KdlDocument, KdlError};

use super::{
    Check, Findings, MAX_FILE_BYTES, Mistake, Node, SourceFile, Span, mistake, scan, tree,
};

/// Stack size of the parser. The parser recurses, and in a build without optimisation its stack frames are large. This size
/// is about ten times the size that a file with [`MAX_DEPTH`](super::MAX_DEPTH) levels needs.
const PARSER_STACK_BYTES: usize = 64 * 1024 * 1024;

/// Returns the nodes of a file. If the file is not well-formed, reports that and returns `None`.
pub fn parse(file: &Arc<SourceFile>, findings: &mut Findings) -> Option<Vec<Node>> {
    let bytes = file.text.len();
    findings.must(bytes <= MAX_FILE_BYTES, &(file, 0..1), || {
        mistake::file_too_long(bytes, MAX_FILE_BYTES)
    })?;
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

/// Parses on a separate thread with a large stack, because `kdl` may need one. `kdl` may also panic, and then the panic ends
/// only this thread.
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

/// Reports only the first mistake that `kdl` found. After a mistake `kdl` misreads the rest of the file, so its later
/// messages are misleading.
fn report(error: &Option<KdlError>, file: &Arc<SourceFile>, findings: &mut Findings) {
    let diagnostics = error.iter().flat_map(|error| &error.diagnostics);
    // The scan has checked that every brace is closed. So if `kdl` says that a block is not closed, the message is wrong:
    // the real mistake is inside that block.
    let first = diagnostics
        .filter(|diagnostic| {
            !diagnostic
                .message
                .as_ref()
                .is_some_and(|said| said.contains("No closing"))
        })
        .map(|diagnostic| (place(diagnostic, &file.text), diagnostic))
        .min_by_key(|(span, _)| span.start);
    match first {
        Some((span, diagnostic)) => findings.error(&(file, span), in_words(diagnostic)),
        None => findings.error(&(file, 0..0), mistake::unreadable()),
    }
}

/// Returns the place of the mistake that `kdl` found. If the span of `kdl` has several lines, it begins with the node that
/// `kdl` could not read, and it ends at the mistake.
fn place(diagnostic: &KdlDiagnostic, text: &str) -> Span {
    let start = diagnostic.span.offset().min(text.len());
    let end = (start + diagnostic.span.len()).min(text.len());
    match text.get(start..end).map(str::trim_end) {
        Some(written) if written.contains('\n') => {
            let written_end = start + written.len();
            let after = text.get(written_end..).unwrap_or_default();
            let lost_at = text.len() - after.trim_start().len();
            let character = after.trim_start().chars().next().map_or(0, char::len_utf8);
            lost_at..lost_at + character
        }
        _ => start..end,
    }
}

/// Returns the message of `kdl`, for a reader who does not know the grammar of KDL.
fn in_words(diagnostic: &KdlDiagnostic) -> Mistake {
    let said = diagnostic.message.as_deref().unwrap_or_default();
    // If the message of `kdl` mentions an end or a closing sign, it only means that `kdl` did not expect the text at this
    // place.
    if said.is_empty()
        || said.contains("Closing")
        || said.contains("closing")
        || said.contains("end of document")
    {
        return mistake::misplaced();
    }
    let mut characters = said.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    let said: String = first.into_iter().chain(characters).collect();
    mistake::unread(said)
}
