//! The table that people read in a terminal.

use std::fmt::Write;

use crate::matrix::Matrix;
use crate::report::html::glyph;
use crate::report::paint::Paint;
use crate::report::words::counted;

use super::score;

/// The teams by number with their scores, and a line per case that tells them apart.
#[must_use]
pub fn table(matrix: &Matrix, weights: &str, whole: bool, paint: Paint) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", paint.strong(&matrix.title));
    for (number, team) in (1..).zip(&matrix.teams) {
        let name = printable(&team.name);
        let _ = writeln!(out, "  {number:>3}  {:>5}  {name}", score(team));
    }
    let _ = writeln!(out, "  score: of 100, with {weights}\n");
    let numbers: String = (1..=matrix.teams.len())
        .map(|number| format!("{number:>3}"))
        .collect();
    let _ = writeln!(out, "{numbers}");
    let dull = matrix.rows.iter().filter(|row| row.is_dull()).count();
    for row in matrix.rows.iter().filter(|row| whole || !row.is_dull()) {
        for cell in &row.cells {
            let _ = match cell {
                Some(cell) => {
                    let sign = format!("{:>3}", glyph(cell.verdict));
                    write!(out, "{}", paint.verdict(cell.verdict, &sign))
                }
                None => write!(out, "{:>3}", ""),
            };
        }
        let _ = writeln!(
            out,
            "  {} {}",
            printable(&row.id),
            paint.faint(&printable(&row.title))
        );
    }
    if !whole && dull > 0 {
        let _ = writeln!(
            out,
            "{} that all pass; --verbose shows more",
            counted(dull, "case")
        );
    }
    out
}

/// Names come from files that anybody wrote: a terminal is to obey nothing in them.
fn printable(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                '?'
            } else {
                character
            }
        })
        .collect()
}
