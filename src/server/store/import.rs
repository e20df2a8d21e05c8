//! Lists of accounts. Each line is `login$password`.

use std::collections::HashMap;
use std::fmt;

use super::{MAX_LOGIN_BYTES, Password, PasswordRefused};
use matou_protocols::room::{NameRefused, check_name};

/// One account of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountLine {
    /// The text before the first `$`.
    pub login: String,
    /// The text after the first `$`.
    pub password: Password,
}

/// An error in a line. The error never shows the line itself, because the line may contain a
/// password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// The number of the line, counted from one.
    pub number: usize,
    /// What is wrong with the line.
    pub why: BadLineReason,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadLineReason {
    /// The line has no `$`.
    NoPassword,
    /// The login is not allowed.
    Login(NameRefused),
    /// The password is not allowed.
    Password(PasswordRefused),
    /// An earlier line has the same login.
    Again {
        /// The number of the earlier line.
        first: usize,
    },
}

/// Reads a list. Empty lines are ignored.
///
/// # Errors
/// Fails when lines are not valid accounts. The error lists these lines in their order: the number
/// of each line, and what is wrong with it.
pub fn read_lines(text: &str) -> Result<Vec<AccountLine>, Vec<BadLine>> {
    let mut accounts = Vec::new();
    let mut bad = Vec::new();
    let mut seen = HashMap::new();
    // Some editors begin a file with a byte order mark, which is not a part of the first login.
    let lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines();
    for (number, line) in (1..).zip(lines).filter(|(_, line)| !line.is_empty()) {
        let read =
            read_line(line).and_then(|account| match seen.insert(account.login.clone(), number) {
                Some(first) => Err(BadLineReason::Again { first }),
                None => Ok(account),
            });
        match read {
            Ok(account) => accounts.push(account),
            Err(why) => bad.push(BadLine { number, why }),
        }
    }
    if bad.is_empty() {
        Ok(accounts)
    } else {
        Err(bad)
    }
}

fn read_line(line: &str) -> Result<AccountLine, BadLineReason> {
    let (login, password) = line.split_once('$').ok_or(BadLineReason::NoPassword)?;
    check_name(login, MAX_LOGIN_BYTES).map_err(BadLineReason::Login)?;
    let password = Password::new(password);
    password.check().map_err(BadLineReason::Password)?;
    let login = login.to_owned();
    Ok(AccountLine { login, password })
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.number)?;
        match self.why {
            BadLineReason::NoPassword => {
                f.write_str("no $ between login and password; write login$password")
            }
            BadLineReason::Login(refused) => refused.fmt(f),
            BadLineReason::Password(refused) => refused.fmt(f),
            BadLineReason::Again { first } => {
                write!(f, "the same login is already in line {first}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(login: &str, password: &str) -> AccountLine {
        AccountLine {
            login: login.to_owned(),
            password: Password::new(password),
        }
    }

    #[test]
    fn a_line_is_a_login_and_everything_after_the_first_dollar_is_the_password() {
        let read = read_lines("\u{feff}arnaud$townhall\r\n\nZoé the cat$pa$$ word \nbob$é");
        let expected = [
            line("arnaud", "townhall"),
            line("Zoé the cat", "pa$$ word "),
            line("bob", "é"),
        ];
        assert_eq!(read, Ok(expected.to_vec()));
    }

    #[test]
    fn every_bad_line_is_reported_without_its_password() {
        let long = "p".repeat(256);
        let text = format!("a$x\nsecret\n$secret\nb$\n c$secret\na$secret\nd${long}\n");
        let told: Vec<_> = read_lines(&text)
            .unwrap_err()
            .iter()
            .map(BadLine::to_string)
            .collect();
        assert_eq!(
            told,
            [
                "line 2: no $ between login and password; write login$password",
                "line 3: a name needs at least one character",
                "line 4: a password needs at least one character",
                "line 5: the name begins or ends with white space; remove the white space",
                "line 6: the same login is already in line 1",
                "line 7: the password has 256 bytes; choose a password of at most 255 bytes",
            ]
        );
    }
}
