//! The page of a matrix.

use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;

use crate::matrix::{Matrix, Row, Team};
use crate::report::html::render;
use crate::report::words::glyph;

use super::score;

#[derive(Debug, Serialize)]
struct Page<'a> {
    title: &'a str,
    weights: &'a str,
    /// The teams, in the order of the columns.
    teams: Vec<TeamView<'a>>,
    /// The teams, in the order of their scores, the best first.
    ranked: Vec<TeamView<'a>>,
    rows: Vec<RowView<'a>>,
    /// Cases that all teams pass.
    dull: Vec<RowView<'a>>,
}

#[derive(Debug, Serialize)]
struct TeamView<'a> {
    name: &'a str,
    target: &'a str,
    score: String,
    share: f64,
    sentence: &'a str,
    readings: &'a [(String, String)],
}

#[derive(Debug, Serialize)]
struct RowView<'a> {
    id: &'a str,
    title: &'a str,
    level: &'a str,
    requirements: String,
    failures: usize,
    cells: Vec<CellView<'a>>,
}

#[derive(Debug, Serialize)]
struct CellView<'a> {
    team: &'a str,
    verdict: &'static str,
    glyph: &'static str,
    why: Option<&'a str>,
}

/// Returns the matrix as a self-contained page; `weights` explains how its scores are computed.
///
/// # Panics
///
/// Panics if a template has a mistake. The tests of this crate render every template, so they find such a mistake before a
/// release.
#[must_use]
pub fn to_page(matrix: &Matrix, weights: &str) -> String {
    let (dull, telling): (Vec<&Row>, Vec<&Row>) = matrix.rows.iter().partition(|row| row.is_dull());
    let mut ranked: Vec<&Team> = matrix.teams.iter().collect();
    let points = |team: &Team| team.score.unwrap_or(-1.0);
    ranked.sort_by(|one, other| points(other).total_cmp(&points(one)));
    let page = Page {
        title: &matrix.title,
        weights,
        teams: matrix.teams.iter().map(TeamView::of).collect(),
        ranked: ranked.into_iter().map(TeamView::of).collect(),
        rows: telling.into_iter().map(|row| view(matrix, row)).collect(),
        dull: dull.into_iter().map(|row| view(matrix, row)).collect(),
    };
    render("matrix.html", context! { page => Value::from(Serde(page)) })
}

impl<'a> TeamView<'a> {
    fn of(team: &'a Team) -> TeamView<'a> {
        TeamView {
            name: &team.name,
            target: &team.target,
            score: score(team),
            share: team.score.unwrap_or(0.0),
            sentence: &team.sentence,
            readings: &team.readings,
        }
    }
}

fn view<'a>(matrix: &'a Matrix, row: &'a Row) -> RowView<'a> {
    let cells = matrix.teams.iter().zip(&row.cells);
    RowView {
        id: &row.id,
        title: &row.title,
        level: &row.level,
        requirements: row.requirements.join(" "),
        failures: row.failures(),
        cells: cells
            .map(|(team, cell)| CellView {
                team: &team.name,
                verdict: cell.as_ref().map_or("unjudged", |cell| cell.verdict.word()),
                glyph: cell.as_ref().map_or("", |cell| glyph(cell.verdict)),
                why: cell.as_ref().and_then(|cell| cell.why.as_deref()),
            })
            .collect(),
    }
}
