//! Text that build servers treat as commands.

/// Finds the characters of a text that make a build server treat a line as a command.
///
/// The runner of GitHub's workflows treats a line as a command in two cases: the line begins with `::` after optional white
/// space, or it contains `##[`. For example, `::stop-commands::x` switches all later annotations off. Other build servers do
/// the same with `##vso[` and `##teamcity[`.
#[derive(Debug, Default)]
struct Commands {
    /// Whether the current line already has a character other than white space.
    begun: bool,
}

impl Commands {
    /// Returns whether this character, with `rest` after it, must be escaped.
    fn obeys(&mut self, character: char, rest: &str) -> bool {
        if character == '\n' {
            self.begun = false;
            return false;
        }
        let first = !self.begun && !character.is_whitespace();
        self.begun |= first;
        match character {
            ':' => first && rest.starts_with(':'),
            '#' => rest.strip_prefix('#').is_some_and(|rest| {
                let word = |each: char| each.is_ascii_alphabetic();
                rest.trim_start_matches(word).starts_with('[')
            }),
            _ => false,
        }
    }
}

/// Returns the text without commands for build servers: `escape` writes each character that begins a command in another
/// form.
pub(super) fn without_commands(text: &str, escape: impl Fn(&mut String, char)) -> String {
    let mut commands = Commands::default();
    let mut out = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        let rest = text.get(at + character.len_utf8()..).unwrap_or_default();
        if commands.obeys(character, rest) {
            escape(&mut out, character);
        } else {
            out.push(character);
        }
    }
    out
}
