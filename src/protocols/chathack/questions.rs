//! The questions that the room cannot answer itself, because the answers need the stored accounts.

use std::fmt;

use crate::wire::Excerpt;

/// A question that the room asks when a client logs in. It may take a long time to find the answer.
#[derive(Clone, PartialEq, Eq)]
pub enum Question {
    /// Is this the password of the account with this login?
    IsRight {
        /// The login.
        login: String,
        /// The password. No log shows it.
        password: String,
    },
    /// Does an account with this login exist?
    IsAccount {
        /// The login.
        login: String,
    },
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
    /// The accounts cannot be read.
    Unknown,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Question::IsRight { login, .. } => {
                write!(f, "IsRight({:?}, not shown)", Excerpt(login))
            }
            Question::IsAccount { login } => write!(f, "IsAccount({:?})", Excerpt(login)),
        }
    }
}
