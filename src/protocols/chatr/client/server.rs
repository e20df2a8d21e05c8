//! Handles what the server sends to a client of Chatr Connect, in the order of the document.

use std::net::IpAddr;

use uuid::Uuid;

use super::candidates::candidates;
use super::{ChatrClient, Party, farewell, send};
use crate::chatr::Frame;
use crate::dialogue::{Action, Event, Identity};

impl ChatrClient {
    pub(super) fn hear(&mut self, frame: Frame<'_>) -> Vec<Action> {
        match frame {
            Frame::Disconnect { message } => self.hear_disconnect(message),
            Frame::Connected if self.identity == Identity::Proposed => {
                self.identity = Identity::Accepted;
                let login = self.book.name_of(self.uuid);
                Action::tell(Event::LoggedIn { login })
            }
            Frame::Ping { id } => send(Frame::Pong { id }),
            Frame::ConnectionRequest {
                uuid,
                private_endpoint,
            } => {
                self.asked_by.take(|asker| asker.uuid == uuid);
                self.asked_by.remember(Party {
                    uuid,
                    private_endpoint,
                });
                let peer = self.book.name_of(uuid);
                Action::tell(Event::Asked { peer })
            }
            Frame::ConnectionRequestAccept {
                uuid,
                private_endpoint,
            } => match self.asked.take(|asked| *asked == uuid) {
                Some(uuid) => {
                    self.agree(Party {
                        uuid,
                        private_endpoint,
                    });
                    Vec::new()
                }
                None => self.ignore_unless_met(uuid, frame),
            },
            Frame::ConnectionRequestDenied { uuid } => self.hear_denied(uuid, frame),
            Frame::ClientInfo {
                uuid,
                public_endpoint,
            } => match self.agreed.take(|agreed| agreed.uuid == uuid) {
                Some(party) => self.meet(&party, public_endpoint),
                None => self.ignore_unless_met(uuid, frame),
            },
            other => Action::ignore(other),
        }
    }

    fn hear_disconnect(&mut self, message: &str) -> Vec<Action> {
        let what = farewell::explained(message);
        let was_connecting = self.identity == Identity::Proposed;
        self.identity = Identity::None;
        Action::tell(match was_connecting {
            true => Event::LoginRefused {
                login: self.book.name_of(self.uuid),
                reason: Some(what),
            },
            false => Event::Refused { what },
        })
    }

    fn hear_denied(&mut self, uuid: Uuid, frame: Frame<'_>) -> Vec<Action> {
        let peer = self.book.name_of(uuid);
        if self.asked.take(|asked| *asked == uuid).is_some() {
            return Action::tell(Event::Denied { peer });
        }
        if self.asked_by.take(|asker| asker.uuid == uuid).is_some() {
            return Action::tell(Event::Withdrawn { peer });
        }
        self.ignore_unless_met(uuid, frame)
    }

    /// Reports that a frame was ignored, unless we have already agreed with this client. When two clients ask each other,
    /// there are two agreements. The frames of the second agreement are normal, and the client need not do anything.
    fn ignore_unless_met(&self, uuid: Uuid, frame: Frame<'_>) -> Vec<Action> {
        let mut met = self.tunnels.details();
        let is_agreed = self.agreed.iter().any(|agreed| agreed.uuid == uuid);
        match is_agreed || met.any(|met| *met == uuid) {
            true => Vec::new(),
            false => Action::ignore(frame),
        }
    }

    fn meet(&mut self, party: &Party, public_endpoint: IpAddr) -> Vec<Action> {
        let peer = self.book.name_of(party.uuid);
        let agreed = Action::Tell(Event::Agreed { peer: peer.clone() });
        let Some((_, server)) = self.ends else {
            return vec![agreed];
        };
        let candidates = candidates(public_endpoint, party.private_endpoint, server);
        if candidates.is_empty() {
            let reason = format!(
                "the server says that the peer is at {public_endpoint}, but a peer cannot be there (it is a loopback or multicast address, for example)"
            );
            let closed = Event::TunnelClosed {
                peer,
                reason: Some(reason),
            };
            return vec![agreed, Action::Tell(closed)];
        }
        let tunnel = self.tunnels.add(&peer, party.uuid);
        let meet = Action::Meet {
            tunnel,
            peer,
            uuid: party.uuid,
            candidates,
            // The client with the lower UUID opens the connection. Both clients compare the UUIDs, so exactly one of them
            // opens it.
            calls: self.uuid < party.uuid,
        };
        vec![agreed, meet]
    }
}
