//! Escapes for a terminal. The output may also be the log of a build server, which treats some lines as commands.

use super::commands::without_commands;
use super::hidden::{is_hidden, push_escape, visible};

/// The spaces that replace a tab in text of several lines.
pub(super) const TAB: &str = "    ";

/// Escapes text that is part of one line: line ends and tabs are escaped as well.
#[must_use]
pub fn line(text: &str) -> String {
    without_commands(&visible(text, &[]), push_escape)
}

/// Escapes text of several lines, and keeps the line ends. A tab becomes spaces, and a carriage return before a line end
/// is dropped.
#[must_use]
pub fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\t', TAB);
    without_commands(&visible(&text, &['\n']), push_escape)
}

/// Returns a source text in which each hidden character is replaced by visible characters with the same number of bytes. So
/// all offsets, and the places of mistakes, stay the same. Line ends and tabs are kept.
#[must_use]
pub fn masked(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    for character in source.chars() {
        match character.len_utf8() {
            _ if matches!(character, '\n' | '\t') || !is_hidden(character) => out.push(character),
            1 => out.push('?'),
            2 => out.push('\u{bf}'),
            3 => out.push('\u{fffd}'),
            _ => out.push_str("\u{fffd}?"),
        }
    }
    out
}

/// Escapes the whole output of a command. Each part of the output should be escaped already; this function is only the
/// safety net. It keeps line ends and colours, and escapes everything else that a terminal would treat as a command.
#[must_use]
pub fn guarded(output: &str) -> String {
    let mut out = String::with_capacity(output.len());
    let mut rest = output;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        out.push_str(&visible(before, &['\n']));
        rest = match colour(after) {
            Some((parameters, after_colour)) => {
                out.push_str(&format!("\u{1b}[{parameters}m"));
                after_colour
            }
            None => {
                push_escape(&mut out, '\u{1b}');
                after
            }
        };
    }
    out.push_str(&visible(rest, &['\n']));
    without_commands(&out, push_escape)
}

/// Returns the parameters of a sequence that sets a colour, and the text after the sequence. `text` begins after the ESC of
/// the sequence.
fn colour(text: &str) -> Option<(&str, &str)> {
    let (parameters, after) = text.strip_prefix('[')?.split_once('m')?;
    let is_parameter = |each: char| each.is_ascii_digit() || each == ';';
    parameters
        .chars()
        .all(is_parameter)
        .then_some((parameters, after))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("hé, 世界 👍", "hé, 世界 👍")]
    #[case::title("\u{1b}]0;x\u{7}", r"\u{1b}]0;x\u{7}")]
    #[case::line_end("a\r\nb\tc", r"a\r\nb\tc")]
    #[case::command("::stop-commands::x", r"\u{3a}:stop-commands::x")]
    #[case::command_after_space("\u{3000} ::x", "\u{3000} \\u{3a}:x")]
    #[case::path("std::io", "std::io")]
    #[case::old_command("a ##[add-mask]x", r"a \u{23}#[add-mask]x")]
    #[case::another_server("##vso[task.complete]", r"\u{23}#vso[task.complete]")]
    #[case::heading("## [x]", "## [x]")]
    fn a_part_of_a_line_is_escaped(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(line(text), shown);
    }

    #[test]
    fn several_lines_stay_lines() {
        let text = "at\r\n\tmain\r\n\t::error::x\u{85}";
        assert_eq!(lines(text), "at\n    main\n    \\u{3a}:error::x\\u{85}");
    }

    #[test]
    fn a_masked_source_keeps_its_places() {
        let masked = masked("a\u{1b}\u{85}\n\u{202e}\u{e0041}é\t");
        assert_eq!(masked, "a?\u{bf}\n\u{fffd}\u{fffd}?é\t");
    }

    #[test]
    fn guarded_output_keeps_colours_and_nothing_else_that_a_terminal_obeys() {
        let painted = "\u{1b}[1;31mfail\u{1b}[0m\n";
        assert_eq!(guarded(painted), painted);
        assert_eq!(guarded("\u{1b}[2J\u{1b}]0;x"), r"\u{1b}[2J\u{1b}]0;x");
        assert_eq!(guarded("a\n ::x\n\u{1b}["), "a\n \\u{3a}:x\n\\u{1b}[");
    }
}
