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
        /// How many logins of this connection were refused.
        refused: u32,
    },
    /// The client has proposed a login, and the room waits for the answer of the accounts.
    Proposed(Proposal),
    /// A client: its login was accepted.
    Identified { login: Arc<str> },
    /// The server is closing this connection and ignores what its peer still sends.
    Leaving,
}

/// A login for which the accounts have not answered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) login: Arc<str>,
    pub(crate) kind: LoginKind,
    /// How many logins of this connection were refused before.
    pub(crate) refused: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoginKind {
    WithPassword {
        /// The time at which the password was counted as wrong. If the password turns out to be right, it is no longer
        /// counted as wrong.
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
            // In all other cases the limit does not apply: the accounts may need time to answer, and a client may be silent
            // for ever.
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
        // The login of the client becomes free, and its requests end.
        if let LoginStage::Identified { login } = ended_in {
            self.roster.leave(id);
            out.leave(id);
            self.end_requests(id, &login, out);
        }
    }
}
