//! Sections 3 and 4 of the document: how two clients agree on a private connection, and how the server opens it.

use std::time::Instant;

use crate::room::pairing::{Arrival, Ended, Request};
use crate::room::{AnswerTime, ConnId, Effects, Lifecycle};
use crate::wire::Excerpt;

use super::Room;
use super::ServerFrame;
use super::connections::Stage;

/// Section 3: two clients agree on a private connection.
impl Room {
    /// Handles REQUEST_PRIVATE: relays it to the target alone, unless one of the two clients has too many pending
    /// requests.
    pub(super) fn request_private(
        &mut self,
        from: ConnId,
        requester: &str,
        target: &str,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some(to) = self.find(target, from, "REQUEST_PRIVATE", out) else {
            return;
        };
        match self.requests.ask(Request::between(from, to), now) {
            Ok(()) => self.send(to, ServerFrame::RequestPrivate { requester, target }, out),
            Err(not_asked) => {
                out.remark(
                    from,
                    format!(
                        "ignored REQUEST_PRIVATE to {:?}: {not_asked}",
                        Excerpt(target)
                    ),
                );
            }
        }
    }

    /// Handles OK_PRIVATE: the target agrees, so both clients get the connect_id. If a client has asked itself, it gets the
    /// connect_id only once.
    pub(super) fn ok_private(
        &mut self,
        from: ConnId,
        requester: &str,
        target: &str,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some(asker) = self.find(requester, from, "OK_PRIVATE", out) else {
            return;
        };
        let request = Request::between(asker, from);
        if !self.requests.is_pending(request) {
            out.remark(
                from,
                format!(
                    "ignored OK_PRIVATE: {:?} has sent no request",
                    Excerpt(requester)
                ),
            );
            return;
        }
        let connect_id = match self.rendezvous.open(asker, from, now) {
            Ok(connect_id) => connect_id,
            Err(not_opened) => {
                out.remark(
                    from,
                    format!(
                        "ignored OK_PRIVATE to {:?}: {not_opened}",
                        Excerpt(requester)
                    ),
                );
                return;
            }
        };
        self.requests.end(request);
        let frame = ServerFrame::IdPrivate {
            requester,
            target,
            connect_id,
        };
        self.send(asker, frame, out);
        if from != asker {
            self.send(from, frame, out);
        }
    }

    /// Handles KO_PRIVATE: the target declines. The command is relayed to the requester alone.
    pub(super) fn ko_private(
        &mut self,
        from: ConnId,
        requester: &str,
        target: &str,
        out: &mut Effects,
    ) {
        let Some(asker) = self.find(requester, from, "KO_PRIVATE", out) else {
            return;
        };
        if !self.requests.end(Request::between(asker, from)) {
            out.remark(
                from,
                format!(
                    "ignored KO_PRIVATE: {:?} has sent no request",
                    Excerpt(requester)
                ),
            );
            return;
        }
        self.send(asker, ServerFrame::KoPrivate { requester, target }, out);
    }

    /// Ends each request that was not answered within its time limit. The client that made the request gets KO_PRIVATE from
    /// the server.
    pub(super) fn expire_requests(&mut self, now: Instant, out: &mut Effects) {
        while let Some(Request { asker, target, .. }) = self.requests.expire(now) {
            let Some(target) = self.roster.login(target) else {
                continue;
            };
            out.remark(
                asker,
                format!(
                    "ended request: {:?} did not answer in time",
                    Excerpt(target)
                ),
            );
            self.refuse(asker, target, out);
        }
    }

    /// Ends the requests and the connect_ids of a client that has left. Other clients that wait for its answer get
    /// KO_PRIVATE.
    pub(super) fn end_negotiations(&mut self, id: ConnId, login: &str, out: &mut Effects) {
        for request in self.requests.leave(id) {
            if request.asker != id {
                self.refuse(request.asker, login, out);
            }
        }
        for ended in self.rendezvous.leave(id) {
            self.close_waiting_end(ended, "a client of the private connection left", out);
        }
    }

    fn refuse(&self, asker: ConnId, target: &str, out: &mut Effects) {
        if let Some(requester) = self.roster.login(asker) {
            self.send(asker, ServerFrame::KoPrivate { requester, target }, out);
        }
    }
}

/// Section 4: the server joins the two ends of a private connection.
impl Room {
    /// Handles LOGIN_PRIVATE. The first connection that sends a valid connect_id waits. When a second connection sends the
    /// same id, the server joins the two connections. The server closes a connection that sends an id that is not valid.
    pub(super) fn login_private(
        &mut self,
        from: ConnId,
        connect_id: i64,
        now: Instant,
        out: &mut Effects,
    ) {
        match self.rendezvous.arrive(connect_id, from) {
            Arrival::Unknown => self.wrong_connect_id(from, now, out),
            Arrival::Waits => {
                self.connections.enter(from, Stage::WaitingEnd(connect_id));
            }
            Arrival::Meets(first) => {
                self.connections.enter(first, Stage::TunnelEnd);
                self.connections.enter(from, Stage::TunnelEnd);
                // The server sends ESTABLISHED to both ends before it relays the first byte.
                self.send(first, ServerFrame::Established, out);
                self.send(from, ServerFrame::Established, out);
                out.tunnel(first, from);
            }
        }
    }

    /// Cancels a private connection that is not open yet. If its first end is already connected and waits, the room closes that end.
    pub(crate) fn cancel(&mut self, connect_id: i64, out: &mut Effects) {
        if let Some(ended) = self.rendezvous.end(connect_id) {
            self.close_waiting_end(ended, "a client closed the private connection", out);
        }
    }

    /// Ends each connect_id whose time limit has passed. If an end is already connected with this id and waits, closes that
    /// end.
    pub(super) fn expire_connect_ids(&mut self, now: Instant, out: &mut Effects) {
        while let Some(ended) = self.rendezvous.expire(now) {
            self.close_waiting_end(ended, "the connect_id expired", out);
        }
    }

    /// If too many wrong ids have come from an address, the server answers later ones with a delay of one second. This
    /// method closes the connections whose delay is over.
    pub(super) fn answer_late_guesses(&mut self, now: Instant, out: &mut Effects) {
        while let Some(id) = self.guesses.due(now) {
            self.connections.enter(id, Stage::Leaving);
            out.finish(id);
        }
    }

    fn wrong_connect_id(&mut self, from: ConnId, now: Instant, out: &mut Effects) {
        let Some(address) = self.connections.address(from) else {
            return;
        };
        match self.guesses.wrong(from, address, now) {
            AnswerTime::AtOnce => {
                out.remark(from, "closed: wrong connect_id");
                self.close(from, out);
            }
            AnswerTime::Late(ticket) => {
                out.remark(
                    from,
                    "closing in one second: wrong connect_id, and too many wrong connect_ids came from this address",
                );
                let answer = ();
                self.connections
                    .enter(from, Stage::AnswerDelayed { ticket, answer });
            }
        }
    }

    fn close_waiting_end(&mut self, ended: Ended, why: &str, out: &mut Effects) {
        if let Some(end) = ended.waiting {
            out.remark(
                end,
                format!("closed: {why} before the other tunnel end connected"),
            );
            self.close(end, out);
        }
    }
}
