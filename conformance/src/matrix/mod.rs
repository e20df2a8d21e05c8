//! The matrix: the results of several runs, side by side.
//!
//! | file | what |
//! |---|---|
//! | `run` | the part of a run's JSON report that a matrix reads |
//! | `weights` | the weights of cases and verdicts |
//! | `order` | puts similar rows, and similar columns, next to each other |

mod order;
mod run;
mod weights;

use std::collections::BTreeMap;

use crate::run::Verdict;

pub use run::{CaseOfRun, RunFile};
pub use weights::Weights;

use order::neighbours;

/// The results of several runs: one column for each target, one row for each case.
#[derive(Debug, Clone)]
pub struct Matrix {
    /// The protocol's title.
    pub title: String,
    /// The columns. Similar columns are next to each other.
    pub teams: Vec<Team>,
    /// The rows. Similar rows are next to each other.
    pub rows: Vec<Row>,
}

/// One target.
#[derive(Debug, Clone)]
pub struct Team {
    /// The name of the team.
    pub name: String,
    /// The address or command of the target.
    pub target: String,
    /// The score, from 0 to 100; `None` if there are no points to earn.
    pub score: Option<f64>,
    /// The result of the team's run, as a sentence.
    pub sentence: String,
    /// For each reading: its name, and the choice that this target made.
    pub readings: Vec<(String, String)>,
}

/// One case.
#[derive(Debug, Clone)]
pub struct Row {
    /// The id of the case.
    pub id: String,
    /// The title of the case.
    pub title: String,
    /// The highest level (must, should or may) among the requirements of the case.
    pub level: String,
    /// The ids of the requirements that the case cites.
    pub requirements: Vec<String>,
    /// The number of points that the case is worth.
    pub weight: f64,
    /// One cell for each team, in the order of the teams; `None` if the run of the team did not have the case.
    pub cells: Vec<Option<Cell>>,
}

/// The result of a case for a team.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The verdict.
    pub verdict: Verdict,
    /// Why the case did not pass, in a few words.
    pub why: Option<String>,
}

impl Row {
    /// Returns the number of teams with the verdict fail or error for this case.
    #[must_use]
    pub fn failures(&self) -> usize {
        let cells = self.cells.iter().flatten();
        cells
            .filter(|cell| matches!(cell.verdict, Verdict::Fail | Verdict::Error))
            .count()
    }

    /// Returns whether all teams pass the case (verdict pass or note). Such a case does not distinguish the teams.
    #[must_use]
    pub fn is_dull(&self) -> bool {
        let good = |cell: &Option<Cell>| {
            cell.as_ref()
                .is_some_and(|cell| matches!(cell.verdict, Verdict::Pass | Verdict::Note))
        };
        self.cells.iter().all(good)
    }
}

impl Matrix {
    /// Compares runs of one protocol.
    ///
    /// # Errors
    ///
    /// Fails if there are no runs, or if they are runs of different protocols. The error is a sentence.
    pub fn of(runs: &[RunFile], weights: &Weights) -> Result<Matrix, String> {
        let first = runs.first().ok_or("there are no reports to compare")?;
        if let Some(other) = runs.iter().find(|run| run.protocol != first.protocol) {
            return Err(format!(
                "{} is a run of {}, but {} is a run of {}; a matrix compares runs of one protocol",
                first.name, first.protocol, other.name, other.protocol
            ));
        }
        let mut matrix = Matrix {
            title: first.title.clone(),
            teams: runs.iter().map(|run| team(run, weights)).collect(),
            rows: rows(runs, weights),
        };
        matrix.put_in_order();
        Ok(matrix)
    }

    /// Orders the columns so that similar teams are next to each other, and the rows so that similar cases are next to each
    /// other. The first column is the team with the highest score, and the first row is the case that fails for the largest
    /// number of teams.
    fn put_in_order(&mut self) {
        let mut by_score: Vec<usize> = (0..self.teams.len()).collect();
        let score = |team: usize| {
            self.teams
                .get(team)
                .and_then(|team| team.score)
                .unwrap_or(-1.0)
        };
        by_score.sort_by(|one, other| score(*other).total_cmp(&score(*one)));
        let columns: Vec<Vec<Option<Verdict>>> = by_score
            .iter()
            .map(|team| {
                let cells = self.rows.iter().map(|row| row.cells.get(*team));
                cells.map(|cell| cell.and_then(verdict)).collect()
            })
            .collect();
        let teams = in_order(&by_score, &neighbours(&columns));
        self.teams = in_order(&self.teams, &teams);
        for row in &mut self.rows {
            row.cells = in_order(&row.cells, &teams);
        }
        // Cases that all teams pass come last, and keep their order.
        let (dull, mut telling): (Vec<Row>, Vec<Row>) = self.rows.drain(..).partition(Row::is_dull);
        telling.sort_by_key(|row| std::cmp::Reverse(row.failures()));
        let lines: Vec<Vec<Option<Verdict>>> = telling
            .iter()
            .map(|row| row.cells.iter().map(verdict).collect())
            .collect();
        self.rows = in_order(&telling, &neighbours(&lines));
        self.rows.extend(dull);
    }
}

/// Returns the items of `all` in a new order. `order` contains the index in `all` of each item of the result.
fn in_order<T: Clone>(all: &[T], order: &[usize]) -> Vec<T> {
    let numbered = order.iter().filter_map(|index| all.get(*index));
    numbered.cloned().collect()
}

/// Returns the verdict of a cell, for comparing cells. A `note` counts as a `pass`: two targets that make different allowed
/// choices do not differ in quality.
fn verdict(cell: &Option<Cell>) -> Option<Verdict> {
    cell.as_ref().map(|cell| match cell.verdict {
        Verdict::Note => Verdict::Pass,
        other => other,
    })
}

fn team(run: &RunFile, weights: &Weights) -> Team {
    Team {
        name: run.name.clone(),
        target: run.target.clone(),
        score: weights.score(&run.cases),
        sentence: run.sentence.clone(),
        readings: run
            .readings
            .iter()
            .map(|reading| (reading.name.clone(), reading.choice.clone()))
            .collect(),
    }
}

/// Returns a row for each case that is in at least one of the runs. The rows are in the order in which the cases first
/// appear in the runs.
fn rows(runs: &[RunFile], weights: &Weights) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (team, run) in runs.iter().enumerate() {
        for case in &run.cases {
            let place = *places.entry(&case.id).or_insert_with(|| {
                rows.push(Row {
                    id: case.id.clone(),
                    title: case.title.clone(),
                    level: case.level().to_owned(),
                    requirements: case
                        .requirements
                        .iter()
                        .map(|each| each.id.clone())
                        .collect(),
                    weight: weights.of_case(case),
                    cells: vec![None; runs.len()],
                });
                rows.len() - 1
            });
            let row = rows.get_mut(place);
            if let Some(cell) = row.and_then(|row| row.cells.get_mut(team)) {
                *cell = Some(Cell {
                    verdict: case.verdict,
                    why: case.why(),
                });
            }
        }
    }
    rows
}
