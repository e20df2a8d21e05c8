//! Escapes for build servers: annotations of GitHub's workflows, and TAP.

use super::commands::without_commands;
use super::hidden::{push_escape, visible};
use super::terminal::line;

/// Escapes the value of an annotation, `::error title=...::VALUE`. A line end becomes `%0A`, which the workflow's log shows
/// as a line end.
#[must_use]
pub fn annotation(text: &str) -> String {
    without_commands(&visible(text, &['\n']), push_escape)
        .replace('%', "%25")
        .replace('\n', "%0A")
}

/// Escapes a property of an annotation, `::error PROPERTY=...::value`.
#[must_use]
pub fn annotation_property(text: &str) -> String {
    annotation(text).replace(':', "%3A").replace(',', "%2C")
}

/// Escapes a description, or the reason of a directive such as `# SKIP`, in a line of TAP. The result has no line end, and
/// nothing in it that a TAP reader would take for a directive.
#[must_use]
pub fn tap(text: &str) -> String {
    line(&text.replace(['\n', '\r'], " "))
        .replace('\\', "\\\\")
        .replace('#', "\\#")
}

/// Returns a text in double quotes that YAML and JSON read in the same way. A program that reads the text gets the escapes
/// of hidden characters, such as `\u{202e}`, and not the characters themselves. The reason is that JSON would write some of
/// these characters as surrogate pairs, which YAML does not have.
#[must_use]
pub fn yaml(text: &str) -> String {
    serde_json::Value::from(line(text)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_is_one_line_and_keeps_its_line_ends() {
        let shown = annotation("100 %\n  ::stop-commands::x\n\u{1b}[1m##[group]");
        let expected = r"100 %25%0A  \u{3a}:stop-commands::x%0A\u{1b}[1m\u{23}#[group]";
        assert_eq!(shown, expected);
        assert_eq!(annotation_property("a: b, c"), "a%3A b%2C c");
    }

    #[test]
    fn a_description_ends_where_its_line_ends() {
        assert_eq!(
            tap("a # TODO\nnot ok \\ \u{1b}"),
            r"a \# TODO not ok \\ \\u{1b}"
        );
    }
}
