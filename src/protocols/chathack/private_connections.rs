//! How two clients agree on a direct connection. The server never sees the direct connection itself.

use std::time::Instant;

use crate::room::pairing::Request;
use crate::room::{ConnId, Effects};
use crate::wire::Excerpt;

use super::{MeetingPoint, Room, ServerFrame};

impl Room {
    /// Handles opcode 4, a request: relays it as ACK 6, or denies it at once.
    pub(super) fn private_asking(
        &mut self,
        from: ConnId,
        sender: &str,
        receiver: &str,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some(to) = self.roster.find(receiver) else {
            out.remark(
                from,
                format!(
                    "denied private connection: no client is called {:?}",
                    Excerpt(receiver)
                ),
            );
            out.one(from, &ServerFrame::PrivateDenied { login: receiver });
            return;
        };
        let request = Request::between(from, to);
        if self.requests.is_pending(request) {
            out.remark(
                from,
                format!(
                    "ignored repeated request: {:?} has not answered the first one yet",
                    Excerpt(receiver)
                ),
            );
            return;
        }
        match self.requests.ask(request, now) {
            Ok(()) => out.one(to, &ServerFrame::PrivateAsking { sender }),
            Err(not_asked) => {
                out.remark(
                    from,
                    format!(
                        "denied private connection with {:?}: {not_asked}",
                        Excerpt(receiver)
                    ),
                );
                out.one(from, &ServerFrame::PrivateDenied { login: receiver });
            }
        }
    }

    /// Handles opcode 5, an agreement: relays it as ACK 7. This ends the request.
    pub(super) fn private_validation(
        &mut self,
        from: ConnId,
        login: &str,
        asker: &str,
        mut meeting: MeetingPoint,
        out: &mut Effects,
    ) {
        let Some(request) = self.pending(asker, from, out) else {
            return;
        };
        if !(1..=i32::from(u16::MAX)).contains(&meeting.port) {
            self.packet_error(
                from,
                &format!("port {} is not between 1 and 65535", meeting.port),
                out,
            );
            return;
        }
        if meeting.address.is_unspecified() {
            match self.connections.address(from) {
                Some(address) => meeting.address = address,
                None => return,
            }
        }
        self.requests.end(request);
        out.one(
            request.asker,
            &ServerFrame::PrivateValidation { login, meeting },
        );
    }

    /// Handles opcode 6, a refusal: relays it as ACK 8. This ends the request.
    pub(super) fn private_denied(
        &mut self,
        from: ConnId,
        login: &str,
        asker: &str,
        out: &mut Effects,
    ) {
        if let Some(request) = self.pending(asker, from, out) {
            self.requests.end(request);
            out.one(request.asker, &ServerFrame::PrivateDenied { login });
        }
    }

    /// Denies each request that was not answered within its time limit.
    pub(super) fn expire_requests(&mut self, now: Instant, out: &mut Effects) {
        while let Some(Request { asker, target, .. }) = self.requests.expire(now) {
            if let Some(login) = self.roster.login(target) {
                out.remark(
                    asker,
                    format!(
                        "denied private connection: {:?} did not answer in time",
                        Excerpt(login)
                    ),
                );
                out.one(asker, &ServerFrame::PrivateDenied { login });
            }
        }
    }

    /// Ends the requests of a client that has left. Other clients that wait for its answer get ACK 8.
    pub(super) fn end_requests(&mut self, id: ConnId, login: &str, out: &mut Effects) {
        for request in self.requests.leave(id) {
            if request.asker != id {
                out.one(request.asker, &ServerFrame::PrivateDenied { login });
            }
        }
    }

    /// Returns the request that `target` answers. If there is no such request, the server ignores the answer. It does not
    /// send ACK 1, because the authors' client exits when it gets ACK 1.
    fn pending(&self, asker: &str, target: ConnId, out: &mut Effects) -> Option<Request> {
        let request = self
            .roster
            .find(asker)
            .map(|asker| Request::between(asker, target))
            .filter(|request| self.requests.is_pending(*request));
        if request.is_none() {
            out.remark(
                target,
                format!("ignored answer: {:?} has sent no request", Excerpt(asker)),
            );
        }
        request
    }
}
