//! Traps: words without quotes whose meaning in KDL is probably not what their author wanted.

use super::{Mistake, Span, mistake};

/// The mistake in a word, and its place, counted from the first byte of the word.
pub(super) struct Trap {
    pub(super) span: Span,
    pub(super) mistake: Mistake,
}

/// Checks one bare word (a word without quotes) and the characters around it.
pub(super) fn in_word(word: &str, before: Option<char>, after: Option<char>) -> Option<Trap> {
    comma(word)
        .or_else(|| braces_after_dollar(word, after))
        .or_else(|| arrow(word, after))
        .or_else(|| single_quote(word))
        .or_else(|| keyword(word, before))
        .or_else(|| number(word, before))
        .or_else(|| glued_to_text(word, after))
}

fn trap(span: Span, mistake: Mistake) -> Option<Trap> {
    Some(Trap { span, mistake })
}

fn comma(word: &str) -> Option<Trap> {
    let at = word.find(',')?;
    trap(at..at + 1, mistake::comma())
}

fn braces_after_dollar(word: &str, after: Option<char>) -> Option<Trap> {
    let end = word.len();
    let opens = word.ends_with('$') && after == Some('{');
    opens
        .then(|| trap(end - 1..end + 1, mistake::braces_after_dollar()))
        .flatten()
}

fn arrow(word: &str, after: Option<char>) -> Option<Trap> {
    let at = word.find(['<', '>'])?;
    if word.len() == 1 {
        return match after {
            Some('=') => trap(0..2, mistake::comparison(word)),
            Some('"' | '(' | '#') => trap(0..1, mistake::no_space_after(word)),
            _ => None,
        };
    }
    if !word.contains(char::is_alphanumeric) {
        return trap(0..word.len(), mistake::not_an_arrow(word));
    }
    let (left, rest) = word.split_at(at);
    let (sign, right) = rest.split_at(1);
    let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let is_compared = (right.is_empty() && after == Some('=')) || is_number(right);
    if is_compared && !left.is_empty() {
        return trap(0..word.len(), mistake::compared(word));
    }
    let parts = [left, sign, right].into_iter();
    let apart: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    trap(
        0..word.len(),
        mistake::arrow_in_a_word(word, apart.join(" ")),
    )
}

fn single_quote(word: &str) -> Option<Trap> {
    word.strip_prefix('\'')?;
    trap(0..word.len(), mistake::single_quotes())
}

fn keyword(word: &str, before: Option<char>) -> Option<Trap> {
    let keywords = ["true", "false", "null", "inf", "-inf", "nan"];
    let bare = before != Some('#') && keywords.contains(&word);
    bare.then(|| trap(0..word.len(), mistake::reserved(word)))
        .flatten()
}

fn number(word: &str, before: Option<char>) -> Option<Trap> {
    let is_digit = |c: char| c.is_ascii_digit();
    let whole = 0..word.len();
    let unsigned = word.trim_start_matches(['+', '-']);
    let after_point = unsigned.strip_prefix('.').unwrap_or_default();
    if after_point.starts_with(is_digit) {
        return trap(whole, mistake::fraction(word, "0.5s"));
    }
    if !unsigned.starts_with(is_digit) || before == Some('"') {
        return None;
    }
    let digits_only = unsigned.chars().all(|c| c.is_ascii_digit() || c == '_');
    if digits_only && unsigned.len() > 1 && unsigned.starts_with('0') {
        return trap(whole, mistake::leading_zeros(word));
    }
    if digits_only || is_prefixed_number(unsigned) {
        return None;
    }
    let unit = unsigned.trim_start_matches(is_digit);
    let mistake = if ["ms", "s", "m", "min", "h"].contains(&unit) {
        mistake::bare_duration(word)
    } else if unsigned.chars().all(|c| c.is_ascii_hexdigit()) {
        mistake::bare_bytes(word)
    } else if unit.starts_with('.') {
        mistake::fraction(word, "1.5s")
    } else {
        mistake::bare_text(word)
    };
    trap(whole, mistake)
}

/// Returns whether the word is a number such as `0x1f`, `0o17` or `0b101`.
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
    let glued = after == Some('"');
    glued
        .then(|| trap(0..word.len(), mistake::glued_to_text(word)))
        .flatten()
}
