//! How two clients agree on a private connection, and how the server opens it.

use std::time::Instant;

use crate::room::pairing::Request;
use crate::room::{AnswerTime, ConnId, Effects, Lifecycle};

use super::connections::Stage;
use super::frames::OwnedNegotiation;
use super::room::refuse;
use super::{ErrorCode, Frame, Negotiation, Room};

/// The first end of a tunnel, while it waits for the second.
pub(super) struct Waiting {
    side: Side,
    end: ConnId,
}

/// One of the two clients of a negotiation. Each end of the tunnel belongs to one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Asker,
    Target,
}

/// The answer to a connection that wants to become an end of a tunnel but fits no negotiation: an ERROR, and in some cases a
/// TCPAbort.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    code: ErrorCode,
    abort: Option<OwnedNegotiation>,
}

/// Packets on identified connections.
impl Room {
    /// Handles TCPAsk: relays it to the recipient. If the room cannot relay the packet, the asker gets an ERROR and then a
    /// TCPAbort.
    pub(super) fn tcp_ask(
        &mut self,
        from: ConnId,
        own: Option<&str>,
        negotiation: Negotiation<'_>,
        now: Instant,
        out: &mut Effects,
    ) {
        let frame = Frame::TcpAsk(negotiation);
        let code = match self.ask(from, own, negotiation, now) {
            Ok(to) => {
                out.one(to, &frame);
                out.one(from, &ErrorCode::Ok.frame());
                return;
            }
            Err(code) => code,
        };
        refuse(from, frame, code, out);
        out.one(from, &Frame::TcpAbort(negotiation));
    }

    fn ask(
        &mut self,
        from: ConnId,
        own: Option<&str>,
        negotiation: Negotiation<'_>,
        now: Instant,
    ) -> Result<ConnId, ErrorCode> {
        if own != Some(negotiation.sender) {
            return Err(ErrorCode::InvalidPseudonym);
        }
        let target = self.roster.find(negotiation.recipient);
        let target = target.ok_or(ErrorCode::UnreachableUser)?;
        let request = Request {
            asker: from,
            target,
            topic: negotiation.password,
        };
        match self.requests.ask(request, now) {
            Ok(()) => Ok(target),
            Err(_) => Err(ErrorCode::TcpInProtocole),
        }
    }

    /// Handles TCPAbort: the recipient declines, which is possible at any time before both ends are joined. Both clients get
    /// the TCPAbort. If a client has asked itself, it gets the TCPAbort only once.
    pub(super) fn tcp_abort(
        &mut self,
        from: ConnId,
        own: Option<&str>,
        negotiation: Negotiation<'_>,
        out: &mut Effects,
    ) {
        let frame = Frame::TcpAbort(negotiation);
        if own != Some(negotiation.recipient) {
            refuse(from, frame, ErrorCode::InvalidPseudonym, out);
            return;
        }
        let Some(request) = self.running(negotiation) else {
            refuse(from, frame, ErrorCode::TcpNotInProtocole, out);
            return;
        };
        self.requests.end(request);
        out.one(request.asker, &frame);
        if from != request.asker {
            out.one(from, &frame);
        }
        self.close_waiting_end(request, "the negotiation was aborted", out);
    }

    /// Returns the running negotiation that these fields name.
    fn running(&self, negotiation: Negotiation<'_>) -> Option<Request<i16>> {
        let request = Request {
            asker: self.roster.find(negotiation.sender)?,
            target: self.roster.find(negotiation.recipient)?,
            topic: negotiation.password,
        };
        self.requests.is_pending(request).then_some(request)
    }

    /// Ends each negotiation whose time limit has passed: sends a TCPAbort to its asker. If an end is already connected and
    /// waits, the room closes that end.
    pub(super) fn expire_negotiations(&mut self, now: Instant, out: &mut Effects) {
        while let Some(request) = self.requests.expire(now) {
            out.remark(
                request.asker,
                "aborted negotiation: the time limit has passed",
            );
            self.abort(request.asker, request, out);
            self.close_waiting_end(request, "the negotiation timed out", out);
        }
    }

    /// Ends the negotiations of a client that leaves. The other client of each negotiation gets a TCPAbort. If an end waits,
    /// the server closes it.
    pub(super) fn end_negotiations(&mut self, id: ConnId, out: &mut Effects) {
        for request in self.requests.leave(id) {
            let other = if request.asker == id {
                request.target
            } else {
                request.asker
            };
            if other != id {
                self.abort(other, request, out);
            }
            self.close_waiting_end(request, "a client of the private connection left", out);
        }
    }

    fn abort(&self, to: ConnId, request: Request<i16>, out: &mut Effects) {
        let sender = self.roster.login(request.asker);
        if let (Some(sender), Some(recipient)) = (sender, self.roster.login(request.target)) {
            let negotiation = Negotiation {
                sender,
                recipient,
                password: request.topic,
            };
            out.one(to, &Frame::TcpAbort(negotiation));
        }
    }

    fn close_waiting_end(&mut self, request: Request<i16>, why: &str, out: &mut Effects) {
        if let Some(Waiting { end, .. }) = self.waiting.remove(&request) {
            out.remark(
                end,
                format!("closed: {why} before the other tunnel end connected"),
            );
            self.close(end, out);
        }
    }
}

