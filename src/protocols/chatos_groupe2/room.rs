//! Handles the two commands that Chaton does not have. Chaton's room handles all other commands.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use crate::chaton;
use crate::room::{ConnId, Effects, Entropy, Event, Flow, Protocol};
use crate::wire::Malformed;

use super::private_connections::{Party, Tunnels};
use super::{
    AcceptCloseConnection, ClientFrame, CloseConnection, Codec, Options, TUNNEL_END_DELAY,
};

/// Everything that a listener of this protocol knows. It knows what a Chaton listener knows, and for each private connection
/// the clients that may close it.
pub struct Room {
    chaton: chaton::Room,
    tunnels: Tunnels,
    tunnel_end_delay: Duration,
}

impl Protocol for Room {
    const NAME: &'static str = "chatos-groupe2";
    type Codec = Codec;
    type Command<'a> = ClientFrame<'a>;
    type Question = Infallible;
    type Answer = Infallible;

    fn decode<'a>(
        codec: &Codec,
        input: &'a [u8],
    ) -> Result<Option<(ClientFrame<'a>, usize)>, Malformed> {
        ClientFrame::decode(*codec, input)
    }

    fn turns_the_stream(command: &ClientFrame<'_>) -> bool {
        match command {
            ClientFrame::Chaton(command) => chaton::Room::turns_the_stream(command),
            ClientFrame::CloseConnection(_) => false,
        }
    }

    fn handle(
        &mut self,
        from: ConnId,
        event: Event<ClientFrame<'_>>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow {
        match event.try_map(ClientFrame::in_chaton) {
            Ok(event) => self.in_chaton(from, event, now, out),
            Err(close) => {
                self.close_connection(from, close, out);
                self.chaton.flow(from)
            }
        }
    }

    fn tunnel_end_delay(&self) -> Duration {
        self.tunnel_end_delay
    }

    fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.chaton.deadline(), self.tunnels.deadline()];
        deadlines.into_iter().flatten().min()
    }

    fn tick(&mut self, now: Instant, out: &mut Effects) {
        self.chaton.tick(now, out);
        self.tunnels.expire(now);
    }
}

impl Room {
    /// Makes an empty room. The room makes its connect_ids from `entropy`. The ids are secret, so `entropy` must be
    /// unpredictable.
    pub fn new(options: Options, entropy: Entropy) -> Room {
        Room {
            chaton: chaton::Room::new(options, entropy),
            tunnels: Tunnels::default(),
            tunnel_end_delay: TUNNEL_END_DELAY,
        }
    }

    /// Replaces the delay [`TUNNEL_END_DELAY`] with another delay.
    #[must_use]
    pub fn with_tunnel_end_delay(self, tunnel_end_delay: Duration) -> Room {
        Room {
            tunnel_end_delay,
            ..self
        }
    }

    /// True when the room stores nothing for any connection. Private connections that have ended do not count, because they
    /// are forgotten only after a time limit.
    pub fn is_empty(&self) -> bool {
        self.chaton.is_empty() && !self.tunnels.any_open()
    }

    /// Lets Chaton's room handle an event, and records which private connections open and end.
    fn in_chaton(
        &mut self,
        from: ConnId,
        event: Event<chaton::ClientFrame<'_>>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow {
        use chaton::ClientFrame::LoginPrivate;

        match event {
            Event::Command(LoginPrivate { connect_id }) => {
                let first = self.chaton.agreement(connect_id).and_then(|it| it.waiting);
                let parties = self.parties_that_agreed(connect_id);
                let flow = self.chaton.handle(from, event, now, out);
                // `Flow::Raw` alone does not say whether this connection is the first or the second end. But if another
                // connection (`first`) was already waiting, this connection is the second end.
                if let (Some(first), Some(parties), Flow::Raw) = (first, parties, flow) {
                    self.tunnels.establish(connect_id, parties, [first, from]);
                }
                return flow;
            }
            Event::Gone => self.tunnels.end_is_gone(from, now),
            _ => {}
        }
        self.chaton.handle(from, event, now, out)
    }

    /// Handles CLOSE_CONNECTION: tells the other client, then closes both ends.
    fn close_connection(&mut self, from: ConnId, close: CloseConnection<'_>, out: &mut Effects) {
        let (other, login) = match self.who_closes(from, close) {
            Ok([closer, other]) => (other.id, closer.login),
            Err(why) => {
                out.remark(from, format!("ignored CLOSE_CONNECTION: {why}"));
                return;
            }
        };
        // If the other client has left, its login may now belong to a third client. The third client must not get this
        // packet.
        if self.chaton.login_of(other).is_some() {
            out.one(other, &AcceptCloseConnection { login: &login });
        }
        if self.chaton.agreement(close.connect_id).is_some() {
            self.chaton.cancel(close.connect_id, out);
        } else if let Some(ends) = self.tunnels.take(close.connect_id) {
            ends.into_iter().for_each(|end| out.finish(end));
        }
    }

    /// Returns the client that closes the private connection, and the other client. If this client may not close the private
    /// connection, returns the reason.
    fn who_closes(
        &self,
        from: ConnId,
        close: CloseConnection<'_>,
    ) -> Result<[Party; 2], &'static str> {
        let CloseConnection {
            connect_id,
            requester,
            target,
        } = close;
        if self.chaton.login_of(from).is_none() {
            return Err("the connection has no login");
        }
        let parties = self
            .parties_that_agreed(connect_id)
            .or_else(|| self.tunnels.parties(connect_id));
        let Some([asker, asked]) = parties else {
            return Err("no private connection has this connect_id");
        };
        let names = [&*asker.login, &*asked.login];
        if names != [requester, target] && names != [target, requester] {
            return Err("the two logins in the command are not those of the private connection");
        }
        if asker.id == from {
            Ok([asker, asked])
        } else if asked.id == from {
            Ok([asked, asker])
        } else {
            Err("the private connection is between other clients")
        }
    }

    /// Returns the two clients that agreed on this connect_id; `None` when the id is not live.
    fn parties_that_agreed(&self, connect_id: i64) -> Option<[Party; 2]> {
        let [asker, target] = self.chaton.agreement(connect_id)?.parties;
        Some([self.party(asker)?, self.party(target)?])
    }

    fn party(&self, id: ConnId) -> Option<Party> {
        let login = self.chaton.login_of(id)?.clone();
        Some(Party { id, login })
    }
}
