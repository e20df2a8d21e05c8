//! The transfers on one private connection. This file does no IO: each function handles an event, and returns [`Deed`]s,
//! which the loop carries out.

use std::collections::BTreeMap;

use super::{Digest, Frame};
use crate::files::exchange::{Deed, FileDirection, FileEvent, Running};

mod here;

/// Maximum number of unanswered offers of a peer. Further offers are denied.
const MAX_OFFERS: usize = 16;

/// All transfers of one private connection, in both directions.
#[derive(Debug)]
pub(crate) struct Transfers {
    /// Maximum size of a file to accept, in bytes.
    max_size: u64,
    next_id: u32,
    sending: BTreeMap<u32, Sending>,
    receiving: BTreeMap<u32, Receiving>,
}

#[derive(Debug)]
struct Sending {
    name: String,
    size: u64,
    /// Number of bytes that the receiver already had, plus the bytes that this client has sent since then; `None` until the
    /// peer has accepted the offer.
    sent: Option<u64>,
}

#[derive(Debug)]
struct Receiving {
    name: String,
    size: u64,
    sha256: Digest,
    state: ReceiveState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReceiveState {
    Offered,
    /// The user accepted. The disk has not yet reported how much of the file already exists.
    Opening,
    /// This many bytes of the file have been received.
    Running(u64),
}

impl Transfers {
    /// Creates an empty list. Files larger than `max_size` bytes will be denied.
    pub(crate) fn new(max_size: u64) -> Transfers {
        Transfers {
            max_size,
            next_id: 1,
            sending: BTreeMap::new(),
            receiving: BTreeMap::new(),
        }
    }

    /// Handles a frame of the peer.
    pub(crate) fn hear(&mut self, frame: Frame) -> Vec<Deed> {
        match frame {
            Frame::Offer {
                id,
                size,
                sha256,
                name,
            } => self.offered(id, size, sha256, name),
            Frame::Accept { id, offset } => self.accepted(id, offset),
            Frame::Deny { id } => self.end(FileDirection::Out, id, "the receiver declined it"),
            Frame::Stop { id, reason } => {
                let reason = of_the_peer("the receiver", "cancelled it", reason);
                self.end(FileDirection::Out, id, &reason)
            }
            Frame::Bad { id } => self.end(
                FileDirection::Out,
                id,
                "the SHA-256 of the receiver's file is different; perhaps the file changed while it was sent",
            ),
            Frame::Done { id } => self.done(id),
            Frame::Withdraw { id, reason } => {
                let reason = of_the_peer("the sender", "withdrew it", reason);
                self.end(FileDirection::In, id, &reason)
            }
            // The decoder never returns `data` and `text` as frames: it returns the data and the text that they contain.
            Frame::Data { .. } | Frame::Text(_) => Vec::new(),
        }
    }

    fn offered(&mut self, id: u32, size: u64, sha256: Digest, name: String) -> Vec<Deed> {
        if self.receiving.contains_key(&id) {
            return Vec::new();
        }
        let deny = send(Frame::Deny { id });
        if size > self.max_size {
            let limit = self.max_size;
            let event = FileEvent::TooLarge { name, size, limit };
            return vec![deny, Deed::Tell(event)];
        }
        let waiting = self.receiving.values();
        if waiting
            .filter(|file| file.state == ReceiveState::Offered)
            .count()
            >= MAX_OFFERS
        {
            return vec![deny];
        }
        let file = Receiving {
            name: name.clone(),
            size,
            sha256,
            state: ReceiveState::Offered,
        };
        self.receiving.insert(id, file);
        vec![Deed::Tell(FileEvent::Offered { name, size })]
    }

    fn accepted(&mut self, id: u32, offset: u64) -> Vec<Deed> {
        let Some(file) = self.sending.get_mut(&id) else {
            return Vec::new();
        };
        if file.sent.is_some() || offset > file.size {
            return Vec::new();
        }
        file.sent = Some(offset);
        let begun = FileEvent::Begun {
            way: FileDirection::Out,
            name: file.name.clone(),
            size: file.size,
            offset,
        };
        let mut deeds = vec![Deed::Tell(begun)];
        if offset < file.size {
            deeds.push(Deed::Read { id, offset });
        }
        deeds
    }

    fn done(&mut self, id: u32) -> Vec<Deed> {
        let all_sent = |file: &Sending| file.sent == Some(file.size);
        if !self.sending.get(&id).is_some_and(all_sent) {
            return Vec::new();
        }
        let Some(Sending { name, size, .. }) = self.sending.remove(&id) else {
            return Vec::new();
        };
        vec![Deed::Tell(FileEvent::Sent { name, size })]
    }

    /// Handles bytes of a file.
    pub(crate) fn data(&mut self, id: u32, bytes: Vec<u8>) -> Vec<Deed> {
        let Some(file) = self.receiving.get_mut(&id) else {
            // The transfer was cancelled while these bytes were in transit.
            return Vec::new();
        };
        let ReceiveState::Running(here) = file.state else {
            return Vec::new();
        };
        let here = here.saturating_add(bytes.len() as u64);
        if here > file.size {
            return self.stop(id, "the sender sent more bytes than the size in its offer");
        }
        file.state = ReceiveState::Running(here);
        vec![Deed::Write { id, bytes }]
    }
}

impl Transfers {
    /// Stops receiving a file, and tells the sender why.
    fn stop(&mut self, id: u32, reason: &str) -> Vec<Deed> {
        let told = Some(reason.to_owned());
        let mut deeds = vec![send(Frame::Stop { id, reason: told })];
        deeds.extend(self.end(FileDirection::In, id, reason));
        deeds
    }

    fn end(&mut self, way: FileDirection, id: u32, reason: &str) -> Vec<Deed> {
        let (name, deed) = match way {
            FileDirection::Out => match self.sending.remove(&id) {
                Some(file) => (file.name, Deed::StopReading { id }),
                None => return Vec::new(),
            },
            FileDirection::In => match self.receiving.remove(&id) {
                Some(file) => (file.name, Deed::Keep { id }),
                None => return Vec::new(),
            },
        };
        let reason = reason.to_owned();
        vec![deed, Deed::Tell(FileEvent::Failed { way, name, reason })]
    }
}

/// Returns the reason to show to the user. If the peer gave no reason, the text says what the peer did.
fn of_the_peer(who: &str, did: &str, reason: Option<String>) -> String {
    match reason {
        Some(reason) => format!("{who}: {reason}"),
        None => format!("{who} {did}"),
    }
}

fn send(frame: Frame) -> Deed {
    Deed::Send(frame.encode())
}

#[cfg(test)]
mod tests;
