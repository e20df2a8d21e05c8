//! Tests of the matrix, which compares many runs.

use conformance::matrix::{Matrix, RunFile, Weights};
use conformance::report::{Paint, matrix_csv, matrix_page, matrix_table, to_json};

use crate::protocol::{HELLO, TELL, judge};
use crate::target::{Quirk, Target};

/// A case that judges a SHOULD. If the target sends no echo, the verdict is non-strict and not fail.
const ECHO: &str = r#"
scenario "says-to-itself" {
    title "a sender sees its own SAY"
    checks PARLEY-4
    use login alice
    alice > SAY name=@alice text="hi"
    alice < SAY name=@alice text="hi"
}"#;

fn run(name: &str, quirk: Quirk) -> RunFile {
    let target = Target::start(quirk);
    let report = judge(target.address, &[HELLO, TELL, ECHO]);
    RunFile::read(name, &to_json(&report)).expect("our own report can be read")
}

fn class() -> Vec<RunFile> {
    vec![
        run("=wrong", Quirk::WrongText),
        run("right", Quirk::None),
        run("silent", Quirk::NoEcho),
        run("<b>also wrong", Quirk::RelaysTellToNone),
    ]
}

#[test]
fn the_best_team_comes_first_and_equal_teams_are_neighbours() {
    let matrix =
        Matrix::of(&class(), &Weights::default()).expect("all runs have the same protocol");
    let teams: Vec<&str> = matrix.teams.iter().map(|team| team.name.as_str()).collect();
    assert_eq!(teams, ["right", "silent", "=wrong", "<b>also wrong"]);
    assert_eq!(matrix.teams[0].score, Some(100.0));
    // The three cases are worth 3 + 3 + 1 points. The case about the echo is worth 1 point, and this team gets half of it.
    let silent = matrix.teams[1].score.expect("the team was judged");
    assert!((silent - 6.5 / 7.0 * 100.0).abs() < 0.01, "{silent}");
    assert_eq!(matrix.rows[0].id, "tell", "most fail it");
    assert_eq!(
        matrix.rows.last().map(|row| row.id.as_str()),
        Some("hello"),
        "no team fails it"
    );
}

#[test]
fn weights_change_scores_and_wrong_weights_are_explained() {
    let mut weights = Weights::default();
    let text = "// our own\nmust = 1\nnon-strict=0\ncase says-to-itself = 2 // twice\n";
    weights.read(text).expect("they are weights");
    let matrix = Matrix::of(&class(), &weights).expect("all runs have the same protocol");
    let silent = matrix.teams.iter().find(|team| team.name == "silent");
    let score = silent
        .and_then(|team| team.score)
        .expect("the team was judged");
    assert!((score - 50.0).abs() < 0.01, "{score}");
    let wrong = Weights::default()
        .read("must=1\nmost=2")
        .expect_err("it is no word");
    assert!(
        wrong.contains("line 2") && wrong.contains("non-strict"),
        "{wrong}"
    );
    assert!(Weights::default().set("must=-1").is_err());
}

#[test]
fn tables_and_pages_escape_the_names_of_teams() {
    let matrix =
        Matrix::of(&class(), &Weights::default()).expect("all runs have the same protocol");
    let csv = matrix_csv(&matrix);
    assert!(
        csv.starts_with("case,title,level,weight,requirements,right,"),
        "{csv}"
    );
    assert!(csv.contains(",'=wrong") && !csv.contains(",=wrong"));
    assert!(
        csv.lines()
            .last()
            .is_some_and(|line| line.starts_with("score,of 100,,,,100.0,"))
    );
    let page = matrix_page(&matrix, "must 3");
    assert!(page.contains("&lt;b&gt;also wrong") && !page.contains("<b>also"));
    let table = matrix_table(&matrix, "must 3", false, Paint::Plain);
    assert!(table.contains("1 case that all teams pass"), "{table}");
    assert!(table.contains("100.0  right"), "{table}");
}

#[test]
fn runs_of_two_protocols_cannot_be_in_one_matrix() {
    let mut runs = class();
    runs[1].protocol = "another".to_owned();
    let why = Matrix::of(&runs, &Weights::default()).expect_err("they are of two protocols");
    assert!(
        why.contains("a matrix compares runs of one protocol"),
        "{why}"
    );
    assert!(RunFile::read("x", "{}").is_err());
}
