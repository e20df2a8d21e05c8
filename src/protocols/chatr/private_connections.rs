//! How two clients learn each other's addresses: PacketConnectionRequest and its answers.

use std::net::IpAddr;
use std::time::Instant;

use uuid::Uuid;

use crate::room::pairing::{NotAsked, Request};
use crate::room::{ConnId, Effects};

use super::{Frame, Room};

impl Room {
    /// Relays a request to the client that is asked, with the asker's UUID.
    pub(super) fn connection_request(
        &mut self,
        from: ConnId,
        asked: Uuid,
        private_endpoint: IpAddr,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some((uuid, _)) = self.client(from) else {
            return;
        };
        let Some(to) = self.find(asked) else {
            out.one(from, &Frame::ConnectionRequestDenied { uuid: asked });
            return;
        };
        match self.requests.ask(Request::between(from, to), now) {
            Ok(()) => {
                let request = Frame::ConnectionRequest {
                    uuid,
                    private_endpoint,
                };
                out.one(to, &request);
            }
            Err(why @ NotAsked::TooSoon) => {
                out.remark(from, format!("ignored PacketConnectionRequest: {why}"));
            }
            Err(why @ (NotAsked::AskerFull | NotAsked::TargetFull)) => {
                out.remark(from, format!("denied PacketConnectionRequest: {why}"));
                out.one(from, &Frame::ConnectionRequestDenied { uuid: asked });
            }
        }
    }

    /// Relays an acceptance to the asker. Then sends each of the two clients the address from which the other client is
    /// connected.
    pub(super) fn connection_request_accept(
        &mut self,
        from: ConnId,
        asker: Uuid,
        private_endpoint: IpAddr,
        out: &mut Effects,
    ) {
        let Some(to) = self.end_request(from, asker, "PacketConnectionRequestAccept", out) else {
            return;
        };
        let (Some((uuid, own_address)), Some((_, address))) = (self.client(from), self.client(to))
        else {
            return;
        };
        let accept = Frame::ConnectionRequestAccept {
            uuid,
            private_endpoint,
        };
        out.one(to, &accept);
        out.one(to, &info(uuid, own_address));
        // If a client has asked itself, it gets this packet only once.
        if from != to {
            out.one(from, &info(asker, address));
        }
    }

    /// Relays a refusal to the asker.
    pub(super) fn connection_request_denied(
        &mut self,
        from: ConnId,
        asker: Uuid,
        out: &mut Effects,
    ) {
        let Some(to) = self.end_request(from, asker, "PacketConnectionRequestDenied", out) else {
            return;
        };
        if let Some((uuid, _)) = self.client(from) {
            out.one(to, &Frame::ConnectionRequestDenied { uuid });
        }
    }

    /// Ends the request that is answered, and returns its asker; `None` when no request waits for this answer.
    fn end_request(
        &mut self,
        from: ConnId,
        asker: Uuid,
        packet: &str,
        out: &mut Effects,
    ) -> Option<ConnId> {
        let to = self.find(asker);
        let ended = to.filter(|to| self.requests.end(Request::between(*to, from)));
        if ended.is_none() {
            out.remark(
                from,
                format!("ignored {packet}: no request of {asker} is pending"),
            );
        }
        ended
    }

    /// Denies each request that was not answered within its time limit.
    pub(super) fn expire_requests(&mut self, now: Instant, out: &mut Effects) {
        while let Some(request) = self.requests.expire(now) {
            if let Some((uuid, _)) = self.client(request.target) {
                out.one(request.asker, &Frame::ConnectionRequestDenied { uuid });
            }
        }
    }

    /// Ends the requests of a client that leaves. Other clients that wait for its answer get PacketConnectionRequestDenied.
    pub(super) fn end_requests(&mut self, id: ConnId, uuid: Uuid, out: &mut Effects) {
        for request in self.requests.leave(id) {
            if request.asker != id {
                out.one(request.asker, &Frame::ConnectionRequestDenied { uuid });
            }
        }
    }
}

fn info(uuid: Uuid, public_endpoint: IpAddr) -> Frame<'static> {
    Frame::ClientInfo {
        uuid,
        public_endpoint,
    }
}
