use std::fmt;
use std::ops::Range;
use std::panic::Location;

use super::ConnId;

/// A frame that the server sends.
pub trait Packet: fmt::Display {
    /// Appends the frame's bytes.
    fn encode(&self, into: &mut Vec<u8>);
}

/// What a room wants the engine to do, in order. This file calls the list a *log*; the engine calls it the *run*.
///
/// A *member* is a connection that has joined the room and has not left it; entries of the log say when a connection joins
/// and leaves. The bytes for all members are stored together in one buffer. So if no entry of the log is about a particular
/// member, the engine sends the whole buffer to this member in one call. Each entry contains an offset in this buffer: the
/// entry takes effect after the bytes before the offset, and before the bytes after the offset.
#[derive(Debug, Default)]
pub struct Effects {
    for_all: Vec<u8>,
    directed: Vec<u8>,
    entries: Vec<Entry>,
    remarks: Vec<Remark>,
    remarked: usize,
    trace: Option<Vec<(Recipient, String)>>,
}

#[derive(Debug)]
struct Entry {
    at: usize,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    One(ConnId, Range<usize>),
    AllBut(ConnId, Range<usize>),
    Join(ConnId, String),
    Leave(ConnId),
    Finish(ConnId),
    Cut(ConnId),
    Tunnel(ConnId, ConnId),
}

