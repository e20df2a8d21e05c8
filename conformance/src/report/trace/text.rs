//! A trace as text: one block per frame, and in it one row per field.

use std::fmt::Write;

use super::fences;
use crate::report::explain::failed;
use crate::report::paint::Paint;
use crate::report::shown::shown_failure;
use crate::run::Direction;
use crate::text;
use crate::trace::{Block, Part, Trace};

/// The number of bytes in one row.
const ROW: usize = 8;

/// Maximum number of rows for one field. If a field is longer, the last row gives the number of the other bytes.
const ROWS: usize = 8;

/// Returns the trace as text. Texts from other sources are escaped.
#[must_use]
pub fn trace_text(trace: &Trace, paint: Paint) -> String {
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    let _ = writeln!(out, "{}", paint.strong(&text::line(&trace.title)));
    let _ = writeln!(out, "{}", text::line(&trace.origin));
    let parts = trace.blocks.iter().flat_map(|block| &block.parts);
    let names = parts.map(|part| name(part).chars().count()).max();
    for (index, block) in trace.blocks.iter().enumerate() {
        failure(&mut out, trace, index, paint);
        let _ = writeln!(out, "\n{}", painted(block, paint));
        for part in &block.parts {
            rows(&mut out, part, names.unwrap_or(0), paint);
        }
    }
    failure(&mut out, trace, trace.blocks.len(), paint);
    if trace.more > 0 {
        let _ = writeln!(out, "\n({} further events were not recorded)", trace.more);
    }
    if let Some(words) = fences(trace) {
        let _ = writeln!(out, "\n{words}");
    }
    out
}

/// Adds the failure, if it happened after this number of blocks.
fn failure(out: &mut String, trace: &Trace, blocks: usize, paint: Paint) {
    if let Some((before, failure)) = &trace.failure
        && *before == blocks
    {
        let _ = writeln!(out, "\n{}", paint.wrong("the case fails here"));
        failed(out, &shown_failure(failure, text::line), paint);
    }
}

/// Returns the first line of a block, such as `alice > LOGIN, 10 bytes`.
fn painted(block: &Block, paint: Paint) -> String {
    let sign = match block.direction {
        Direction::Sends => ">",
        Direction::Sees => "<",
        Direction::Does => "-",
        Direction::Ends => "|",
    };
    let (lane, title) = (text::line(&block.lane), text::line(&block.title));
    let mut line = format!("{lane} {sign} {title}");
    let is_counted = block.title.split(' ').next() == Some(&block.length.to_string());
    if block.length > 0 && !is_counted {
        let plural = if block.length == 1 { "" } else { "s" };
        let _ = write!(line, ", {} byte{plural}", block.length);
    }
    if block.at_ms > 0.0 {
        let _ = write!(line, ", after {:.1} ms", block.at_ms);
    }
    for (is, mark) in [
        (block.foreign, "of another case"),
        (block.fence, "fence"),
        (block.unasked, "unasked"),
        (block.unexpected && block.remark.is_none(), "not expected"),
    ] {
        if is {
            let _ = write!(line, "  ({mark})");
        }
    }
    if let Some(remark) = &block.remark {
        let _ = write!(line, "  ({})", text::line(remark));
    }
    match block.unexpected {
        true => paint.wrong(&line),
        false => paint.strong(&line),
    }
}

/// Adds the rows of one field: offset, bytes, name and value.
fn rows(out: &mut String, part: &Part, names: usize, paint: Paint) {
    let bytes_width = 3 * ROW - 1;
    let mut name = name(part);
    let mut value = text::line(&part.value);
    let mut row = |at: usize, bytes: &str| {
        let offset = paint.faint(&format!("{at:>6}"));
        let line = format!("{offset}  {bytes:bytes_width$}  {name:names$}  {value}");
        let _ = writeln!(out, "{}", line.trim_end());
        (name, value) = (String::new(), String::new());
    };
    let mut at = 0;
    for bytes in part.bytes.chunks(ROW).take(ROWS) {
        let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        row(part.offset + at, &pairs.join(" "));
        at += bytes.len();
    }
    if at < part.length {
        let more = if at > 0 { "more bytes" } else { "bytes" };
        row(
            part.offset + at,
            &format!("... {} {more}", part.length - at),
        );
    }
    if part.length == 0 {
        row(part.offset, "");
    }
}

fn name(part: &Part) -> String {
    match part.is_length {
        true => format!("length of {}", text::line(&part.name)),
        false => text::line(&part.name),
    }
}
