//! What the client says when the server has refused a login and has not said why.

use std::fmt;

/// The likely reasons why a server refuses this login. In most protocols, the server gives the same answer whether the login
/// is in use, is too long, or contains a character that the server does not accept.
pub(crate) struct LikelyReasons<'a>(pub(crate) &'a str);

impl fmt::Display for LikelyReasons<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.chars().find(|character| !is_usual(*character)) {
            None => f.write_str("perhaps this login is in use"),
            Some(character @ '!'..='~') => {
                write!(
                    f,
                    "perhaps this login is in use, or the server refuses the character {character} in a login"
                )
            }
            Some(' ') => f.write_str(
                "perhaps this login is in use, or the server refuses a space in a login",
            ),
            Some(character) => write!(
                f,
                "perhaps this login is in use, or the server refuses the character U+{:04X} in a login",
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
            ("alice", "perhaps this login is in use", "alice_"),
            (
                "name 0b",
                "perhaps this login is in use, or the server refuses a space in a login",
                "name0b",
            ),
            (
                "a\u{200b}b",
                "perhaps this login is in use, or the server refuses the character U+200B in a login",
                "ab",
            ),
            (
                "a/b",
                "perhaps this login is in use, or the server refuses the character / in a login",
                "ab",
            ),
            (
                "\u{e9}",
                "perhaps this login is in use, or the server refuses the character U+00E9 in a login",
                "\u{e9}_",
            ),
        ];
        for (login, reasons, proposal) in rows {
            assert_eq!(LikelyReasons(login).to_string(), reasons);
            assert_eq!(another(login), proposal);
        }
    }
}
