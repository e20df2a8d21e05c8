//! The stages of a connection, and what the room releases when the connection ends.

use std::net::IpAddr;

use crate::room::{self, ConnId, Effects, Lifecycle, TunnelStage};

use super::Room;

/// The stages of a connection. While the first end of a private connection waits for the second end, the stage of the first
/// end contains the connect_id.
pub(super) type Stage = TunnelStage<i64>;

pub(super) type Connections = room::Connections<Stage>;

impl Lifecycle for Room {
    type Stage = Stage;

    fn connections(&mut self) -> &mut Connections {
        &mut self.connections
    }

    /// Real clients open their second connection early, and send nothing on it until the user has decided about the request.
    /// So the time limit for the first byte does not apply to connections from the address of a client that takes part in a
    /// negotiation.
    fn may_stay_silent(&self, address: IpAddr) -> bool {
        let mut clients = self.roster.at(address);
        clients.any(|client| self.requests.involves(client) || self.rendezvous.involves(client))
    }

    fn clean_up(&mut self, id: ConnId, ended_in: Stage, out: &mut Effects) {
        match ended_in {
            Stage::Anonymous | Stage::TunnelEnd | Stage::Leaving => {}
            Stage::WaitingEnd(connect_id) => self.rendezvous.give_back(connect_id),
            Stage::AnswerDelayed { ticket, .. } => self.guesses.withdraw(ticket),
            // The client's login becomes free, and the client's negotiations end.
            Stage::Identified { login } => {
                self.roster.leave(id);
                out.leave(id);
                self.end_negotiations(id, &login, out);
            }
        }
    }
}
