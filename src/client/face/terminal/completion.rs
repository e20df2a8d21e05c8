//! Completion with the Tab key: each press shows the next candidate. After the last candidate, the next press shows the word
//! again as the user typed it.

use crate::escape::Name;

/// The words that the Tab key can insert.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    /// The commands, with their slashes.
    pub(crate) commands: &'a [&'static str],
    /// Names, the most recent first.
    pub(crate) names: &'a [String],
}

/// A cycle through the candidates.
#[derive(Debug)]
pub(super) struct Completion {
    /// Where the word begins, in bytes.
    start: usize,
    candidates: Vec<String>,
    /// The index of the candidate that is shown.
    index: usize,
}

impl Completion {
    /// Finds the candidates for the word that ends at the cursor.
    pub(super) fn begin(text: &str, cursor: usize, known: &Known<'_>) -> Option<Completion> {
        let before = &text[..cursor];
        let start = word_start(before);
        let typed = &before[start..];
        let mut candidates = if start == 0 && typed.starts_with('/') {
            commands(typed, known)
        } else {
            let ending = match (start, before.starts_with('/')) {
                (0, false) => ": ",
                _ => " ",
            };
            names(typed, ending, known)
        };
        if candidates.is_empty() {
            return None;
        }
        candidates.push(typed.to_owned());
        Some(Completion {
            start,
            candidates,
            index: 0,
        })
    }

    /// Returns where the word begins, and the text to replace it.
    pub(super) fn current(&self) -> (usize, &str) {
        (self.start, &self.candidates[self.index])
    }

    /// Moves to the next candidate.
    pub(super) fn advance(&mut self) {
        self.index = (self.index + 1) % self.candidates.len();
    }
}

/// Returns where the last word begins: after the last space, or at its opening quote.
fn word_start(before: &str) -> usize {
    let after_space = before.rfind(' ').map_or(0, |space| space + 1);
    let mut quote = None;
    let mut escaped = false;
    for (at, character) in before.char_indices() {
        match character {
            '\\' if quote.is_some() => {
                escaped = !escaped;
                continue;
            }
            '"' if quote.is_some() && !escaped => quote = None,
            '"' if quote.is_none() && (at == 0 || before[..at].ends_with(' ')) => quote = Some(at),
            _ => {}
        }
        escaped = false;
    }
    quote.unwrap_or(after_space)
}

fn commands(typed: &str, known: &Known<'_>) -> Vec<String> {
    let fitting = known.commands.iter().filter(|name| name.starts_with(typed));
    fitting.map(|name| format!("{name} ")).collect()
}

fn names(typed: &str, ending: &str, known: &Known<'_>) -> Vec<String> {
    let typed = typed.to_lowercase();
    let fits = |shown: &String| {
        let shown = shown.to_lowercase();
        shown.starts_with(&typed)
            || shown
                .strip_prefix('"')
                .is_some_and(|s| s.starts_with(&typed))
    };
    let shown = known.names.iter().map(|name| Name(name).to_string());
    shown.filter(fits).map(|name| name + ending).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn candidates(typed: &str) -> Vec<String> {
        let names = ["bob".to_owned(), "Bobby Tables".into(), "carol".into()];
        let known = Known {
            commands: &["/accept", "/msg", "/private"],
            names: &names,
        };
        let Some(mut completion) = Completion::begin(typed, typed.len(), &known) else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for _ in 1..completion.candidates.len() {
            let (start, candidate) = completion.current();
            all.push(format!("{}{candidate}", &typed[..start]));
            completion.advance();
        }
        assert_eq!(completion.current().1, &typed[completion.start..]);
        all
    }

    #[rstest]
    #[case::a_command("/m", &["/msg "])]
    #[case::all_commands("/", &["/accept ", "/msg ", "/private "])]
    #[case::a_name_after_a_command("/msg car", &["/msg carol "])]
    #[case::whom_a_message_is_for("car", &["carol: "])]
    #[case::a_name_in_a_message("hi car", &["hi carol "])]
    #[case::two_names("/msg bo", &["/msg bob ", "/msg \"Bobby Tables\" "])]
    #[case::a_name_in_quotes("/msg \"Bobby T", &["/msg \"Bobby Tables\" "])]
    #[case::no_candidate("/msg zoe", &[])]
    fn tab_completes(#[case] typed: &str, #[case] completed: &[&str]) {
        assert_eq!(candidates(typed), completed);
    }
}
