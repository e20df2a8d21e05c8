//! Computes the text to write to a terminal, so that the terminal shows the messages, and below them the typed line. This
//! code does no IO, and uses only the few control sequences that every terminal supports.
//!
//! Whenever a message is printed, the rows at the bottom are removed and painted again. These rows never wrap (a long line
//! scrolls sideways), so their number is known. The lines above belong to the terminal: scrollback, search, copy and paste
//! work as usual.

use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::escape::{Escaped, is_hidden};

/// The rows at the bottom of the terminal.
#[derive(Debug)]
pub(super) struct Screen {
    columns: usize,
    /// The widths of the painted rows. The cursor is in the last row.
    painted: Vec<usize>,
    /// The cursor's column in the last row.
    cursor: usize,
    /// Length of the part of the text that is scrolled out of view to the left, in bytes.
    scrolled: usize,
}

/// A window with fewer columns is treated as if it had this many columns.
const MIN_COLUMNS: usize = 10;

impl Screen {
    pub(super) fn new(columns: usize) -> Screen {
        Screen {
            columns: columns.max(MIN_COLUMNS),
            painted: Vec::new(),
            cursor: 0,
            scrolled: 0,
        }
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Prints lines above the status line and the input line. The terminal wraps the lines that are too long.
    pub(super) fn print(&mut self, out: &mut String, lines: &str) {
        self.erase(out);
        for line in lines.lines() {
            out.push_str(line);
            out.push_str("\r\n");
        }
    }

    /// Removes the bottom rows, and moves the cursor to the place where they began.
    pub(super) fn erase(&mut self, out: &mut String) {
        out.push_str(&self.erasure());
        self.painted.clear();
    }

    /// Returns the control sequences that remove the bottom rows.
    pub(super) fn erasure(&self) -> String {
        let Some((_, above)) = self.painted.split_last() else {
            return String::new();
        };
        // If the terminal became narrower, it may have wrapped these rows. Then they take more rows on the screen than
        // before.
        let rows_of = |width: &usize| width.saturating_sub(1) / self.columns + 1;
        let up = above.iter().map(rows_of).sum::<usize>() + self.cursor / self.columns;
        match up {
            0 => "\r\x1b[J".into(),
            _ => format!("\r\x1b[{up}A\x1b[J"),
        }
    }

    /// Clears the screen. After that, the bottom rows are painted at the top of the empty screen.
    pub(super) fn clear(&mut self, out: &mut String) {
        self.painted.clear();
        out.push_str("\x1b[H\x1b[2J");
    }

    /// Sets the new width of the window. The painted rows may no longer fit.
    pub(super) fn resize(&mut self, columns: usize) {
        self.columns = columns.max(MIN_COLUMNS);
    }

    /// Paints the bottom rows: the given rows, and below them the prompt with the typed text and the cursor. The last column
    /// stays free, because terminals differ in what they do after a character in the last column.
    pub(super) fn bottom(
        &mut self,
        out: &mut String,
        above: &[String],
        prompt: &str,
        text: &str,
        cursor: usize,
    ) {
        self.erase(out);
        for row in above {
            let (row, width) = cut(row, self.columns - 1);
            out.push_str(&row);
            out.push_str("\x1b[0m\r\n");
            self.painted.push(width);
        }
        // The prompt may contain a very long name, so it is cut to half of the row. The other half is for typing.
        let (prompt, prompt_width) = cut(prompt, self.columns / 2);
        out.push_str(&prompt);
        out.push_str("\x1b[0m");
        let room = self.columns - 1 - prompt_width;
        self.scroll(text, cursor, room);
        let (row, width) = fitting(&text[self.scrolled..], room);
        out.push_str(&row);
        self.cursor = prompt_width + width_of(&text[self.scrolled..cursor]);
        self.painted.push(prompt_width + width);
        out.push('\r');
        if self.cursor > 0 {
            let _ = write!(out, "\x1b[{}C", self.cursor);
        }
    }

    /// If the cursor would not be visible, scrolls the text sideways, by a large part of the row. So the text does not move
    /// with every key.
    fn scroll(&mut self, text: &str, cursor: usize, room: usize) {
        let in_sight = self.scrolled <= cursor
            && text.is_char_boundary(self.scrolled)
            && is_narrower(&text[self.scrolled..cursor], room);
        let rest = text.get(self.scrolled..).unwrap_or_default();
        if in_sight && (self.scrolled == 0 || !is_narrower(rest, room / 2 + 1)) {
            return;
        }
        if is_narrower(&text[..cursor], room) {
            self.scrolled = 0;
            return;
        }
        let wanted = room * 2 / 3;
        let mut width = 0;
        self.scrolled = cursor;
        for (at, grapheme) in text[..cursor].grapheme_indices(true).rev() {
            width += shown(grapheme).width();
            if width > wanted {
                break;
            }
            self.scrolled = at;
        }
    }
}

/// Formats one grapheme of the user's own text. Invisible characters are shown escaped.
fn shown(grapheme: &str) -> String {
    match grapheme {
        "\n" => "↵".into(),
        "\t" => " ".into(),
        _ if grapheme.chars().all(is_hidden) => Escaped(grapheme).to_string(),
        _ => grapheme.into(),
    }
}

fn width_of(text: &str) -> usize {
    text.graphemes(true).map(|g| shown(g).width()).sum()
}

/// True if the text needs fewer columns than `columns`. The function stops counting as soon as the answer is known, because
/// the text may be a long paste.
fn is_narrower(text: &str, columns: usize) -> bool {
    let mut width = 0;
    text.graphemes(true).all(|grapheme| {
        width += shown(grapheme).width();
        width < columns
    }) && width < columns
}

/// Returns the beginning of the text that fits into `room` columns, and its width.
fn fitting(text: &str, room: usize) -> (String, usize) {
    let mut row = String::new();
    let mut width = 0;
    for grapheme in text.graphemes(true) {
        let grapheme = shown(grapheme);
        if width + grapheme.width() > room {
            break;
        }
        width += grapheme.width();
        row.push_str(&grapheme);
    }
    (row, width)
}

/// Returns the beginning of a row that fits into `room` columns, and its width. Sequences that set colours have no width, so
/// the result contains all of them.
fn cut(row: &str, room: usize) -> (String, usize) {
    let mut kept = String::new();
    let mut width = 0;
    let mut rest = row;
    while !rest.is_empty() {
        if rest.starts_with('\x1b') {
            let end = rest.find('m').map_or(rest.len(), |end| end + 1);
            kept.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        let end = rest.find('\x1b').unwrap_or(rest.len());
        let (text, text_width) = fitting(&rest[..end], room - width);
        kept.push_str(&text);
        width += text_width;
        rest = &rest[end..];
    }
    (kept, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the rows that a terminal shows after the text was written.
    fn rows(parser: &vt100::Parser) -> Vec<String> {
        let (_, columns) = parser.screen().size();
        let rows = parser
            .screen()
            .rows(0, columns.get())
            .map(|row| row.trim_end().to_owned());
        let mut rows: Vec<_> = rows.collect();
        while rows.last().is_some_and(String::is_empty) {
            rows.pop();
        }
        rows
    }

    fn terminal(columns: u16) -> (vt100::Parser, Screen) {
        (
            vt100::Parser::new(6.try_into().unwrap(), columns.try_into().unwrap(), 0),
            Screen::new(usize::from(columns)),
        )
    }

    fn write(parser: &mut vt100::Parser, paint: impl FnOnce(&mut String)) {
        let mut out = String::new();
        paint(&mut out);
        parser.process(out.as_bytes());
    }

    #[test]
    fn messages_come_above_what_is_typed() {
        let (mut parser, mut screen) = terminal(20);
        write(&mut parser, |out| {
            screen.bottom(out, &["[status]".into()], "> ", "half a li", 4)
        });
        assert_eq!(rows(&parser), ["[status]", "> half a li"]);
        assert_eq!(parser.screen().cursor_position(), (1, 6));
        write(&mut parser, |out| {
            screen.print(out, "<bob> hi\n<bob> this one is longer than a row");
            screen.bottom(out, &["\x1b[1m[status]".into()], "> ", "half a li", 4);
        });
        assert_eq!(
            rows(&parser),
            [
                "<bob> hi",
                "<bob> this one is lo",
                "nger than a row",
                "[status]",
                "> half a li"
            ]
        );
        assert_eq!(parser.screen().cursor_position(), (4, 6));
    }

    #[test]
    fn a_long_line_scrolls_sideways_and_the_cursor_stays_in_sight() {
        let (mut parser, mut screen) = terminal(20);
        let text = "日本語 and 0123456789 and more of it";
        for cursor in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
            write(&mut parser, |out| {
                screen.bottom(out, &[], "> ", text, cursor)
            });
            assert_eq!(rows(&parser).len(), 1);
            let (row, column) = parser.screen().cursor_position();
            assert!(row == 0 && (2..20).contains(&column), "{column}");
            if let Some(next) = text[cursor..].graphemes(true).next().filter(|g| *g != " ") {
                let cell = parser.screen().cell(0, column).unwrap().contents();
                assert!(cell == next || column >= 18, "{cell:?} is not {next:?}");
            }
        }
    }

    #[test]
    fn a_row_is_cut_and_its_colours_are_not() {
        assert_eq!(
            cut("\x1b[31mabcdef\x1b[0m", 3),
            ("\x1b[31mabc\x1b[0m".into(), 3)
        );
        assert_eq!(cut("日本", 3), ("日".into(), 2));
    }

    #[test]
    fn invisible_characters_are_shown_escaped() {
        let (mut parser, mut screen) = terminal(40);
        write(&mut parser, |out| {
            screen.bottom(out, &[], "> ", "a\u{202e}b\nc", 0)
        });
        assert_eq!(rows(&parser), ["> a\\u{202e}b↵c"]);
    }
}
