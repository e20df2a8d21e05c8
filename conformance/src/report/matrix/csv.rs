//! A table for spreadsheets.

use crate::matrix::Matrix;
use crate::text;

use super::score;

/// Returns a table with a line for each case and a column for each team. The last line contains the scores.
#[must_use]
pub fn to_csv(matrix: &Matrix) -> String {
    let mut out = String::new();
    let teams = matrix.teams.iter().map(|team| team.name.as_str());
    let head = ["case", "title", "level", "weight", "requirements"];
    line(&mut out, head.into_iter().chain(teams));
    for row in &matrix.rows {
        let weight = row.weight.to_string();
        let requirements = row.requirements.join(" ");
        let head = [
            row.id.as_str(),
            &row.title,
            &row.level,
            &weight,
            &requirements,
        ];
        let cells = row
            .cells
            .iter()
            .map(|cell| cell.as_ref().map_or("", |cell| cell.verdict.word()));
        line(&mut out, head.into_iter().chain(cells));
    }
    let scores: Vec<String> = matrix.teams.iter().map(score).collect();
    let head = ["score", "of 100", "", "", ""];
    line(
        &mut out,
        head.into_iter().chain(scores.iter().map(String::as_str)),
    );
    out
}

fn line<'a>(out: &mut String, cells: impl Iterator<Item = &'a str>) {
    let cells: Vec<String> = cells.map(text::csv).collect();
    out.push_str(&cells.join(","));
    // RFC 4180 demands CRLF.
    out.push_str("\r\n");
}
