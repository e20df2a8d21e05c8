//! The matrix of the laboratory: which cases catch each known fault. (A case catches a fault if it fails because of it.)

use std::collections::BTreeMap;
use std::fmt::Write;

use minijinja::{Value, context, value::Serde};
use serde::Serialize;

use super::html::render;
use crate::diagnosis::{Accuracy, Atlas, KnownFault, measure};
use crate::suite::Suite;

/// Returns the matrix as text: each fault with the requirement that it breaks and the cases that catch it.
#[must_use]
pub fn laboratory_text(suite: &Suite, atlas: &Atlas) -> String {
    let mut out = format!("{}: {} faults\n", suite.grammar.title, atlas.faults.len());
    for fault in &atlas.faults {
        let cases: Vec<&str> = fault.fails.iter().map(String::as_str).collect();
        let _ = writeln!(out, "\n  the server {}", fault.does);
        let _ = writeln!(out, "    breaks {}", fault.breaks);
        let _ = writeln!(out, "    failed cases: {}", cases.join(" "));
        if !fault.hides.is_empty() {
            let hidden: Vec<&str> = fault.hides.iter().map(String::as_str).collect();
            let _ = writeln!(out, "    cases that cannot be judged: {}", hidden.join(" "));
        }
    }
    let _ = writeln!(out, "\n{}", in_words(&measure(atlas)));
    out
}

/// Returns a sentence that says how often the diagnosis is right.
fn in_words(accuracy: &Accuracy) -> String {
    let [servers, ..] = accuracy.servers;
    format!(
        "For {servers} imaginary servers, which each fail exactly the cases of one fault, the first cause that the program \
         names is right in {:.0} %.",
        accuracy.percent(1),
    )
}

#[derive(Debug, Serialize)]
struct Matrix<'a> {
    title: &'a str,
    accuracy: String,
    /// The cases that catch at least one fault, each with the number of faults that it catches.
    cases: Vec<Column<'a>>,
    rows: Vec<Row<'a>>,
    /// Cases that catch no fault, because no server of the laboratory violates the requirements that they check.
    idle: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
struct Column<'a> {
    id: &'a str,
    catches: usize,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    does: &'a str,
    breaks: &'a str,
    caught: usize,
    /// One entry for each column: `fail`, `inconclusive` or nothing.
    cells: Vec<&'static str>,
}

/// Returns the matrix as a self-contained page.
///
/// # Panics
///
/// Panics if a template has a mistake. The tests of this crate render every template, so they find such a mistake before a
/// release.
#[must_use]
pub fn laboratory_page(suite: &Suite, atlas: &Atlas) -> String {
    let mut catches: BTreeMap<&str, usize> = BTreeMap::new();
    for id in atlas.faults.iter().flat_map(|fault| &fault.fails) {
        *catches.entry(id).or_default() += 1;
    }
    let known = suite.scenarios.iter().map(|scenario| scenario.id.as_str());
    let (cases, idle): (Vec<&str>, Vec<&str>) = known.partition(|id| catches.contains_key(id));
    let row = |fault: &'_ KnownFault| {
        let cell = |id: &&str| match (fault.fails.contains(*id), fault.hides.contains(*id)) {
            (true, _) => "fail",
            (false, true) => "inconclusive",
            (false, false) => "",
        };
        cases.iter().map(cell).collect()
    };
    let rows = atlas.faults.iter().map(|fault| Row {
        does: &fault.does,
        breaks: &fault.breaks,
        caught: fault.fails.len(),
        cells: row(fault),
    });
    let matrix = Matrix {
        title: &suite.grammar.title,
        accuracy: in_words(&measure(atlas)),
        rows: rows.collect(),
        cases: cases
            .iter()
            .map(|id| Column {
                id,
                catches: catches.get(id).copied().unwrap_or_default(),
            })
            .collect(),
        idle,
    };
    render(
        "lab.html",
        context! { matrix => Value::from(Serde(matrix)) },
    )
}
