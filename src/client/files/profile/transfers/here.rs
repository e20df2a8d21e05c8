//! This side of a transfer: commands of the user, and events of the disk and the connection.

use super::{
    Deed, Digest, FileDirection, FileEvent, Frame, ReceiveState, Receiving, Running, Sending,
    Transfers, send,
};
use crate::files::exchange::Exchange;

/// Commands of the user.
impl Transfers {
    /// Offers a file, and returns its number.
    pub(crate) fn offer(&mut self, name: String, size: u64, sha256: Digest) -> (u32, Vec<Deed>) {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        let file = Sending {
            name: name.clone(),
            size,
            sent: None,
        };
        self.sending.insert(id, file);
        let offer = Frame::Offer {
            id,
            size,
            sha256,
            name,
        };
        (id, vec![send(offer)])
    }

    /// True if the user has not yet answered an offer of the peer.
    pub(crate) fn has_offer(&self) -> bool {
        self.oldest_offer().is_some()
    }

    fn oldest_offer(&self) -> Option<u32> {
        let mut files = self.receiving.iter();
        files.find_map(|(id, file)| (file.state == ReceiveState::Offered).then_some(*id))
    }

    /// Accepts the oldest unanswered offer.
    pub(crate) fn accept(&mut self) -> Vec<Deed> {
        let Some(id) = self.oldest_offer() else {
            return Vec::new();
        };
        let Some(file) = self.receiving.get_mut(&id) else {
            return Vec::new();
        };
        file.state = ReceiveState::Opening;
        vec![Deed::Open {
            id,
            name: file.name.clone(),
            size: file.size,
            sha256: Some(file.sha256),
        }]
    }

    /// Declines the oldest unanswered offer.
    pub(crate) fn deny(&mut self) -> Vec<Deed> {
        let Some(id) = self.oldest_offer() else {
            return Vec::new();
        };
        self.receiving.remove(&id);
        vec![send(Frame::Deny { id })]
    }
}

/// Events of the disk and the connection.
impl Exchange for Transfers {
    fn read(&mut self, id: u32, bytes: &[u8]) -> Vec<Deed> {
        let Some(file) = self.sending.get_mut(&id) else {
            return Vec::new();
        };
        let Some(sent) = &mut file.sent else {
            return Vec::new();
        };
        // The file may have grown since it was offered. This function sends only as many bytes as were offered, because the
        // hash covers only these.
        let left = usize::try_from(file.size.saturating_sub(*sent)).unwrap_or(usize::MAX);
        let bytes = &bytes[..bytes.len().min(left)];
        *sent += bytes.len() as u64;
        let over = *sent == file.size;
        let length = bytes.len();
        let mut frame = Frame::Data { id, length }.encode();
        frame.extend_from_slice(bytes);
        let mut deeds = vec![Deed::Send(frame)];
        if over {
            deeds.push(Deed::StopReading { id });
        }
        deeds
    }

    fn unreadable(&mut self, id: u32, reason: &str) -> Vec<Deed> {
        let told = Some(reason.replace(char::is_control, "_"));
        let mut deeds = vec![send(Frame::Withdraw { id, reason: told })];
        deeds.extend(self.end(FileDirection::Out, id, reason));
        deeds
    }

    fn opened(&mut self, id: u32, offset: u64) -> Vec<Deed> {
        let opening = |file: &&mut Receiving| file.state == ReceiveState::Opening;
        let Some(file) = self.receiving.get_mut(&id).filter(opening) else {
            return Vec::new();
        };
        file.state = ReceiveState::Running(offset);
        let begun = FileEvent::Begun {
            way: FileDirection::In,
            name: file.name.clone(),
            size: file.size,
            offset,
        };
        vec![send(Frame::Accept { id, offset }), Deed::Tell(begun)]
    }

    fn finished(&mut self, id: u32, path: String) -> Vec<Deed> {
        let Some(Receiving { name, size, .. }) = self.receiving.remove(&id) else {
            return Vec::new();
        };
        let event = FileEvent::Received {
            name,
            size,
            path,
            checked: true,
        };
        vec![send(Frame::Done { id }), Deed::Tell(event)]
    }

    fn wrong(&mut self, id: u32) -> Vec<Deed> {
        let mut deeds = vec![send(Frame::Bad { id })];
        deeds.extend(self.end(
            FileDirection::In,
            id,
            "its SHA-256 is wrong; the file was deleted",
        ));
        deeds
    }

    fn unwritable(&mut self, id: u32, reason: &str) -> Vec<Deed> {
        self.stop(id, reason)
    }

    /// Cancels the newest transfer. An offer of this side that the peer has not answered counts as a transfer too.
    fn cancel(&mut self) -> Vec<Deed> {
        let offered = |id: &u32| self.receiving[id].state == ReceiveState::Offered;
        let incoming = self.receiving.keys().rev().copied().find(|id| !offered(id));
        let outgoing = self.sending.keys().next_back().copied();
        if let Some(id) = incoming {
            let mut deeds = vec![send(Frame::Stop { id, reason: None }), Deed::Forget { id }];
            deeds.extend(self.end(FileDirection::In, id, "you cancelled it"));
            deeds.retain(|deed| *deed != Deed::Keep { id });
            deeds
        } else if let Some(id) = outgoing {
            let mut deeds = vec![send(Frame::Withdraw { id, reason: None })];
            deeds.extend(self.end(FileDirection::Out, id, "you cancelled it"));
            deeds
        } else {
            Vec::new()
        }
    }

    fn peer_ended(&mut self) -> Vec<Deed> {
        self.cut()
    }

    /// Ends all transfers. Incomplete files stay on the disk, because a transfer resumes when the same file is offered
    /// again.
    fn shut(&mut self) -> Vec<Deed> {
        let mut deeds = self.cut();
        deeds.push(Deed::EndSending);
        deeds
    }

    fn cut(&mut self) -> Vec<Deed> {
        let reason = "the private connection closed too early; the transfer resumes when the file is offered again";
        let mut deeds = Vec::new();
        for id in self.receiving.keys().copied().collect::<Vec<_>>() {
            deeds.extend(self.end(FileDirection::In, id, reason));
        }
        for id in self.sending.keys().copied().collect::<Vec<_>>() {
            deeds.extend(self.end(FileDirection::Out, id, reason));
        }
        deeds
    }

    /// Always false. In this format, the transfer of a received file ends when this client sends `done` or `bad`. If the
    /// connection closes before that, the transfer counts as interrupted, even if the whole file has arrived.
    fn is_writing(&self) -> bool {
        false
    }

    fn running(&self) -> Vec<Running<'_>> {
        let sending = self.sending.iter().filter_map(|(id, file)| {
            Some(Running {
                way: FileDirection::Out,
                id: *id,
                name: &file.name,
                done: file.sent?,
                size: file.size,
            })
        });
        let receiving = self.receiving.iter().filter_map(|(id, file)| {
            let ReceiveState::Running(done) = file.state else {
                return None;
            };
            Some(Running {
                way: FileDirection::In,
                id: *id,
                name: &file.name,
                done,
                size: file.size,
            })
        });
        sending.chain(receiving).collect()
    }
}
