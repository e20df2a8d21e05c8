//! The table that people read in a terminal.

use std::fmt::Write;

use crate::matrix::Matrix;
use crate::report::paint::Paint;
use crate::report::words::counted;
use crate::report::words::glyph;
use crate::text;

use super::score;

/// Returns a numbered line for each team with its score, then a line for each case. If `whole` is false, cases that all
/// teams pass are left out.
#[must_use]
pub fn table(matrix: &Matrix, weights: &str, whole: bool, paint: Paint) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", paint.strong(&text::line(&matrix.title)));
    for (number, team) in (1..).zip(&matrix.teams) {
        let name = text::line(&team.name);
        let _ = writeln!(out, "  {number:>3}  {:>5}  {name}", score(team));
    }
    let _ = writeln!(out, "  score: of 100, with {}\n", text::line(weights));
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
            text::line(&row.id),
            paint.faint(&text::line(&row.title))
        );
    }
    if !whole && dull > 0 {
        let _ = writeln!(
            out,
            "{} that all teams pass; --verbose lists them",
            counted(dull, "case")
        );
    }
    out
}
