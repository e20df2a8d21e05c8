//! The turn: carrying a run out. One thread at a time holds it.
//!
//! The list of members belongs to the turn, not to the room: a client gets exactly what stands behind its Join in the log.
//! Whoever is not mentioned in a round gets all its bytes in one send; whoever is, gets its pieces in the order of the log.

use std::sync::Arc;
use std::time::Duration;

use log::{Level, Record, debug};

use super::connection::Connection;
use super::run::Run;
use super::tunnel;
use super::writers::Writers;
use matou_protocols::room::{ByConn, ConnId, Effect, Recipient, Remark};

/// Who is connected, as far as the log has been carried out.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) run: Run,
    peers: ByConn<Peer>,
    members: Vec<Member>,
    round: u64,
    writers: Arc<Writers>,
    tunnel_end_delay: Duration,
    /// What the log calls the listener.
    listener: Arc<str>,
}

#[derive(Debug)]
struct Peer {
    connection: Arc<Connection>,
    /// Its place in `members`, once it has joined.
    seat: Option<usize>,
}

#[derive(Debug)]
struct Member {
    connection: Arc<Connection>,
    /// The last round in which something was said about it.
    mentioned: u64,
}

/// What one connection that is mentioned in a round gets.
#[derive(Debug)]
struct Pieces {
    connection: Arc<Connection>,
    /// From where on it has yet to get the bytes for all; `None` while it is not one of all.
    from: Option<usize>,
    bytes: Vec<u8>,
}

impl Pieces {
    fn catch_up(&mut self, for_all: &[u8], to: usize) {
        if let Some(from) = &mut self.from {
            self.bytes.extend_from_slice(&for_all[*from..to]);
            *from = to;
        }
    }

    fn send(&mut self, writers: &Writers) {
        if !self.bytes.is_empty() {
            send(&self.connection, &self.bytes, &mut None, writers);
            self.bytes.clear();
        }
    }
}

fn send(
    connection: &Arc<Connection>,
    bytes: &[u8],
    shared: &mut Option<Arc<[u8]>>,
    writers: &Writers,
) {
    if connection.push(bytes, shared) {
        writers.give(connection);
    }
}

impl Turn {
    pub(super) fn new(
        writers: &Arc<Writers>,
        tunnel_end_delay: Duration,
        listener: &Arc<str>,
    ) -> Turn {
        Turn {
            run: Run::new(),
            peers: ByConn::default(),
            members: Vec::new(),
            round: 0,
            writers: Arc::clone(writers),
            tunnel_end_delay,
            listener: Arc::clone(listener),
        }
    }

    /// Carries the run out and empties it.
    pub(super) fn apply(&mut self) {
        let mut run = std::mem::take(&mut self.run);
        self.round += 1;
        for connection in run.arrivals.drain(..) {
            let peer = Peer {
                seat: None,
                connection,
            };
            self.peers.insert(peer.connection.id, peer);
        }
        self.report(&run);
        let mentioned = self.send_to_mentioned(&run);
        self.send_to_others(run.effects.for_all());
        drop(mentioned);
        for id in run.departures.drain(..) {
            self.leave(id);
            self.peers.remove(&id);
        }
        if run.finish_all {
            for peer in self.peers.values() {
                self.writers.finish(&peer.connection);
            }
        }
        run.clear();
        self.run = run;
    }

    /// Cuts everybody: a panic left a round half done, or the server's time to stop is over.
    pub(super) fn cut_all(&self) {
        for peer in self.peers.values() {
            peer.connection.cut();
        }
    }

    fn send_to_others(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let mut shared = None;
        for member in &self.members {
            if member.mentioned != self.round {
                send(&member.connection, bytes, &mut shared, &self.writers);
            }
        }
    }

