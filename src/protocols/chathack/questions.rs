//! What only the accounts can tell.

use std::fmt;

use crate::wire::Excerpt;

/// Asked when somebody logs in. Finding the answer may take long.
#[derive(Clone, PartialEq, Eq)]
pub enum Question {
    /// Is this the password of this login's account?
    IsRight {
        /// The login.
        login: String,
        /// The password; never shown.
        password: String,
    },
    /// Is there an account of this login?
    IsAccount {
        /// The login.
        login: String,
    },
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is so.
    Yes,
    /// It is not.
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
