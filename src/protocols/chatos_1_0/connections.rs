//! What becomes of connections: what is theirs goes with them.

use std::net::IpAddr;

use crate::room::pairing::Request;
use crate::room::{self, ConnId, Effects, Housekeeping};

use super::Room;
use super::private_connections::Refused;

/// A tunnel's end waits in a negotiation; whoever guessed is refused late.
pub(super) type State = room::State<Request<i16>, Refused>;

/// Where each connection stands.
pub(super) type Connections = room::Connections<Request<i16>, Refused>;

impl Housekeeping for Room {
    type End = Request<i16>;
    type Late = Refused;

    fn connections(&mut self) -> &mut Connections {
        &mut self.connections
    }

    fn expects_tunnels_from(&self, address: IpAddr) -> bool {
        let mut clients = self.roster.at(address);
        clients.any(|client| self.requests.involves(client))
    }

    fn tidy_up_behind(&mut self, id: ConnId, was: State, out: &mut Effects) {
        match was {
            State::Anonymous | State::TunnelEnd | State::Leaving => {}
            State::WaitingEnd(negotiation) => {
                self.waiting.remove(&negotiation);
            }
            State::AnsweredLate { ticket, .. } => self.guesses.withdraw(ticket),
            // A client leaves: its pseudonym is free and its negotiations are over from here on.
            State::Identified { .. } => {
                out.leave(id);
                self.end_negotiations(id, out);
                self.roster.leave(id);
            }
        }
    }
}
