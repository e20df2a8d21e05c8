//! What becomes of connections: what is theirs goes with them.

use std::net::IpAddr;

use crate::room::{self, ConnId, Effects, Housekeeping};

use super::Room;

/// A tunnel's end waits under a connect_id.
pub(super) type State = room::State<i64>;

/// Where each connection stands.
pub(super) type Connections = room::Connections<i64>;

impl Housekeeping for Room {
    type End = i64;
    type Late = ();

    fn connections(&mut self) -> &mut Connections {
        &mut self.connections
    }

    fn expects_tunnels_from(&self, address: IpAddr) -> bool {
        let mut clients = self.roster.at(address);
        clients.any(|client| self.requests.involves(client) || self.rendezvous.involves(client))
    }

    fn tidy_up_behind(&mut self, id: ConnId, was: State, out: &mut Effects) {
        match was {
            State::Anonymous | State::TunnelEnd | State::Leaving => {}
            State::WaitingEnd(connect_id) => self.rendezvous.give_back(connect_id),
            State::AnsweredLate { ticket, .. } => self.guesses.withdraw(ticket),
            // A client leaves: its login is free and its negotiations are over from here on.
            State::Identified { login } => {
                self.roster.leave(id);
                out.leave(id);
                self.end_negotiations(id, &login, out);
            }
        }
    }
}
