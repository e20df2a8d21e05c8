use std::fmt;
use std::io;
use std::process::ExitCode;

use super::escape::{Escaped, Name};
use super::refused::LikelyReasons;

/// How a chat ended: its message on standard error, and the program's exit code.
#[derive(Debug)]
pub enum Ending {
    /// The chat ended as the user wanted.
    InOrder,
    /// Standard output was closed (`matou chat ... | head -1`). A closed output is not an error.
    OutputClosed,
    /// Writing to standard output failed for another reason.
    Output(io::Error),
    /// The client could not connect to the server or lost the connection, or the server does not follow the protocol.
    Lost(String),
    /// An argument is invalid, or does not fit the protocol.
    Usage(String),
    /// The chat ended as the user wanted, but some lines of a script were refused. The client reported each of them.
    LinesRefused,
    /// The chat ended as the user wanted. But during the chat the connection was lost, and some lines of a script may be
    /// lost. The client reported each of them.
    LinesInDoubt,
    /// The server does not accept the login.
    LoginRefused {
        /// The refused login.
        login: String,
        /// The reason, if the server gave one.
        reason: Option<String>,
    },
    /// The private connection of `--tunnel` was declined, could not be opened, or was interrupted.
    TunnelFailed(String),
}

impl Ending {
    /// Returns the program's exit code. `matou chat --help` lists them.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Ending::InOrder | Ending::OutputClosed => 0,
            Ending::Lost(_) | Ending::Output(_) => 1,
            Ending::Usage(_) | Ending::LinesRefused | Ending::LinesInDoubt => 2,
            Ending::LoginRefused { .. } => 3,
            Ending::TunnelFailed(_) => 4,
        })
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::InOrder => f.write_str("the chat ended normally"),
            Ending::OutputClosed => f.write_str("standard output was closed"),
            Ending::Output(error) => write!(f, "cannot write output: {error}"),
            Ending::Lost(reason) | Ending::Usage(reason) => Escaped(reason).fmt(f),
            Ending::LinesRefused => f.write_str("some lines were not sent"),
            Ending::LinesInDoubt => f.write_str("some lines may be lost"),
            Ending::LoginRefused { login, reason } => {
                write!(f, "the server refused the login {}: ", Name(login))?;
                match reason {
                    Some(reason) => Escaped(reason).fmt(f),
                    None => write!(f, "{}; choose another login", LikelyReasons(login)),
                }
            }
            Ending::TunnelFailed(reason) => Escaped(reason).fmt(f),
        }
    }
}
