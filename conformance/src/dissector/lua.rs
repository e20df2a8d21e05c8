//! Tables and values as text in the language Lua.

/// Maximum length of a line, in bytes. If a table does not fit into one line, each of its entries gets its own line.
const LONGEST_LINE: usize = 110;

/// A value in Lua.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lua {
    /// Any bytes.
    Text(Vec<u8>),
    /// A number of bytes, or the position of a field.
    Number(usize),
    /// `true` or `false`.
    Flag(bool),
    /// A table whose keys are 1, 2, 3 ...
    List(Vec<Lua>),
    /// A table with these keys, in this order.
    Table(Vec<(String, Lua)>),
}

impl Lua {
    /// Returns a text.
    pub(super) fn text(text: &str) -> Lua {
        Lua::Text(text.as_bytes().to_vec())
    }

    /// Returns a number of any size as text. In older versions of Wireshark, a number in Lua can hold only integers of up to
    /// 53 bits exactly.
    pub(super) fn digits(number: i128) -> Lua {
        Lua::text(&number.to_string())
    }

    /// Returns the text of the value. `indent` is the number of spaces before the line of the value, and `used` is the
    /// number of bytes that are already on this line.
    pub(super) fn written(&self, indent: usize, used: usize) -> String {
        let flat = self.on_one_line();
        if used + flat.len() <= LONGEST_LINE || !self.has_entries() {
            return flat;
        }
        let inner = indent + 4;
        let spaces = " ".repeat(inner);
        let lines: Vec<String> = match self {
            Lua::List(items) => items
                .iter()
                .map(|item| format!("{spaces}{},\n", item.written(inner, inner + 1)))
                .collect(),
            Lua::Table(entries) => entries
                .iter()
                .map(|(name, value)| {
                    let key = format!("{spaces}{} = ", key(name));
                    format!("{key}{},\n", value.written(inner, key.len() + 1))
                })
                .collect(),
            Lua::Text(_) | Lua::Number(_) | Lua::Flag(_) => Vec::new(),
        };
        format!("{{\n{}{}}}", lines.concat(), " ".repeat(indent))
    }

    fn has_entries(&self) -> bool {
        match self {
            Lua::List(items) => !items.is_empty(),
            Lua::Table(entries) => !entries.is_empty(),
            Lua::Text(_) | Lua::Number(_) | Lua::Flag(_) => false,
        }
    }

    fn on_one_line(&self) -> String {
        match self {
            Lua::Text(bytes) => quoted(bytes),
            Lua::Number(number) => number.to_string(),
            Lua::Flag(flag) => flag.to_string(),
            Lua::List(items) => braces(items.iter().map(Lua::on_one_line)),
            Lua::Table(entries) => braces(
                entries
                    .iter()
                    .map(|(name, value)| format!("{} = {}", key(name), value.on_one_line())),
            ),
        }
    }
}

fn braces(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.collect();
    match parts.is_empty() {
        true => "{}".to_owned(),
        false => format!("{{ {} }}", parts.join(", ")),
    }
}

/// The reserved words of Lua. As keys of a table, they need quotes.
const WORDS: [&str; 22] = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in",
    "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
];

fn key(name: &str) -> String {
    let is_word = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && text
                .chars()
                .all(|each| each.is_ascii_alphanumeric() || each == '_')
    };
    if is_word(name) && !WORDS.contains(&name) {
        name.to_owned()
    } else {
        format!("[{}]", quoted(name.as_bytes()))
    }
}

/// Returns bytes as a string literal of Lua. Only printable ASCII characters are written as they are, so that the file has
/// no control characters and no marks that change the direction of text.
fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\{byte:03}")),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(entries: &[(&str, Lua)]) -> Lua {
        let entries = entries.iter();
        Lua::Table(
            entries
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        )
    }

    #[test]
    fn a_value_is_written_as_lua_reads_it() {
        let value = table(&[
            ("a", Lua::text("é\"\\\n\u{202e}1")),
            ("end", Lua::List(vec![Lua::Number(3), Lua::Flag(true)])),
            ("chatos-1.0", Lua::Table(Vec::new())),
            ("7", Lua::digits(-1)),
        ]);
        assert_eq!(
            value.written(0, 0),
            r#"{ a = "\195\169\"\\\010\226\128\1741", ["end"] = { 3, true }, ["chatos-1.0"] = {}, ["7"] = "-1" }"#
        );
    }

    #[test]
    fn a_table_that_is_too_long_has_a_line_for_each_entry() {
        let long = Lua::text(&"x".repeat(60));
        let value = table(&[
            ("a", Lua::List(vec![long.clone(), long])),
            ("b", Lua::Number(1)),
        ]);
        let x = "x".repeat(60);
        let wanted =
            format!("{{\n    a = {{\n        \"{x}\",\n        \"{x}\",\n    }},\n    b = 1,\n}}");
        assert_eq!(value.written(0, 0), wanted);
    }
}
