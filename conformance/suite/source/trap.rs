//! Traps: bare words that KDL understands differently from what their author meant.

use super::Span;

/// The mistake in a word; the span counts from its first byte.
pub(super) struct Trap {
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) help: String,
}

/// Checks one bare word and the characters around it.
pub(super) fn in_word(word: &str, before: Option<char>, after: Option<char>) -> Option<Trap> {
    comma(word)
        .or_else(|| braces_after_dollar(word, after))
        .or_else(|| arrow(word, after))
        .or_else(|| single_quote(word))
        .or_else(|| keyword(word, before))
        .or_else(|| number(word, before))
        .or_else(|| glued_to_text(word, after))
}

fn trap(span: Span, message: impl Into<String>, help: impl Into<String>) -> Option<Trap> {
    Some(Trap {
        span,
        message: message.into(),
        help: help.into(),
    })
}

fn comma(word: &str) -> Option<Trap> {
    let at = word.find(',')?;
    trap(
        at..at + 1,
        "a comma would become part of the value",
        "separate fields with a space: login=@alice msg=\"hi\"",
    )
}

fn braces_after_dollar(word: &str, after: Option<char>) -> Option<Trap> {
    if !word.ends_with('$') || after != Some('{') {
        return None;
    }
    trap(
        word.len() - 1..word.len() + 1,
        "`${` would open a block",
        "write the value without braces: $id",
    )
}

fn arrow(word: &str, after: Option<char>) -> Option<Trap> {
    let at = word.find(['<', '>'])?;
    if word.len() == 1 {
        return match after {
            Some('=') => trap(
                0..2,
                format!("`{word}=` would become a field"),
                "comparisons do not exist; fields are name=value",
            ),
            Some('"' | '(' | '#') => trap(
                0..1,
                format!("`{word}` needs a space after it"),
                "write: alice < bytes (hex)\"00\"",
            ),
            _ => None,
        };
    }
    if !word.contains(char::is_alphanumeric) {
        let help = "`>` is what the lane does, `<` is what it must receive";
        return trap(0..word.len(), format!("`{word}` is not an arrow"), help);
    }
    let (left, rest) = word.split_at(at);
    let (sign, right) = rest.split_at(1);
    let apart = [left, sign, right]
        .into_iter()
        .filter(|part| !part.is_empty());
    let apart = apart.collect::<Vec<_>>().join(" ");
    trap(
        0..word.len(),
        format!("`{word}` is read as one name"),
        format!("write spaces around the arrow: {apart}"),
    )
}

fn single_quote(word: &str) -> Option<Trap> {
    if !word.starts_with('\'') {
        return None;
    }
    trap(
        0..word.len(),
        "single quotes do not make text",
        "write text in double quotes: \"hi\"",
    )
}

fn keyword(word: &str, before: Option<char>) -> Option<Trap> {
    if before == Some('#') || !["true", "false", "null", "inf", "-inf", "nan"].contains(&word) {
        return None;
    }
    trap(
        0..word.len(),
        format!("`{word}` is a reserved word of KDL"),
        format!("if it is text, write it in quotes: \"{word}\""),
    )
}

fn number(word: &str, before: Option<char>) -> Option<Trap> {
    let unsigned = word.trim_start_matches(['+', '-']);
    let after_point = unsigned.strip_prefix('.').unwrap_or_default();
    if after_point.starts_with(|c: char| c.is_ascii_digit()) {
        let help = "numbers in packets are whole; write a duration in quotes: \"0.5s\"";
        return trap(0..word.len(), format!("`{word}` is a fraction"), help);
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit()) || before == Some('"') {
        return None;
    }
    let whole = 0..word.len();
    let digits_only = unsigned.chars().all(|c| c.is_ascii_digit() || c == '_');
    if digits_only && unsigned.len() > 1 && unsigned.starts_with('0') {
        return trap(
            whole,
            format!("`{word}` would lose its leading zeros"),
            format!("write bytes as (hex)\"{word}\"; write a number without leading zeros"),
        );
    }
    if digits_only || is_prefixed_number(unsigned) {
        return None;
    }
    let digits = unsigned.len()
        - unsigned
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .len();
    let unit = unsigned.get(digits..).unwrap_or_default();
    if ["ms", "s", "m", "min", "h"].contains(&unit) {
        return trap(
            whole,
            format!("`{word}` is neither a number nor a word"),
            format!("write a duration in quotes: \"{word}\""),
        );
    }
    if unsigned.chars().all(|c| c.is_ascii_hexdigit()) {
        return trap(
            whole,
            format!("`{word}` is neither a number nor a word"),
            format!("write bytes as (hex)\"{word}\""),
        );
    }
    if unit.starts_with('.') {
        return trap(
            whole,
            format!("`{word}` is a fraction"),
            "numbers in packets are whole; write a duration in quotes: \"1.5s\"",
        );
    }
    trap(
        whole,
        format!("`{word}` is neither a number nor a word"),
        format!("if it is text, write it in quotes: \"{word}\""),
    )
}

/// Returns whether it is a number such as `0x1f`, `0o17`, `0b101`.
fn is_prefixed_number(unsigned: &str) -> bool {
    let mut characters = unsigned.chars();
    let radix = match (characters.next(), characters.next()) {
        (Some('0'), Some('x')) => 16,
        (Some('0'), Some('o')) => 8,
        (Some('0'), Some('b')) => 2,
        _ => return false,
    };
    let digits = characters.as_str();
    digits.starts_with(|c: char| c.is_digit(radix))
        && digits.chars().all(|c| c.is_digit(radix) || c == '_')
}

fn glued_to_text(word: &str, after: Option<char>) -> Option<Trap> {
    if after != Some('"') {
        return None;
    }
    trap(
        0..word.len(),
        format!("`{word}` runs into the text after it"),
        format!("write a space between them, or a mark in parentheses: ({word})\"...\""),
    )
}