/// One entry of the log, as the engine and the tests read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect<'a> {
    /// Bytes for all members: one or more whole frames.
    All(&'a [u8]),
    /// Bytes for all members except one.
    AllBut(ConnId, &'a [u8]),
    /// Bytes for one connection, whether it is a member or not.
    One(ConnId, &'a [u8]),
    /// This connection becomes a member under this name.
    Join(ConnId, &'a str),
    /// This connection is no longer a member.
    Leave(ConnId),
    /// Write what is queued for this connection, then close it.
    Finish(ConnId),
    /// Close this connection at once.
    Cut(ConnId),
    /// Join these two connections as the ends of a tunnel, after everything that is queued for them has been sent.
    Tunnel(ConnId, ConnId),
}

/// A message about a connection for the server's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The connection that is the reason for the message: it sent a frame, or it sent nothing for too long.
    pub about: ConnId,
    /// The message.
    pub words: String,
    /// The place in the code that made the remark. Remarks from the same place are of the same kind, and the server
    /// writes only a few of each kind to its log.
    pub place: &'static Location<'static>,
}

/// The recipients of a frame, for the server's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipient {
    /// All members.
    All,
    /// All members except one.
    AllBut(ConnId),
    /// One connection.
    One(ConnId),
}

impl Effects {
    /// Makes an empty list of effects that also stores a description of every frame. The server writes these descriptions to
    /// its log.
    pub fn traced() -> Effects {
        Effects {
            trace: Some(Vec::new()),
            ..Effects::default()
        }
    }

    /// Sends a frame to all members.
    pub fn all(&mut self, packet: &impl Packet) {
        packet.encode(&mut self.for_all);
        self.note(Recipient::All, packet);
    }

    /// Sends a frame to all members except one.
    pub fn all_but(&mut self, but: ConnId, packet: &impl Packet) {
        let at = self.for_all.len();
        packet.encode(&mut self.for_all);
        let bytes = at..self.for_all.len();
        self.entries.push(Entry {
            at,
            kind: Kind::AllBut(but, bytes),
        });
        self.note(Recipient::AllBut(but), packet);
    }

    /// Sends a frame to one connection.
    pub fn one(&mut self, to: ConnId, packet: &impl Packet) {
        let from = self.directed.len();
        packet.encode(&mut self.directed);
        let bytes = from..self.directed.len();
        self.push(Kind::One(to, bytes));
        self.note(Recipient::One(to), packet);
    }

    /// Makes a connection a member. The name is only for the server's log.
    pub fn join(&mut self, id: ConnId, name: &str) {
        self.push(Kind::Join(id, name.to_owned()));
    }

    /// Ends the membership of a connection.
    pub fn leave(&mut self, id: ConnId) {
        self.push(Kind::Leave(id));
    }

    /// Closes a connection after the bytes that are queued for it have been written.
    pub fn finish(&mut self, id: ConnId) {
        self.push(Kind::Finish(id));
    }

    /// Closes a connection at once.
    pub fn cut(&mut self, id: ConnId) {
        self.push(Kind::Cut(id));
    }

    /// Joins two waiting connections, which become the two ends of a tunnel.
    pub fn tunnel(&mut self, one: ConnId, other: ConnId) {
        self.push(Kind::Tunnel(one, other));
    }

    /// Adds a message for the server's log: what the server did about a connection, and why. Text from the peer must be
    /// an [`Excerpt`](crate::wire::Excerpt), so that it is escaped and short.
    #[track_caller]
    pub fn remark(&mut self, about: ConnId, words: impl Into<String>) {
        let words = words.into();
        let place = Location::caller();
        self.remarked += words.len();
        self.remarks.push(Remark {
            about,
            words,
            place,
        });
    }

    /// True when the log is empty.
    pub fn is_empty(&self) -> bool {
        self.for_all.is_empty() && self.entries.is_empty() && self.remarks.is_empty()
    }

    /// Returns the number of bytes in the log. The bytes of the remarks are counted too. Otherwise a flood of ignored
    /// frames, each of which adds a remark, could fill the memory.
    pub fn bytes(&self) -> usize {
        self.for_all.len() + self.directed.len() + self.remarked
    }

    /// Returns the buffer with the bytes for all members. It also contains the bytes that go to all members except one.
    pub fn for_all(&self) -> &[u8] {
        &self.for_all
    }

    /// Returns the entries in order, each with its offset in [`Effects::for_all`].
    pub fn entries(&self) -> impl Iterator<Item = (usize, Effect<'_>)> {
        self.entries.iter().map(|entry| {
            let effect = match &entry.kind {
                Kind::One(to, bytes) => Effect::One(*to, slice(&self.directed, bytes)),
                Kind::AllBut(but, bytes) => Effect::AllBut(*but, slice(&self.for_all, bytes)),
                Kind::Join(id, name) => Effect::Join(*id, name),
                Kind::Leave(id) => Effect::Leave(*id),
                Kind::Finish(id) => Effect::Finish(*id),
                Kind::Cut(id) => Effect::Cut(*id),
                Kind::Tunnel(one, other) => Effect::Tunnel(*one, *other),
            };
            (entry.at, effect)
        })
    }

    /// Returns the whole log in order. Unlike [`Effects::entries`], the result includes the bytes for all members, as
    /// [`Effect::All`]. This function is for tests and for simple engines.
    pub fn log(&self) -> Vec<Effect<'_>> {
        let mut log = Vec::new();
        let mut done = 0;
        for (at, effect) in self.entries() {
            if done < at {
                log.push(Effect::All(slice(&self.for_all, &(done..at))));
            }
            done = match &effect {
                Effect::AllBut(_, bytes) => at + bytes.len(),
                _ => at,
            };
            log.push(effect);
        }
        if done < self.for_all.len() {
            log.push(Effect::All(slice(
                &self.for_all,
                &(done..self.for_all.len()),
            )));
        }
        log
    }

    /// Returns the messages for the server's log.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// Returns the descriptions of all frames. Only a log that was made by [`Effects::traced`] has descriptions.
    pub fn trace(&self) -> &[(Recipient, String)] {
        self.trace.as_deref().unwrap_or_default()
    }

    /// Removes everything from the log, but keeps the allocated memory for the next effects.
    pub fn clear(&mut self) {
        self.for_all.clear();
        self.directed.clear();
        self.entries.clear();
        self.remarks.clear();
        self.remarked = 0;
        if let Some(trace) = &mut self.trace {
            trace.clear();
        }
    }

    fn push(&mut self, kind: Kind) {
        let at = self.for_all.len();
        self.entries.push(Entry { at, kind });
    }

    fn note(&mut self, to: Recipient, packet: &impl Packet) {
        if let Some(trace) = &mut self.trace {
            trace.push((to, packet.to_string()));
        }
    }
}

fn slice<'a>(bytes: &'a [u8], range: &Range<usize>) -> &'a [u8] {
    bytes.get(range.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Text(&'static str);

    impl fmt::Display for Text {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Packet for Text {
        fn encode(&self, into: &mut Vec<u8>) {
            into.extend_from_slice(self.0.as_bytes());
        }
    }

    #[test]
    fn the_log_keeps_the_order_of_its_entries() {
        let (alice, bob) = (ConnId(1), ConnId(2));
        let mut out = Effects::traced();
        out.one(alice, &Text("welcome"));
        out.join(alice, "alice");
        out.all(&Text("a"));
        out.all(&Text("b"));
        out.all_but(bob, &Text("c"));
        out.all(&Text("d"));
        out.finish(alice);
        assert_eq!(
            out.log(),
            [
                Effect::One(alice, b"welcome"),
                Effect::Join(alice, "alice"),
                Effect::All(b"ab"),
                Effect::AllBut(bob, b"c"),
                Effect::All(b"d"),
                Effect::Finish(alice),
            ]
        );
        assert_eq!(out.for_all(), b"abcd");
        assert_eq!(out.trace().len(), 5);
        out.clear();
        assert!(out.is_empty() && out.log().is_empty());
    }
}
