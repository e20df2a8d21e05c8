//! Escapes for JSON, KDL and CSV.

use std::fmt::Write;

use super::commands::without_commands;
use super::hidden::{is_hidden, push_escape, visible};
use super::terminal::line;

/// Escapes a whole document that a library has written. JSON allows most hidden characters inside strings without an escape.
/// Outside strings the only hidden characters are line ends. So every other hidden character is in a string, and this
/// function replaces it by an escape of the same character.
#[must_use]
pub fn json(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    for character in document.chars() {
        if is_hidden(character) && character != '\n' {
            push_utf16(&mut out, character);
        } else {
            out.push(character);
        }
    }
    without_commands(&out, push_utf16)
}

fn push_utf16(out: &mut String, character: char) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        // Writing to a `String` cannot fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
}

/// Returns a KDL string in quotes. A KDL parser that reads this string gets exactly the same text.
#[must_use]
pub fn kdl(text: &str) -> String {
    let mut out = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            hidden if is_hidden(hidden) => push_escape(&mut out, hidden),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// Escapes text in a comment of KDL, so that the text cannot end the comment.
#[must_use]
pub fn kdl_comment(text: &str) -> String {
    visible(text, &[])
}

/// Escapes a cell of a table for spreadsheets. If a spreadsheet would treat the text as a formula, the text gets an
/// apostrophe before it.
#[must_use]
pub fn csv(text: &str) -> String {
    let text = line(text);
    let acts = text.starts_with([
        '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]);
    let text = format!("{}{text}", if acts { "'" } else { "" });
    if text.contains(['"', ',']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_keeps_its_values() {
        let value = serde_json::json!({"a": "\u{202e}\u{e0041}\u{7f}##[x]\n"});
        let text = serde_json::to_string_pretty(&value).expect("it has text keys only");
        let shown = json(&text);
        assert!(
            shown.contains(r#""\u202e\udb40\udc41\u007f\u0023#[x]\n""#),
            "{shown}"
        );
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&shown).ok(),
            Some(value)
        );
    }

    #[test]
    fn strings_of_kdl_hold_what_they_must_escape() {
        assert_eq!(kdl("a \"b\" \\ 'c'\n"), r#""a \"b\" \\ 'c'\n""#);
        assert_eq!(kdl("é\u{202e}\u{0}"), "\"é\\u{202e}\\u{0}\"");
        assert_eq!(kdl_comment("a\u{2028}node"), r"a\u{2028}node");
    }

    #[test]
    fn no_cell_becomes_a_formula() {
        assert_eq!(
            csv("=HYPERLINK(\"http://x\")"),
            "\"'=HYPERLINK(\"\"http://x\"\")\""
        );
        assert_eq!(csv("@team"), "'@team");
        assert_eq!(csv("a, b"), "\"a, b\"");
        assert_eq!(csv("plain"), "plain");
        assert_eq!(csv("\u{202e}a\r\n"), r"\u{202e}a\r\n");
    }
}
