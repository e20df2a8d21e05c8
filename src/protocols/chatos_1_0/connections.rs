//! The stages of a connection, and what the room releases when the connection ends.

use std::net::IpAddr;

use crate::room::pairing::Request;
use crate::room::{self, ConnId, Effects, Lifecycle, TunnelStage};

use super::Room;
use super::private_connections::Refusal;

/// The stages of a connection. An end of a tunnel that waits for the other end is stored with its negotiation. A connection
/// that made a wrong guess is stored with the refusal that it gets after a delay.
pub(super) type Stage = TunnelStage<Request<i16>, Refusal>;

pub(super) type Connections = room::Connections<Stage>;

impl Lifecycle for Room {
    type Stage = Stage;

    fn connections(&mut self) -> &mut Connections {
        &mut self.connections
    }

    /// Real clients open their second connection early, and send nothing on it until their user has decided. So a
    /// connection may be silent if it comes from the address of a client that takes part in a negotiation.
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
            // The pseudonym of the client becomes free, and its negotiations end.
            Stage::Identified { .. } => {
                out.leave(id);
                self.end_negotiations(id, out);
                self.roster.leave(id);
            }
        }
    }
}
