//! Tests every function that escapes text with every Unicode character.

use conformance::text;
use conformance::text::is_hidden;

/// Number of characters in one text. Some tests parse a whole document. They put this number of characters into each
/// document, because one document per character would take too long.
const PIECE: usize = 4096;

fn everything() -> impl Iterator<Item = char> {
    char::MIN..=char::MAX
}

/// Returns all characters, divided into pieces. Each piece is between `<` and `>`. Without these signs, a program that reads
/// the piece might remove spaces at its ends.
fn pieces() -> Vec<String> {
    let all: Vec<char> = everything().collect();
    let piece = |part: &[char]| format!("<{}>", part.iter().collect::<String>());
    all.chunks(PIECE).map(piece).collect()
}

/// Puts each character into a text at the places where it could do the most harm, escapes the text, and checks the result.
fn each_character(escape: impl Fn(&str) -> String, spared: &[char], check: impl Fn(&str)) {
    for character in everything() {
        let shown = escape(&format!("{character}::x{character}##[y]\n{character}::"));
        let hidden = shown
            .chars()
            .find(|each| is_hidden(*each) && !spared.contains(each));
        assert_eq!(hidden, None, "{character:?}: {shown:?}");
        check(&shown);
    }
}

fn no_command(shown: &str) {
    let command = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
    assert!(!shown.lines().any(command), "{shown:?}");
}

fn one_line(shown: &str) {
    no_command(shown);
    assert!(!shown.contains(['\n', '\r']), "{shown:?}");
}

#[test]
fn a_part_of_a_line_on_the_terminal_stays_in_its_line() {
    each_character(text::line, &[], one_line);
}

#[test]
fn lines_on_the_terminal_contain_no_commands() {
    each_character(text::lines, &['\n'], no_command);
    each_character(text::guarded, &['\n'], no_command);
}

#[test]
fn an_annotation_is_one_line() {
    each_character(text::annotation, &[], one_line);
    each_character(text::annotation_property, &[], |shown| {
        one_line(shown);
        assert!(!shown.contains([':', ',']), "{shown:?}");
    });
}

#[test]
fn a_description_in_tap_contains_no_directive() {
    each_character(text::tap, &[], |shown| {
        one_line(shown);
        assert!(
            !shown.replace("\\\\", "").replace("\\#", "").contains('#'),
            "{shown:?}"
        );
    });
}

#[test]
fn a_quoted_value_in_tap_is_read_back_unchanged() {
    each_character(text::yaml, &[], one_line);
    for piece in pieces() {
        let read: String = serde_json::from_str(&text::yaml(&piece)).expect("it is quoted");
        assert_eq!(read, text::line(&piece));
    }
}

#[test]
fn a_value_in_a_page_contains_no_markup() {
    let page = |value: &str| text::markup(&text::html(value));
    each_character(page, &['\n', '\t'], |shown| {
        no_command(shown);
        assert!(!shown.contains(['<', '>', '"', '\'']), "{shown:?}");
        let references = shown.matches('&').count();
        let known = [
            "&amp;", "&lt;", "&gt;", "&quot;", "&#x27;", "&#58;", "&#35;",
        ];
        let known: usize = known.iter().map(|each| shown.matches(each).count()).sum();
        assert_eq!(references, known, "{shown:?}");
    });
}

#[test]
fn xml_is_read_back_unchanged() {
    for piece in pieces() {
        let shown = text::xml(&piece);
        let legal = |each: char| matches!(each, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        assert!(shown.chars().all(legal));
        let mut case = quick_junit::TestCase::new("it", quick_junit::TestCaseStatus::success());
        case.set_system_out(shown.as_str());
        let mut suite = quick_junit::TestSuite::new("all");
        suite.add_test_case(case);
        let mut report = quick_junit::Report::new("all");
        report.add_test_suite(suite);
        let document = text::markup(&report.to_string().expect("the file can be written"));
        no_command(&document);
        let read = quick_junit::Report::deserialize_from_str(&document).expect("it is XML");
        let said = read.test_suites[0].test_cases[0].system_out.as_ref();
        assert_eq!(said.map(|said| said.as_str()), Some(&*shown));
    }
}

#[test]
fn json_keeps_each_character() {
    let document = |value: &str| text::json(&serde_json::Value::from(value).to_string());
    each_character(document, &[], one_line);
    for piece in pieces() {
        let read: String = serde_json::from_str(&document(&piece)).expect("the report is JSON");
        assert_eq!(read, piece);
    }
}

#[test]
fn kdl_keeps_each_character() {
    for piece in pieces() {
        let document = format!(
            "node {} // {}\nlast",
            text::kdl(&piece),
            text::kdl_comment(&piece)
        );
        assert!(!document.chars().any(|each| is_hidden(each) && each != '\n'));
        let read: kdl::KdlDocument = document.parse().expect("it is KDL");
        assert_eq!(read.nodes().len(), 2);
        let value = read.nodes()[0].get(0).and_then(|value| value.as_string());
        assert_eq!(value, Some(&*piece));
    }
}

#[test]
fn a_cell_of_a_table_is_one_line_and_not_a_formula() {
    for character in everything() {
        let shown = text::csv(&character.to_string());
        let formula = shown
            .trim_start_matches('"')
            .starts_with(['=', '+', '-', '@']);
        assert!(!formula && !shown.chars().any(is_hidden), "{shown:?}");
    }
}
