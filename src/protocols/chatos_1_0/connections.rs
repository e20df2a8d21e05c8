//! The stages of a connection, and what the room releases when the connection ends.

use std::net::IpAddr;

use crate::room::pairing::Request;
use crate::room::{self, ConnId, Effects, Lifecycle, TunnelStage};

use super::Room;
use super::private_connections::Refusal;

/// The stages of a connection. While the first end of a tunnel waits for the second end, the stage of the first end contains
/// the negotiation. While the server delays its refusal of a TCPAccept or TCPConnect that fits no negotiation, the stage of
/// that connection contains the refusal.
pub(super) type Stage = TunnelStage<Request<i16>, Refusal>;

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
        clients.any(|client| self.requests.involves(client))
    }

    fn clean_up(&mut self, id: ConnId, ended_in: Stage, out: &mut Effects) {
        match ended_in {
            Stage::Anonymous | Stage::TunnelEnd | Stage::Leaving => {}
            Stage::WaitingEnd(negotiation) => {
                self.waiting.remove(&negotiation);
            }
            Stage::AnswerDelayed { ticket, .. } => self.guesses.withdraw(ticket),
            // The client's pseudonym becomes free, and the client's negotiations end.
            Stage::Identified { .. } => {
                out.leave(id);
                self.end_negotiations(id, out);
                self.roster.leave(id);
            }
        }
    }
}
