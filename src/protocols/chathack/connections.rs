//! The stages of a connection, and what the room releases when the connection ends.

use std::sync::Arc;
use std::time::Instant;

use crate::room::{self, ConnId, Effects, Flow, Lifecycle, Overdue, Stage};

use super::Room;

pub(super) type Connections = room::Connections<LoginStage>;

/// The stages of a connection in ChatHack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LoginStage {
    /// Connected, without a login.
    Anonymous {
        /// The number of logins that were refused on this connection.
        refused: u32,
    },
    /// The client has proposed a login, and the room waits for the answer to its question about the accounts.
    Proposed(Proposal),
    /// Logged in: the server has accepted the login.
    Identified { login: Arc<str> },
    /// The server is closing this connection, and ignores everything that the peer still sends.
    Leaving,
}

/// A login about which the room has asked a question that has no answer yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) login: Arc<str>,
    pub(crate) kind: LoginKind,
    /// The number of earlier logins that were refused on this connection.
    pub(crate) refused: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoginKind {
    WithPassword {
        /// The time at which the room counted this password as wrong. If the password is correct, the room takes back this
        /// count.
        counted: Instant,
    },
    WithoutPassword,
}

impl Stage for LoginStage {
    const ACCEPTED: Self = LoginStage::Anonymous { refused: 0 };
    const LEAVING: Self = LoginStage::Leaving;

    fn may_close(&self) -> bool {
        *self != LoginStage::Leaving
    }

    fn flow<Q>(&self) -> Flow<Q> {
        match self {
            LoginStage::Anonymous { .. }
            | LoginStage::Proposed(_)
            | LoginStage::Identified { .. } => Flow::Frames,
            LoginStage::Leaving => Flow::Closed,
        }
    }

    fn missing(&self, overdue: Overdue) -> Option<&'static str> {
        match (self, overdue) {
            (LoginStage::Anonymous { .. }, Overdue::FirstByte) => Some("its first byte"),
            (LoginStage::Anonymous { .. }, Overdue::Identification) => Some("its login"),
            (LoginStage::Anonymous { .. } | LoginStage::Identified { .. }, Overdue::Frame) => {
                Some("the rest of a packet")
            }
            // In all other cases there is no time limit: the answer about the accounts may take time, and a client may be
            // silent for ever.
            _ => None,
        }
    }
}

impl Lifecycle for Room {
    type Stage = LoginStage;

    fn connections(&mut self) -> &mut Connections {
        &mut self.connections
    }

    fn clean_up(&mut self, id: ConnId, ended_in: LoginStage, out: &mut Effects) {
        // The client's login becomes free, and the client's requests end.
        if let LoginStage::Identified { login } = ended_in {
            self.roster.leave(id);
            out.leave(id);
            self.end_requests(id, &login, out);
        }
    }
}