    fn send_to_mentioned(&mut self, run: &Run) -> ByConn<Pieces> {
        let for_all = run.effects.for_all();
        let mut mentioned = ByConn::default();
        for (at, effect) in run.effects.entries() {
            self.carry_out(for_all, at, &effect, &mut mentioned);
        }
        for pieces in mentioned.values_mut() {
            pieces.catch_up(for_all, for_all.len());
            pieces.send(&self.writers);
        }
        mentioned
    }

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
                if let Some(pieces) = self.mention(id, mentioned) {
                    pieces.catch_up(for_all, at);
                    pieces.from = pieces.from.map(|_| at + bytes.len());
                }
            }
            Effect::Join(id, name) => {
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
                    // Whoever was told of it before in this log hears of it before it happens.
                    for pieces in mentioned.values_mut() {
                        pieces.send(&self.writers);
                    }
                    self.writers.finish(&connection);
                }
            }
            Effect::Cut(id) => {
                if let Some(peer) = self.peers.get(&id) {
                    peer.connection.cut();
                }
            }
            Effect::Tunnel(one, other) => self.tunnel(one, other, mentioned),
        }
    }

    /// The pieces of a connection in this round; `None` when it is gone.
    fn mention<'a>(
        &mut self,
        id: ConnId,
        mentioned: &'a mut ByConn<Pieces>,
    ) -> Option<&'a mut Pieces> {
        use std::collections::hash_map::Entry;
        match mentioned.entry(id) {
            Entry::Occupied(entry) => Some(entry.into_mut()),
            Entry::Vacant(entry) => {
                let peer = self.peers.get(&id)?;
                let member = peer.seat.and_then(|seat| self.members.get_mut(seat));
                let is_member = member.is_some();
                if let Some(member) = member {
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

    fn tunnel(&mut self, one: ConnId, other: ConnId, mentioned: &mut ByConn<Pieces>) {
        let writers = Arc::clone(&self.writers);
        let ends = [one, other].map(|id| {
            let pieces = self.mention(id, mentioned)?;
            pieces.send(&writers);
            pieces.connection.expect_arrival(None);
            Some(Arc::clone(&pieces.connection))
        });
        match ends {
            [Some(one), Some(other)] => tunnel::join(&one, &other, &writers, self.tunnel_end_delay),
            ends => ends.iter().flatten().for_each(tunnel::abandon),
        }
    }

    fn join(&mut self, id: ConnId) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        if peer.seat.is_none() {
            peer.seat = Some(self.members.len());
            self.members.push(Member {
                connection: Arc::clone(&peer.connection),
                mentioned: self.round,
            });
        }
    }

    fn leave(&mut self, id: ConnId) {
        let Some(seat) = self.peers.get_mut(&id).and_then(|peer| peer.seat.take()) else {
            return;
        };
        self.members.swap_remove(seat);
        if let Some(moved) = self.members.get(seat)
            && let Some(peer) = self.peers.get_mut(&moved.connection.id)
        {
            peer.seat = Some(seat);
        }
    }

    fn report(&self, run: &Run) {
        for (to, words) in run.effects.trace() {
            match to {
                Recipient::All => debug!("all <- {words}"),
                Recipient::AllBut(id) => debug!("all but {} <- {words}", self.label(*id)),
                Recipient::One(id) => debug!("{} <- {words}", self.label(*id)),
            }
        }
        for remark in run.effects.remarks() {
            if let Some(peer) = self.peers.get(&remark.about) {
                write_remark(&self.listener, &peer.connection, remark);
            }
        }
    }

    fn label(&self, id: ConnId) -> String {
        match self.peers.get(&id) {
            Some(peer) => peer.connection.to_string(),
            None => id.to_string(),
        }
    }
}

/// Writes a remark to the log as if the room had done so itself: the log limits the messages of each listener (the record's
/// target) and each place in the code.
fn write_remark(listener: &str, connection: &Connection, remark: &Remark) {
    let Remark { words, place, .. } = remark;
    if log::log_enabled!(target: listener, Level::Info) {
        log::logger().log(
            &Record::builder()
                .level(Level::Info)
                .target(listener)
                .file_static(Some(place.file()))
                .line(Some(place.line()))
                .args(format_args!("{connection} at {}: {words}", connection.peer))
                .build(),
        );
    }
}
