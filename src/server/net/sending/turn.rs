//! The turn: carrying a run out. One thread at a time holds it.
//!
//! The list of members belongs to the turn and not to the room. So a client gets exactly what
//! follows its `Join` in the log, even when the room is some runs ahead.
//!
//! Most members are not mentioned in a run: nothing in it is about them alone. They get the bytes
//! for all in one send. A connection that is mentioned gets its pieces in the order of the log
//! ([`Pieces`]).
//!
//! An example. Alice and bob are members. This run has a whisper to bob between two messages for
//! all, and a login of carol:
//!
//! ```text
//! the log                         alice gets    bob gets           carol gets
//! All "a"                         a             a
//! One(bob, "psst")                              psst
//! One(carol, LOGIN_ACCEPTED)                                       LOGIN_ACCEPTED
//! Join(carol)
//! All "b"                         b             b                  b
//!                                 one send: ab  one send: apsstb   one send: LOGIN_ACCEPTED b
//! ```
//!
//! A system call costs far more than the bytes in it. This is why each recipient gets one `send`
//! per round and not one per frame.
//!
//! Alice gets "a" and "b" from the run itself, without a copy. Bob and carol get copies, put
//! together in [`Pieces`]. In a busy room nearly all members are like alice.

use std::sync::Arc;
use std::time::Duration;

use super::report::report;
use super::run::Run;
use crate::net::connection::Connection;
use crate::net::tunnel;
use matou_protocols::room::{ByConn, ConnId, Effect};

/// The connections of a hub, as far as the log has been carried out.
///
/// The hub's mutex `turn` guards it. The holder sends to all clients, so nothing here may block:
/// neither a send, nor a lock that another thread holds across a system call. It takes locks of
/// tunnel ends, outboxes, deadlines and the clock, one connection after the other.
#[derive(Debug)]
pub(in crate::net) struct Turn {
    /// The run that is being carried out; empty and ready to be swapped otherwise.
    pub(in crate::net) run: Run,
    /// All connections, by number: effects name them so.
    peers: ByConn<Peer>,
    /// The connections that get what is for all: those that have joined and not left. A list,
    /// because each broadcast walks through it, and a walk through a map of thousands costs more
    /// than the list's upkeep.
    members: Vec<Member>,
    /// Counts the rounds, so that no mark in `members` must be cleared after each of them.
    round: u64,
    /// How long the end of a tunnel's direction is held back; the room said so at the start.
    tunnel_end_delay: Duration,
    protocol: &'static str,
    /// The listener's name: the target of log lines.
    listener: Arc<str>,
}

#[derive(Debug)]
struct Peer {
    connection: Arc<Connection>,
    /// Its index in `members`, after it has joined.
    seat: Option<usize>,
}

#[derive(Debug)]
struct Member {
    connection: Arc<Connection>,
    /// The last round in which an effect was about it.
    mentioned: u64,
}

/// What one connection gets that is mentioned in a round.
///
/// The bytes for all lie together in the run, and an effect about one connection has an offset in
/// them. `from` says up to which offset this connection has got them. Before its own bytes are
/// appended, it catches up to their offset.
#[derive(Debug)]
struct Pieces {
    connection: Arc<Connection>,
    /// The offset of the first byte for all that it has not got; `None` while it is not a member.
    from: Option<usize>,
    bytes: Vec<u8>,
}

impl Pieces {
    /// Appends the bytes for all up to this offset.
    fn catch_up(&mut self, for_all: &[u8], to: usize) {
        if let Some(from) = &mut self.from {
            self.bytes.extend_from_slice(&for_all[*from..to]);
            *from = to;
        }
    }

    /// Sends what has been put together so far. Mostly this happens once, at the end of the round;
    /// a Finish or a tunnel needs it earlier.
    fn send(&mut self) {
        if !self.bytes.is_empty() {
            self.connection.send(&self.bytes, &mut None);
            self.bytes.clear();
        }
    }
}

