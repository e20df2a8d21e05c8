//! The client's half: everything that Chaton's client does, and the closing of private connections.

use std::collections::BTreeMap;

use super::{AcceptCloseConnection, ClientFrame, CloseConnection, Codec, ServerFrame};
use crate::chaton::client::ChatonClient;
use crate::dialogue::{Action, Dialogue, Direction, Fault, Intent, Refusal, Source, TunnelId};
use crate::wire::Explained;

/// One client of a server of this protocol.
#[derive(Debug)]
pub struct ChatosGroupe2Client {
    chaton: ChatonClient,
    codec: Codec,
    /// The private connections that the user has closed, each with its CLOSE_CONNECTION. The client sends this command only
    /// after all bytes of the private connection are sent, because the server stops reading them when the command arrives.
    closing: BTreeMap<TunnelId, Vec<u8>>,
}

impl ChatosGroupe2Client {
    /// Makes a client that has not sent anything.
    pub fn new(codec: Codec) -> ChatosGroupe2Client {
        ChatosGroupe2Client {
            chaton: ChatonClient::new(codec),
            codec,
            closing: BTreeMap::new(),
        }
    }

    fn note_close(&mut self, id: TunnelId, peer: &str) {
        let Some(connect_id) = self.chaton.tunnels().detail(id).copied() else {
            return;
        };
        let close = ClientFrame::CloseConnection(CloseConnection {
            connect_id,
            requester: self.chaton.login(),
            target: peer,
        });
        let mut bytes = Vec::new();
        close.encode(self.codec, &mut bytes);
        self.closing.insert(id, bytes);
    }

    /// Handles ACCEPT_CLOSE_CONNECTION: the peer has closed a private connection, so we close our direction too. The command
    /// contains no connect_id, so it does not say which private connection the peer has closed. If we have several with this
    /// peer, we take the newest, because clients close the newest first. If we have no private connection with this peer, it
    /// has already ended, and this function does nothing.
    fn peer_closed(&mut self, accept: AcceptCloseConnection<'_>) -> Vec<Action> {
        let shut = self.chaton.tunnels().shut_newest(accept.login);
        shut.map(Action::Shut).into_iter().collect()
    }
}

impl Dialogue for ChatosGroupe2Client {
    fn intend(&mut self, intent: Intent<'_>) -> Result<Vec<Action>, Refusal> {
        let actions = self.chaton.intend(intent)?;
        if let (Intent::Close { peer }, [Action::Shut(id)]) = (intent, &*actions) {
            self.note_close(*id, peer);
        }
        Ok(actions)
    }

    fn receive(
        &mut self,
        from: Source,
        bytes: &[u8],
    ) -> Result<Option<(usize, Vec<Action>)>, Fault> {
        let Some((frame, length)) = ServerFrame::decode(self.codec, bytes)? else {
            return Ok(None);
        };
        let actions = match (from, frame) {
            (from, ServerFrame::Chaton(frame)) => self.chaton.hear(from, frame)?,
            (Source::Server, ServerFrame::AcceptCloseConnection(accept)) => {
                self.peer_closed(accept)
            }
            (Source::Tunnel(_), other) => {
                return Err(Fault::NotYetUp {
                    frame: other.to_string(),
                    expected: "ESTABLISHED",
                });
            }
        };
        Ok(Some((length, actions)))
    }

    fn explain(&self, direction: Direction, _on: Source, bytes: &[u8]) -> Option<Explained> {
        let opcode = i8::from_be_bytes([*bytes.first()?]);
        match direction {
            Direction::Sent => {
                let (frame, _) = ClientFrame::decode(self.codec, bytes).ok()??;
                Some(frame.explained(self.codec, opcode))
            }
            Direction::Received => {
                let (frame, _) = ServerFrame::decode(self.codec, bytes).ok()??;
                Some(frame.explained(self.codec, opcode))
            }
        }
    }

    fn disconnected(&mut self) {
        self.closing.clear();
        self.chaton.disconnected();
    }

    fn all_sent(&mut self, tunnel: TunnelId) -> Vec<Action> {
        let close = self.closing.remove(&tunnel);
        close.map(Action::Send).into_iter().collect()
    }

    fn ended(&mut self, tunnel: TunnelId) {
        self.closing.remove(&tunnel);
        self.chaton.ended(tunnel);
    }
}

#[cfg(test)]
mod tests;
