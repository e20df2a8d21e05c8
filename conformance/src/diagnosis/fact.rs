//! Facts: hints that the bytes of a failure prove.

/// The beginnings of the hints that are proved by the bytes. Other hints only describe what is missing, or name values of
/// one run.
const PROVED: [&str; 8] = [
    "the length of the text ",
    "the length of the frame ",
    "the text is ",
    "the text ends with ",
    "the text has ",
    "the opcode is ",
    "the numbers are ",
    "the number of ",
];

/// Returns whether the bytes prove this hint.
pub(super) fn is_proved(hint: &str) -> bool {
    PROVED.iter().any(|known| hint.starts_with(known))
}

/// Returns the fact as the rest of a sentence that begins with "the server".
pub(super) fn in_words(hint: &str) -> String {
    format!("sends frames in which {hint}")
}