impl Turn {
    pub(in crate::net) fn new(
        protocol: &'static str,
        tunnel_end_delay: Duration,
        listener: &Arc<str>,
    ) -> Turn {
        Turn {
            run: Run::new(),
            peers: ByConn::default(),
            members: Vec::new(),
            round: 0,
            tunnel_end_delay,
            protocol,
            listener: Arc::clone(listener),
        }
    }

    /// Carries the run out and empties it: one round.
    ///
    /// MUST NOT block. Each recipient MUST get its bytes in the order of the log.
    pub(in crate::net) fn apply(&mut self) {
        // Out of `self`, so that the effects can be read while the lists change. It is put back at
        // the end, with its memory.
        let mut run = std::mem::take(&mut self.run);
        self.round += 1;
        // A new connection is a peer, but not yet a member: it has no login.
        for connection in run.arrivals.drain(..) {
            let peer = Peer {
                seat: None,
                connection,
            };
            self.peers.insert(peer.connection.id, peer);
        }
        let peers = &self.peers;
        report(&run, self.protocol, &self.listener, |id| {
            peers.get(&id).map(|peer| &peer.connection)
        });
        // Each connection is in one of the two groups, so the order of each client's bytes is kept.
        // Nothing is promised about the order in which different clients get theirs, except at a
        // Finish.
        let mentioned = self.send_to_mentioned(&run);
        self.send_to_others(run.effects.for_all());
        drop(mentioned);
        // After all effects: what the log says to a connection before its end is still sent, as far
        // as its socket is open.
        for id in run.departures.drain(..) {
            self.leave(id);
            self.peers.remove(&id);
        }
        // The server stops. Each connection gets what was queued for it, and then FIN.
        if run.finish_all {
            for peer in self.peers.values() {
                peer.connection.finish();
            }
        }
        run.clear();
        self.run = run;
    }

    /// Cuts every connection: a panic has left a round half done, or the server's time to stop is
    /// over.
    pub(in crate::net) fn cut_all(&self) {
        for peer in self.peers.values() {
            peer.connection.cut();
        }
    }

    /// Sends the bytes for all to the members that are not mentioned: one `send` each.
    fn send_to_others(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        // The first outbox that must queue the bytes makes a copy here, and all others share it.
        let mut shared = None;
        // A busy server spends most of its time in this loop. A member whose socket is full costs
        // one short `send`, and then none while its outbox waits for a writer.
        for member in &self.members {
            if member.mentioned != self.round {
                member.connection.send(bytes, &mut shared);
            }
        }
    }

    /// Carries out all entries of the log, and sends to each connection that they name.
    ///
    /// Returns the pieces instead of dropping them: they hold connections, and the drop of a
    /// connection closes a socket. The caller drops them after the others have got their bytes.
    fn send_to_mentioned(&mut self, run: &Run) -> ByConn<Pieces> {
        let for_all = run.effects.for_all();
        let mut mentioned = ByConn::default();
        for (at, effect) in run.effects.entries() {
            self.carry_out(for_all, at, &effect, &mut mentioned);
        }
        // What follows the last entry about each of them.
        for pieces in mentioned.values_mut() {
            pieces.catch_up(for_all, for_all.len());
            pieces.send();
        }
        mentioned
    }

