//! Tests that the figures in the lessons are those of `numbers.md`.

use std::collections::BTreeMap;

use crate::lessons::lesson;
use crate::step::STEPS;

/// Each pair names a column in the tables of the lessons, and the column in `numbers.md` from which its figures come.
const COLUMNS: [(&str, &str); 6] = [
    ("busy: CPU per delivery", "busy: CPU / step 3"),
    ("busy: deliveries/s", "busy: deliveries/s / step 3"),
    ("quiet: CPU per delivery", "quiet: CPU / step 3"),
    ("quiet: latency (p50)", "quiet: p50 / step 3"),
    ("threads", "threads"),
    ("KiB per idle client", "KiB per idle client"),
];

/// A row of a table: a map from the head of each column to the cell.
type Row<'a> = BTreeMap<&'a str, String>;

/// Returns the rows of all tables whose first column is `clients`.
fn rows(page: &str) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for table in page
        .split("\n\n")
        .filter(|part| part.starts_with("| clients |"))
    {
        let mut lines = table.lines();
        let heads: Vec<_> = cells(lines.next().unwrap()).collect();
        for line in lines.skip(1) {
            let cells = cells(line).map(|cell| cell.trim_matches('`').to_owned());
            rows.push(heads.iter().copied().zip(cells).collect());
        }
    }
    rows
}

/// Returns the cells of a line of a table.
fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.trim_matches('|').split('|').map(str::trim)
}

#[test]
fn the_lessons_repeat_the_figures_of_numbers_md() {
    let numbers = rows(include_str!("../../numbers.md"));
    let mut compared = 0;
    for number in 4..=8 {
        let page = lesson(number);
        for row in rows(&page) {
            // If a table has no column `program`, its figures are those of the step that the lesson explains.
            let program = row
                .get("program")
                .map_or(STEPS[number - 1].0, String::as_str);
            let measured = numbers
                .iter()
                .find(|other| other["clients"] == row["clients"] && other["program"] == program);
            let measured = measured.unwrap_or_else(|| {
                panic!("numbers.md has no row for {program}, {}", row["clients"])
            });
            for (head, column) in COLUMNS {
                // Skip cells with a formula such as `2N + 1`; another test checks them.
                if let Some(cell) = row.get(head).filter(|cell| !cell.contains('N')) {
                    let expected = measured[column].replace(' ', "");
                    assert_eq!(
                        *cell, expected,
                        "lesson {number}: {program}, {} clients, {head}",
                        row["clients"]
                    );
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 40, "only {compared} figures were compared");
}
