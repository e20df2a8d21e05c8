use std::fmt;
use std::io;
use std::process::ExitCode;

use super::escape::{Escaped, Name};

/// How a chat ended: what is said about it, and the program's exit code.
#[derive(Debug)]
pub enum Ending {
    /// As the user wanted.
    InOrder,
    /// Nobody reads our output any more (`matou chat ... | head -1`): nothing to complain about, and nobody to hear it.
    OutputClosed,
    /// Output could not be written for another reason.
    Output(io::Error),
    /// The server was not reached, was lost, or does not speak the protocol.
    Lost(String),
    /// An argument that cannot be used.
    Usage(String),
    /// As the user wanted, but some lines of a script were refused on the way; each was reported.
    LinesRefused,
    /// The server does not accept the login.
    LoginRefused {
        /// Which.
        login: String,
        /// Why, if that is known.
        reason: Option<String>,
    },
    /// The private connection that was asked for on the command line was declined, not established, or cut.
    TunnelFailed(String),
}

impl Ending {
    /// The program's exit code, as `matou chat --help` lists them.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Ending::InOrder | Ending::OutputClosed => 0,
            Ending::Lost(_) | Ending::Output(_) => 1,
            Ending::Usage(_) | Ending::LinesRefused => 2,
            Ending::LoginRefused { .. } => 3,
            Ending::TunnelFailed(_) => 4,
        })
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::InOrder => f.write_str("ended in order"),
            Ending::OutputClosed => f.write_str("standard output was closed"),
            Ending::Output(error) => write!(f, "cannot write output: {error}"),
            Ending::Lost(reason) | Ending::Usage(reason) => Escaped(reason).fmt(f),
            Ending::LinesRefused => f.write_str("some lines were not sent"),
            Ending::LoginRefused { login, reason } => {
                let reason = reason.as_deref();
                write!(
                    f,
                    "the server refused the login {}: {}",
                    Name(login),
                    Escaped(reason.unwrap_or("it may be in use; choose another"))
                )
            }
            Ending::TunnelFailed(reason) => Escaped(reason).fmt(f),
        }
    }
}
