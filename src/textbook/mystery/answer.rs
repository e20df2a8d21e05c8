//! The text that explains the hidden fault of a server.

use std::fmt::Write;

use conformance_suite::suite::Suite;

use crate::secrets::{NotInLaboratory, Number};

/// Maximum length of a line, in characters.
const WIDTH: usize = 80;

/// Returns what the server does wrong, the requirement that it violates, the usual cause, and how to find the fault.
pub(crate) fn of(number: Number) -> Result<String, NotInLaboratory> {
    let secret = number.secret();
    let fault = number.specimen()?;
    let case = secret.case;
    let mut text = wrapped(&format!("Server {number} {}.", fault.name), 0);
    let suite = Suite::built_in(fault.suite);
    if let Some(requirement) = suite
        .as_ref()
        .and_then(|suite| suite.requirement(fault.breaks))
    {
        let (id, level, section) = (&requirement.id, requirement.level, &requirement.section);
        let _ = writeln!(text, "\nIt violates {id} ({level}, section {section}):\n");
        text += &wrapped(&requirement.text, 4);
    }
    text += "\nThe usual cause in code:\n\n";
    text += &wrapped(secret.cause, 4);
    text += "\nHow to find it without the judge:\n\n";
    text += &wrapped(secret.search, 4);
    let _ = write!(
        text,
        "
How to find it with the judge:

    conformance run chaton ADDRESS --only {case}
    conformance show chaton {case} ADDRESS --trace

The fault begins at {}, line {}.
",
        fault.source.file(),
        fault.source.line()
    );
    Ok(text)
}

/// Breaks a text into lines, and indents each line by this number of spaces.
fn wrapped(text: &str, indent: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let room = |line: &String| line.chars().count() + 1 + word.chars().count() <= WIDTH;
        match lines.last_mut().filter(|line| room(line)) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(format!("{:indent$}{word}", "")),
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::{WIDTH, of, wrapped};
    use crate::secrets::Number;

    #[test]
    fn a_text_is_broken_between_words() {
        let word = "a".repeat(30);
        let text = format!("{word} {word} {word}");
        let expected = format!("  {word} {word}\n  {word}\n");
        assert_eq!(wrapped(&text, 2), expected);
        assert_eq!(wrapped("one two", 0), "one two\n");
    }

    #[test]
    fn an_answer_has_the_fault_the_requirement_and_the_case() {
        for number in Number::all() {
            let (text, secret) = (of(number).unwrap(), number.secret());
            let fault = number.specimen().unwrap();
            let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let begins = format!(
                "Server {number} {}. It violates {} (",
                secret.fault, fault.breaks
            );
            assert!(joined.starts_with(&begins), "{text}");
            assert!(joined.contains(secret.cause) && joined.contains(secret.search));
            assert!(joined.contains(&format!("--only {} ", secret.case)));
            assert!(joined.contains("The fault begins at src/laboratory/chaton/"));
            let too_long = text.lines().find(|line| line.chars().count() > WIDTH);
            assert_eq!(too_long, None);
        }
    }
}
