//! Writes the steps as the text of a scenario file.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::Replay;
use super::names::{Lane, Names};
use super::steps::{Kind, Step, Steps};
use crate::text::{kdl, kdl_comment};

pub(super) fn write(steps: &Steps, names: &Names, head: &Replay<'_>) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "// Recorded between a client and a server. Each run uses new names, and values from the server are remembered."
    );
    let _ = writeln!(
        out,
        "// Write into `checks` which requirements this scenario judges, and keep only the steps that matter.\n"
    );
    let _ = writeln!(out, "scenario {} {{", kdl(head.id));
    let _ = writeln!(out, "    title {}", kdl(head.title));
    let _ = writeln!(out, "    checks {}", head.checks.join(" "));
    for group in groups(&steps.steps) {
        write_group(&mut out, group, names);
    }
    if let Some(why) = &steps.stopped {
        let _ = writeln!(out, "    // The recording ends here: {}.", kdl_comment(why));
    }
    out.push_str("}\n");
    out
}

/// Returns groups of steps. Each step that observes something (`<`) is a group of its own, and all steps between two such
/// steps are one group.
fn groups(steps: &[Step]) -> Vec<&[Step]> {
    steps
        .chunk_by(|one, next| one.kind != Kind::Sees && next.kind != Kind::Sees)
        .collect()
}

fn write_group(out: &mut String, steps: &[Step], names: &Names) {
    let senders: BTreeSet<usize> = steps
        .iter()
        .filter(|step| step.kind == Kind::Sends)
        .map(|step| step.connection)
        .collect();
    if senders.len() < 2 {
        steps.iter().for_each(|step| line(out, step, names, 1));
        return;
    }
    // Several lanes send, and no step between their sends observes anything. So the order in which the server received the
    // sends is not known. Therefore these sends are written in `together`, with the connects before the block and the proof
    // of silence after the block.
    let of = |kinds: &'static [Kind]| steps.iter().filter(|step| kinds.contains(&step.kind));
    of(&[Kind::Opens]).for_each(|step| line(out, step, names, 1));
    let _ = writeln!(out, "    together {{");
    of(&[Kind::Sends, Kind::Does]).for_each(|step| line(out, step, names, 2));
    let _ = writeln!(out, "    }}");
    of(&[Kind::Silent]).for_each(|step| line(out, step, names, 1));
}

fn line(out: &mut String, step: &Step, names: &Names, depth: usize) {
    let Some(lane) = names.lanes.get(&step.connection) else {
        return;
    };
    let indent = "    ".repeat(depth);
    if let Some(remark) = &step.remark {
        let _ = writeln!(out, "{indent}// {}", kdl_comment(remark));
    }
    let name = &lane.name;
    let text = &step.text;
    let _ = match step.kind {
        Kind::Opens => writeln!(out, "{indent}client {name}{}", properties(lane)),
        Kind::Sends | Kind::Does => writeln!(out, "{indent}{name} > {text}"),
        Kind::Sees | Kind::Silent => writeln!(out, "{indent}{name} < {text}"),
    };
}

fn properties(lane: &Lane) -> String {
    match (&lane.same_as, lane.bytes) {
        (Some(other), _) => format!(" name={other}"),
        (None, Some(bytes)) => format!(" name-bytes={bytes}"),
        (None, None) => String::new(),
    }
}
