//! The turn: the right to carry out a run. One thread at a time holds it.
//!
//! The list of members belongs to the turn and not to the room. The room may already have handled
//! events whose effects are not carried out yet, so its list may be too new for the messages that
//! the turn is sending. Because the turn has its own list, each client gets exactly the messages that follow its
//! `Join` in the list of effects.
//!
//! A run *mentions* a member if one of its effects is about this member alone. Most members are not
//! mentioned: they get the bytes for all members in one send. For a member that is mentioned, the
//! turn collects the bytes for this member in the order of the effects ([`Pieces`]).
//!
//! An example. Alice and bob are members. This run has two messages for all members, a private
//! message to bob between them, and the login of carol:
//!
//! ```text
//! the effects                     alice gets    bob gets           carol gets
//! All "a"                         a             a
//! One(bob, "psst")                              psst
//! One(carol, LOGIN_ACCEPTED)                                       LOGIN_ACCEPTED
//! Join(carol)
//! All "b"                         b             b                  b
//!                                 one send: ab  one send: apsstb   one send: LOGIN_ACCEPTED b
//! ```
//!
//! A system call takes far more time than copying the bytes that it sends. So for each run, a
//! recipient gets one `send`, and not one for each frame.
//!
//! Alice gets "a" and "b" directly from the run, without a copy. The bytes for bob and carol are
//! copied and put together in [`Pieces`]. In a busy room nearly all members are served like alice.

use std::sync::Arc;
use std::time::Duration;

use super::report::report;
use super::run::Run;
use crate::net::connection::Connection;
use crate::net::tunnel;
use matou_protocols::room::{ByConn, ConnId, Effect};

/// The connections of a hub, and a list of those that are members after the effects that have been
/// carried out so far.
///
/// The hub's mutex `turn` guards this value. The thread that holds this mutex sends to all clients,
/// so it must not block. It must not call a send that blocks, and it must not wait for a lock that
/// another thread holds during a blocking system call. The thread takes the locks of tunnel ends,
/// outboxes, deadlines and the clock, for one connection after the other.
#[derive(Debug)]
pub(in crate::net) struct Turn {
    /// The run that is being carried out. Between rounds it is empty and ready to be swapped.
    pub(in crate::net) run: Run,
    /// All connections, by number. Effects name a connection by its number.
    peers: ByConn<Peer>,
    /// The members: the connections that have joined and not left. Members get the bytes that are
    /// sent to all. The list is a `Vec`, because each broadcast goes to all members: with thousands
    /// of members, going through a `Vec` is faster than going through a map.
    members: Vec<Member>,
    /// The number of the current round. This number is written into `Member::mentioned`, so the
    /// marks of an old round need not be cleared.
    round: u64,
    /// When one direction of a tunnel ends, the server waits for this time before it sends FIN to
    /// the other end. The room chooses this time once, when the hub is made.
    tunnel_end_delay: Duration,
    protocol: &'static str,
    /// The listener's name: the target of log lines.
    listener: Arc<str>,
}

#[derive(Debug)]
struct Peer {
    connection: Arc<Connection>,
    /// The connection's index in `members`; `None` while the connection is not a member.
    seat: Option<usize>,
}

#[derive(Debug)]
struct Member {
    connection: Arc<Connection>,
    /// The last round in which an effect mentioned this connection.
    mentioned: u64,
}

/// The bytes for one connection that is mentioned in a round.
///
/// In the run, the bytes for all members are together in one block. Each effect about one
/// connection has an offset in that block: the part of the block before the offset must be sent
/// before the effect. `bytes` collects what this connection gets. The block has already been
/// appended to `bytes` up to the offset `from`. Before an effect appends bytes for this connection
/// alone, the turn appends the part of the block from `from` up to the offset of that effect.
#[derive(Debug)]
struct Pieces {
    connection: Arc<Connection>,
    /// The offset of the first byte of the block that is not yet in `bytes`; `None` while the
    /// connection is not a member.
    from: Option<usize>,
    bytes: Vec<u8>,
}

impl Pieces {
    /// Appends the next part of the block for all members: from `from` up to the offset `to`.
    fn catch_up(&mut self, for_all: &[u8], to: usize) {
        if let Some(from) = &mut self.from {
            self.bytes.extend_from_slice(&for_all[*from..to]);
            *from = to;
        }
    }

    /// Sends the bytes that have been put together so far. In most rounds the turn calls this
    /// method once, at the end. It also calls this method before it ends the connection or joins it
    /// to a tunnel.
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

    /// Carries the run out and empties it. This is one round.
    ///
    /// MUST NOT block. Each recipient MUST get its bytes in the order of the effects.
    pub(in crate::net) fn apply(&mut self) {
        // The run is taken out of `self`, because the lists of peers and members change while the
        // effects are read. At the end it is put back, so that its memory is used again.
        let mut run = std::mem::take(&mut self.run);
        self.round += 1;
        // A new connection is a peer, but not yet a member, because its client has not logged in.
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
        // Each connection is served by only one of the next two calls, so each client gets its
        // bytes in order. It does not matter which client gets its bytes first, except when an
        // effect `Finish` ends a connection.
        let mentioned = self.send_to_mentioned(&run);
        self.send_to_others(run.effects.for_all());
        drop(mentioned);
        // Connections are removed only after all effects are carried out. So a connection whose
        // socket is still open gets the bytes of all effects before its end.
        for id in run.departures.drain(..) {
            self.leave(id);
            self.peers.remove(&id);
        }
        // The server stops. Each client gets the bytes that are queued for it, and then FIN.
        if run.finish_all {
            for peer in self.peers.values() {
                peer.connection.finish();
            }
        }
        run.clear();
        self.run = run;
    }

