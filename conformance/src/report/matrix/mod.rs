//! Many targets side by side: on a terminal, as a table for spreadsheets, as a page.

mod csv;
mod page;
mod table;

pub use csv::to_csv;
pub use page::to_page;
pub use table::table;

use crate::matrix::Team;

/// Returns the score as a text such as `87.5`, or a dash if nothing could be judged.
fn score(team: &Team) -> String {
    team.score
        .map_or_else(|| "–".to_owned(), |score| format!("{score:.1}"))
}
