//! Escapes for HTML and XML.

use std::fmt::Write;

use super::commands::without_commands;
use super::hidden::{push_escape, visible};
use super::terminal::TAB;

/// Escapes a value in HTML, for text or for an attribute in quotes. Line ends and tabs are kept.
#[must_use]
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in visible(text, &['\n', '\t']).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            other => out.push(other),
        }
    }
    out
}

/// Escapes a value for a library that writes XML. The library itself escapes the markup characters, such as `<`. XML forbids
/// most control characters, U+FFFE and U+FFFF, even as character references such as `&#27;`. Line ends are kept; a tab
/// becomes spaces, because the library that writes JUnit drops tabs.
#[must_use]
pub fn xml(text: &str) -> String {
    without_commands(&visible(&text.replace('\t', TAB), &['\n']), push_escape)
}

/// Escapes a whole page or document whose lines a build server may read: a character that begins a command becomes a
/// character reference, such as `&#58;`, which a reader of the page shows as the same character.
#[must_use]
pub fn markup(document: &str) -> String {
    without_commands(document, |out, character| {
        // Writing to a `String` cannot fail.
        let _ = write!(out, "&#{};", u32::from(character));
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_value_is_markup() {
        assert_eq!(
            html("<b title='a' \"&\">\0\n"),
            "&lt;b title=&#x27;a&#x27; &quot;&amp;&quot;&gt;\\u{0}\n"
        );
        assert_eq!(xml("\u{fffe}a\u{8}\tb"), "\\u{fffe}a\\u{8}    b");
        assert_eq!(xml("::x ##[y]"), r"\u{3a}:x \u{23}#[y]");
    }

    #[test]
    fn a_line_of_a_page_is_not_a_command() {
        assert_eq!(
            markup("<pre>\n::x ##[y]</pre>\n:root"),
            "<pre>\n&#58;:x &#35;#[y]</pre>\n:root"
        );
    }
}