    /// Cuts every connection, because a panic has interrupted a round, or because the time for
    /// stopping the server is over.
    pub(in crate::net) fn cut_all(&self) {
        for peer in self.peers.values() {
            peer.connection.cut();
        }
    }

    /// Sends the bytes for all members to those members that no effect mentions, with one `send`
    /// for each.
    fn send_to_others(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        // The first outbox that must queue the bytes puts a copy of them here, and all other
        // outboxes share this copy.
        let mut shared = None;
        // A busy server spends most of its time in this loop. When the socket of a member becomes
        // full, one `send` accepts only a part of the bytes. After that, this loop only queues the
        // member's bytes, without a system call, until a writer has emptied its outbox.
        for member in &self.members {
            if member.mentioned != self.round {
                member.connection.send(bytes, &mut shared);
            }
        }
    }

    /// Carries out all effects, and sends to each connection that they mention.
    ///
    /// Returns the pieces instead of dropping them, because they hold connections, and dropping a
    /// connection may close a socket. The caller drops them after the other members have got their
    /// bytes.
    fn send_to_mentioned(&mut self, run: &Run) -> ByConn<Pieces> {
        let for_all = run.effects.for_all();
        let mut mentioned = ByConn::default();
        for (at, effect) in run.effects.entries() {
            self.carry_out(for_all, at, &effect, &mut mentioned);
        }
        // Each mentioned member also gets the rest of the block for all members: the part after the
        // last effect about this member.
        for pieces in mentioned.values_mut() {
            pieces.catch_up(for_all, for_all.len());
            pieces.send();
        }
        mentioned
    }

    /// Carries out one effect. `at` is the offset of the effect in the bytes for all members (see
    /// [`Pieces`]).
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
                // These bytes are in the block for all members, but this connection must not get
                // them. So its `from` moves past them.
                if let Some(pieces) = self.mention(id, mentioned) {
                    pieces.catch_up(for_all, at);
                    pieces.from = pieces.from.map(|_| at + bytes.len());
                }
            }
            Effect::Join(id, name) => {
                // From the bytes for all members, this client gets only those after this effect.
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
                    // The other clients are served first: before this connection ends, they must
                    // get the bytes of all earlier effects.
                    for pieces in mentioned.values_mut() {
                        pieces.send();
                    }
                    connection.finish();
                }
            }
            // The connection is cut at once: its queued bytes are lost, and its bytes of this round
            // are not sent.
            Effect::Cut(id) => {
                if let Some(peer) = self.peers.get(&id) {
                    peer.connection.cut();
                }
            }
            Effect::Tunnel(one, other) => self.tunnel(one, other, mentioned),
        }
    }

    /// Returns the pieces of a connection in this round, or `None` when the connection has gone.
    fn mention<'a>(
        &mut self,
        id: ConnId,
        mentioned: &'a mut ByConn<Pieces>,
    ) -> Option<&'a mut Pieces> {
        use std::collections::hash_map::Entry;
        match mentioned.entry(id) {
            // An earlier effect of this round has already mentioned this connection.
            Entry::Occupied(entry) => Some(entry.into_mut()),
            Entry::Vacant(entry) => {
                let peer = self.peers.get(&id)?;
                let member = peer.seat.and_then(|seat| self.members.get_mut(seat));
                let is_member = member.is_some();
                if let Some(member) = member {
                    // From now on `send_to_others` sends nothing to this connection in this round,
                    // because the pieces also contain the bytes for all members.
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

    /// Joins two connections as the ends of a tunnel. First sends the bytes that have been put
    /// together for each of them.
    fn tunnel(&mut self, one: ConnId, other: ConnId, mentioned: &mut ByConn<Pieces>) {
        let ends = [one, other].map(|id| {
            let pieces = self.mention(id, mentioned)?;
            // The bytes that are sent here contain the packet ESTABLISHED, which must go into the
            // outbox before any byte of the tunnel.
            pieces.send();
            // A tunnel end does not log in, so it has no deadline for a login.
            pieces.connection.expect_arrival(None);
            Some(Arc::clone(&pieces.connection))
        });
        match ends {
            [Some(one), Some(other)] => tunnel::join(&one, &other, self.tunnel_end_delay),
            // One end has gone. The other end is cut, because otherwise it would wait for ever.
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
                // An effect of this round has mentioned this connection, so it already has pieces.
                mentioned: self.round,
            });
        }
    }

    /// Takes a connection off the list of members. The last member of the list moves to the free
    /// index, so all other members keep theirs.
    fn leave(&mut self, id: ConnId) {
        let Some(seat) = self.peers.get_mut(&id).and_then(|peer| peer.seat.take()) else {
            return;
        };
        // The removal takes constant time. It changes the order of the members in the list. This
        // does not matter, because they all get the same bytes.
        self.members.swap_remove(seat);
        if let Some(moved) = self.members.get(seat)
            && let Some(peer) = self.peers.get_mut(&moved.connection.id)
        {
            peer.seat = Some(seat);
        }
    }
}
