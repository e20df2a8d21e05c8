//! The top-level nodes of a scenario file, and their ids.

use std::collections::BTreeSet;

use crate::scenario::Context;
use crate::source::{Entry, Findings, Node, Span, is_first, one_of};

/// Returns the scenarios and probes with their ids. Those without an id, or with an id that is taken, are reported and left out.
pub(super) fn collect_ids<'a>(
    nodes: &[&'a Node],
    context: Context<'_>,
    findings: &mut Findings,
) -> Vec<(String, &'a Node)> {
    let mut seen = BTreeSet::new();
    let mut heads = Vec::new();
    for node in nodes.iter().copied() {
        let word = node.name.text.as_str();
        let id = match word {
            "fragment" => continue,
            "scenario" => id_of(node, findings),
            "probe" => probe_id(node, context, findings),
            _ => {
                let help = one_of(word, ["scenario", "probe", "fragment", "remove"]);
                let message = format!("`{word}` cannot be at the top level of a file of scenarios");
                findings.error(&node.file, node.name.span.clone(), message, help);
                continue;
            }
        };
        if let Some((id, span)) = id
            && is_first(&mut seen, &id, word, node, &span, findings)
        {
            heads.push((id, node));
        }
    }
    heads
}

fn id_of(node: &Node, findings: &mut Findings) -> Option<(String, Span)> {
    let entry = node.arguments().next();
    let id = entry.and_then(Entry::name).filter(|id| {
        !id.is_empty()
            && id
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c))
    });
    if let (Some(id), Some(entry)) = (id, entry) {
        return Some((id, entry.span.clone()));
    }
    let span = entry.map_or(&node.name.span, |entry| &entry.span);
    let help = "write a short id in lowercase: scenario \"login-taken\" { ... }";
    findings.error(&node.file, span.clone(), "a scenario needs an id", help);
    None
}

fn probe_id(node: &Node, context: Context<'_>, findings: &mut Findings) -> Option<(String, Span)> {
    let entry = node.arguments().next();
    let name = entry.and_then(Entry::name).unwrap_or_default();
    let span = entry.map_or(&node.name.span, |entry| &entry.span);
    if context.grammar.reading_named(&name).is_none() {
        let help = one_of(
            &name,
            context
                .grammar
                .readings
                .iter()
                .map(|reading| reading.name.as_str()),
        );
        findings.error(
            &node.file,
            span.clone(),
            format!("wire.kdl has no reading {name:?}"),
            help,
        );
        return None;
    }
    Some((format!("probe-{name}"), span.clone()))
}
