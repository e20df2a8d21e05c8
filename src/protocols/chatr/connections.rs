//! The stages of a connection, and what the room releases when the connection ends.

use uuid::Uuid;

use crate::room::{self, ConnId, Effects, Flow, Lifecycle, Overdue, Stage};

use super::{Reason, Room};

pub(super) type Connections = room::Connections<VerificationStage>;

/// The stages of a connection in Chatr Connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VerificationStage {
    /// PacketConnect has not arrived yet.
    Anonymous,
    /// PacketConnect has arrived, and its signature is being checked.
    Verifying {
        uuid: Uuid,
        /// True when the registered key was replaced during the check. In this case, the room ignores the result of the
        /// check.
        revoked: bool,
    },
    /// Logged in: the server has sent PacketConnected.
    Connected { uuid: Uuid },
    /// The server is closing this connection, and ignores everything that the peer still sends.
    Leaving,
}

impl Stage for VerificationStage {
    const ACCEPTED: Self = VerificationStage::Anonymous;
    const LEAVING: Self = VerificationStage::Leaving;

    fn may_close(&self) -> bool {
        *self != VerificationStage::Leaving
    }

    fn flow<Q>(&self) -> Flow<Q> {
        match self {
            VerificationStage::Anonymous
            | VerificationStage::Verifying { .. }
            | VerificationStage::Connected { .. } => Flow::Frames,
            VerificationStage::Leaving => Flow::Closed,
        }
    }

    fn missing(&self, overdue: Overdue) -> Option<&'static str> {
        use VerificationStage::{Anonymous, Connected};

        match (self, overdue) {
            (Anonymous, Overdue::FirstByte | Overdue::Identification) => Some("PacketConnect"),
            (Anonymous | Connected { .. }, Overdue::Frame) => Some("the rest of a packet"),
            // In all other cases there is no such limit: the check of a signature may take time, and pings detect silent
            // clients.
            _ => None,
        }
    }
}

impl Lifecycle for Room {
    type Stage = VerificationStage;

    fn connections(&mut self) -> &mut Connections {
        &mut self.connections
    }

    fn clean_up(&mut self, id: ConnId, ended_in: VerificationStage, out: &mut Effects) {
        if let VerificationStage::Connected { uuid } = ended_in {
            self.clients.remove(&uuid);
            self.pings.end(id);
            out.leave(id);
            self.end_requests(id, uuid, out);
        }
    }

    fn say_time_out(&self, id: ConnId, out: &mut Effects) {
        out.one(id, &Reason::TimeOut.frame());
    }
}