    /// Carries out one entry of the log, at this offset in the bytes for all.
    fn carry_out(
        &mut self,
        for_all: &[u8],
        at: usize,
        effect: &Effect<'_>,
        mentioned: &mut ByConn<Pieces>,
    ) {
        match *effect {
            Effect::All(_) => {}
            Effect::One(id, bytes) => {
                if let Some(pieces) = self.mention(id, mentioned) {
                    pieces.catch_up(for_all, at);
                    pieces.bytes.extend_from_slice(bytes);
                }
            }
            Effect::AllBut(id, bytes) => {
                // The bytes are among those for all. This one connection skips them.
                if let Some(pieces) = self.mention(id, mentioned) {
                    pieces.catch_up(for_all, at);
                    pieces.from = pieces.from.map(|_| at + bytes.len());
                }
            }
            Effect::Join(id, name) => {
                // What was sent to all before this place is not for this client.
                if let Some(pieces) = self.mention(id, mentioned) {
                    pieces.from = Some(at);
                    pieces.connection.identified(name);
                    self.join(id);
                }
            }
            Effect::Leave(id) => {
                if let Some(pieces) = self.mention(id, mentioned) {
                    pieces.catch_up(for_all, at);
                    pieces.from = None;
                    self.leave(id);
                }
            }
            Effect::Finish(id) => {
                if let Some(pieces) = self.mention(id, mentioned) {
                    pieces.catch_up(for_all, at);
                    let connection = Arc::clone(&pieces.connection);
                    // The other clients first: what the log tells them before this end must reach
                    // them before it.
                    for pieces in mentioned.values_mut() {
                        pieces.send();
                    }
                    connection.finish();
                }
            }
            // At once: what was queued for it is lost, and its pieces of this round go nowhere.
            Effect::Cut(id) => {
                if let Some(peer) = self.peers.get(&id) {
                    peer.connection.cut();
                }
            }
            Effect::Tunnel(one, other) => self.tunnel(one, other, mentioned),
        }
    }

    /// The pieces of a connection in this round; `None` when the connection is gone.
    fn mention<'a>(
        &mut self,
        id: ConnId,
        mentioned: &'a mut ByConn<Pieces>,
    ) -> Option<&'a mut Pieces> {
        use std::collections::hash_map::Entry;
        match mentioned.entry(id) {
            // Named before in this round.
            Entry::Occupied(entry) => Some(entry.into_mut()),
            Entry::Vacant(entry) => {
                let peer = self.peers.get(&id)?;
                let member = peer.seat.and_then(|seat| self.members.get_mut(seat));
                let is_member = member.is_some();
                if let Some(member) = member {
                    // From now on `send_to_others` leaves it out: its pieces have the bytes for
                    // all, too.
                    member.mentioned = self.round;
                }
                Some(entry.insert(Pieces {
                    connection: Arc::clone(&peer.connection),
                    from: is_member.then_some(0),
                    bytes: Vec::new(),
                }))
            }
        }
    }

    /// Joins two connections as the ends of a tunnel, after everything that was sent to each of
    /// them.
    fn tunnel(&mut self, one: ConnId, other: ConnId, mentioned: &mut ByConn<Pieces>) {
        let ends = [one, other].map(|id| {
            let pieces = self.mention(id, mentioned)?;
            // ESTABLISHED is among these. It goes into the outbox before any byte of the tunnel.
            pieces.send();
            // A tunnel end has no login to be late with.
            pieces.connection.expect_arrival(None);
            Some(Arc::clone(&pieces.connection))
        });
        match ends {
            [Some(one), Some(other)] => tunnel::join(&one, &other, self.tunnel_end_delay),
            // One end is gone, so the other one would wait for ever.
            ends => ends.iter().flatten().for_each(tunnel::abandon),
        }
    }

    /// Puts a connection on the list of members.
    fn join(&mut self, id: ConnId) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        if peer.seat.is_none() {
            peer.seat = Some(self.members.len());
            self.members.push(Member {
                connection: Arc::clone(&peer.connection),
                // Its pieces of this round exist already.
                mentioned: self.round,
            });
        }
    }

    /// Takes a connection off the list. The last member moves to its seat, so that no walk through
    /// the list is needed.
    fn leave(&mut self, id: ConnId) {
        let Some(seat) = self.peers.get_mut(&id).and_then(|peer| peer.seat.take()) else {
            return;
        };
        // Constant time. The order of the list does not matter: all members get the same bytes.
        self.members.swap_remove(seat);
        if let Some(moved) = self.members.get(seat)
            && let Some(peer) = self.peers.get_mut(&moved.connection.id)
        {
            peer.seat = Some(seat);
        }
    }
}