/// Packets on new connections, which become ends of tunnels.
impl Room {
    /// Handles TCPAccept: the connection becomes the recipient's end, and the packet is relayed to the asker.
    pub(super) fn tcp_accept(
        &mut self,
        from: ConnId,
        negotiation: Negotiation<'_>,
        now: Instant,
        out: &mut Effects,
    ) {
        let frame = Frame::TcpAccept(negotiation);
        match self.place(from, negotiation, Side::Target) {
            Some(request) => {
                out.one(request.asker, &frame);
                self.end_comes(from, request, Side::Target, out);
            }
            None => {
                let refusal = Refusal {
                    code: ErrorCode::TcpNotInProtocole,
                    abort: None,
                };
                self.refuse_end(from, frame, refusal, now, out);
            }
        }
    }

    /// Handles TCPConnect: the connection becomes the asker's end.
    pub(super) fn tcp_connect(
        &mut self,
        from: ConnId,
        negotiation: Negotiation<'_>,
        now: Instant,
        out: &mut Effects,
    ) {
        if let Some(request) = self.place(from, negotiation, Side::Asker) {
            self.end_comes(from, request, Side::Asker, out);
            return;
        }
        let refusal = self.refused_connect(from, negotiation);
        self.refuse_end(from, Frame::TcpConnect(negotiation), refusal, now, out);
    }

    /// Returns the answer to a TCPConnect that fits no negotiation. If the connection does not come from the asker's
    /// address, the refusal is always ERROR 6. So a stranger cannot find out which negotiations exist.
    fn refused_connect(&self, from: ConnId, negotiation: Negotiation<'_>) -> Refusal {
        let asker = self.roster.find(negotiation.sender);
        let asker = asker.filter(|asker| self.may_speak_for(*asker, from));
        let taken = self
            .running(negotiation)
            .is_some_and(|request| asker == Some(request.asker));
        let mut passwords = asker
            .into_iter()
            .flat_map(|asker| self.requests.of_asker(asker))
            .map(|request| request.topic);
        let code = if !taken && passwords.any(|password| password == negotiation.password) {
            ErrorCode::InvalidPseudonym
        } else {
            ErrorCode::TcpNotInProtocole
        };
        // If this side already has an end, that earlier end continues to wait. So the negotiation is still running, and the
        // server sends no TCPAbort.
        let abort = (!taken).then(|| negotiation.into());
        Refusal { code, abort }
    }

    /// Returns the negotiation in which this connection may become the end of `side`. There are three conditions: the
    /// negotiation is running, this side has no end yet, and the connection comes from the address of this side's client.
    fn place(
        &self,
        from: ConnId,
        negotiation: Negotiation<'_>,
        side: Side,
    ) -> Option<Request<i16>> {
        let request = self.running(negotiation)?;
        let waiting = self.waiting.get(&request);
        if waiting.is_some_and(|waiting| waiting.side == side) {
            return None;
        }
        let party = match side {
            Side::Asker => request.asker,
            Side::Target => request.target,
        };
        self.may_speak_for(party, from).then_some(request)
    }

    fn may_speak_for(&self, party: ConnId, end: ConnId) -> bool {
        self.options.tunnel_any_address
            || self.connections.address(party) == self.connections.address(end)
    }

    /// Makes this connection an end of a tunnel. The first end waits. When the second end connects, the server joins the
    /// two, and the negotiation is over.
    fn end_comes(&mut self, from: ConnId, request: Request<i16>, side: Side, out: &mut Effects) {
        let Some(Waiting { end: first, .. }) = self.waiting.remove(&request) else {
            self.connections.enter(from, Stage::WaitingEnd(request));
            self.waiting.insert(request, Waiting { side, end: from });
            return;
        };
        self.requests.end(request);
        self.connections.enter(first, Stage::TunnelEnd);
        self.connections.enter(from, Stage::TunnelEnd);
        // The server sends ERROR OK to both ends before it relays the first byte.
        out.one(first, &ErrorCode::Ok.frame());
        out.one(from, &ErrorCode::Ok.frame());
        out.tunnel(first, from);
    }

    fn refuse_end(
        &mut self,
        from: ConnId,
        frame: Frame<'_>,
        refusal: Refusal,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some(address) = self.connections.address(from) else {
            return;
        };
        let packet = frame.packet();
        match self.guesses.wrong(from, address, now) {
            AnswerTime::AtOnce => {
                out.remark(from, format!("refused {packet}: {}", refusal.code));
                refusal.tell(from, out);
                self.close(from, out);
            }
            AnswerTime::Late(ticket) => {
                let code = refusal.code;
                out.remark(
                    from,
                    format!("refusing {packet} in one second, because too many wrong packets came from this address: {code}"),
                );
                let answer = refusal;
                self.connections
                    .enter(from, Stage::AnswerDelayed { ticket, answer });
            }
        }
    }

    /// Sends the delayed answers whose delay of one second is over, and closes the connections that get them.
    pub(super) fn answer_late_guesses(&mut self, now: Instant, out: &mut Effects) {
        while let Some(id) = self.guesses.due(now) {
            if let Some(Stage::AnswerDelayed { answer, .. }) =
                self.connections.enter(id, Stage::Leaving)
            {
                answer.tell(id, out);
            }
            out.finish(id);
        }
    }
}

impl Refusal {
    fn tell(&self, to: ConnId, out: &mut Effects) {
        out.one(to, &self.code.frame());
        if let Some(abort) = &self.abort {
            out.one(to, &Frame::TcpAbort(abort.as_fields()));
        }
    }
}
