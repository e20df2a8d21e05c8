//! What the client says about a login that the server has refused without a reason.

use std::fmt;

/// The likely reasons why a server refuses this login. Most protocols have one answer for every reason: the login is in use,
/// it is too long, or it contains a character that the server does not accept.
pub(crate) struct LikelyReasons<'a>(pub(crate) &'a str);

impl fmt::Display for LikelyReasons<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.chars().find(|character| !is_usual(*character)) {
            None => f.write_str("it may be in use"),
            Some(character @ '!'..='~') => {
                write!(
                    f,
                    "the server may not accept the character {character} in a login, or it may be in use"
                )
            }
            Some(' ') => {
                f.write_str("the server may not accept a space in a login, or it may be in use")
            }
            Some(character) => write!(
                f,
                "the server may not accept the character U+{:04X} in a login, or it may be in use",
                u32::from(character)
            ),
        }
    }
}

/// Returns another login to propose to the user.
pub(crate) fn another(login: &str) -> String {
    match login.chars().filter(|it| is_usual(*it)).collect::<String>() {
        usual if !usual.is_empty() && usual != login => usual,
        _ => format!("{login}_"),
    }
}

/// True for a character that every server accepts in a login.
fn is_usual(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_with_unusual_characters_gets_another_reason_and_another_proposal() {
        let rows = [
            ("alice", "it may be in use", "alice_"),
            (
                "name 0b",
                "the server may not accept a space in a login, or it may be in use",
                "name0b",
            ),
            (
                "a\u{200b}b",
                "the server may not accept the character U+200B in a login, or it may be in use",
                "ab",
            ),
            (
                "a/b",
                "the server may not accept the character / in a login, or it may be in use",
                "ab",
            ),
            (
                "\u{e9}",
                "the server may not accept the character U+00E9 in a login, or it may be in use",
                "\u{e9}_",
            ),
        ];
        for (login, reasons, proposal) in rows {
            assert_eq!(LikelyReasons(login).to_string(), reasons);
            assert_eq!(another(login), proposal);
        }
    }
}
