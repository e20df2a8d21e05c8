//! What a fault sees of a room: calls, effects and replies.
//!
//! A fault handles an event before the room does, or changes the effects of the room, or decodes frames wrongly. Everything
//! else works as in `matou serve`. In this crate, "the correct room" and "the correct server" are the room and the server
//! without the fault.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::time::Instant;

use matou_protocols::room::{ConnId, Entropy, Event, Flow, Protocol};
use matou_protocols::wire::Malformed;
use matou_server::net::{ConnectionLimits, Engine, Service};

use crate::faulty::{Decoders, Faulty};
use crate::lab::Lab;
use crate::running::StartError;

/// A room into which the laboratory puts a fault.
pub(crate) trait Subject: Protocol + Sized {
    /// Name of the suite that judges the servers of this protocol.
    const SUITE: &'static str;
    /// A frame that the server sends.
    type Said<'a>;

    /// Returns a correct room.
    fn healthy(entropy: Entropy) -> Self;

    /// Returns the codec of the room.
    fn codec() -> Self::Codec;

    /// Decodes the first frame in these bytes, which the correct room has written. Returns the frame and its length.
    fn said(bytes: &[u8]) -> Option<(Self::Said<'_>, usize)>;

    /// Returns whether the two frames of a client are equal.
    fn is_same(one: &Self::Command<'_>, other: &Self::Command<'_>) -> bool;

    /// Returns the correct answer to a question of the room.
    fn answer(question: Self::Question) -> Self::Answer;

    /// Starts a server with this room and these decoders.
    fn listen(
        engine: &Engine,
        room: Faulty<Self>,
        decoders: Decoders<Self>,
        address: SocketAddr,
    ) -> Result<Service, StartError> {
        let limits = ConnectionLimits::default();
        Ok(engine.listen_and_answer(room, decoders, address, limits, Self::answer)?)
    }

    /// Returns the settings that the suite needs.
    fn settings() -> Result<BTreeMap<String, String>, StartError> {
        Ok(BTreeMap::new())
    }

    /// If the bytes begin with a frame that makes the connection an end of a tunnel, returns the length of this frame.
    fn opening(bytes: &[u8]) -> Option<usize>;
}

/// What the decoder of a server with a fault can return.
pub(crate) enum Heard<'a, P: Protocol> {
    /// A frame that the correct server decodes too.
    Frame(P::Command<'a>),
    /// Bytes that the correct server would reject.
    Bytes(&'a [u8]),
}

impl<P: Protocol> fmt::Display for Heard<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Heard::Frame(frame) => frame.fmt(f),
            Heard::Bytes(bytes) => write!(f, "{bytes:?}"),
        }
    }
}

/// A function that decodes like the correct server, or with a fault.
pub(crate) type Decode<P> = for<'a> fn(&<P as Protocol>::Codec, &'a [u8]) -> Decoded<'a, P>;

/// A frame and its length. `None` if bytes are missing. An error if the bytes are invalid.
pub(crate) type Decoded<'a, P> = Result<Option<(Heard<'a, P>, usize)>, Malformed>;

/// A function that handles a call like the correct server, or with a fault.
pub(crate) type Handle<P> = fn(&mut Lab<P>, Call<'_, P>) -> Reply<P>;

/// A function that changes the effects of the room, including the effects of a tick (what the room does when a time limit
/// has passed).
pub(crate) type Utter<P> = fn(&mut Lab<P>, Instant, Vec<Out>) -> Vec<Out>;

/// The size of the buffer with which [`Reply::padded`] sends, in bytes.
const BUFFER: usize = 1024;

/// Maximum size of a frame that [`Reply::padded`] sends unchanged, in bytes.
const SHORT_ANSWER: usize = 12;

/// Decodes like the correct server.
pub(crate) fn decode<'a, P: Subject>(codec: &P::Codec, input: &'a [u8]) -> Decoded<'a, P> {
    let frame = P::decode(codec, input)?;
    Ok(frame.map(|(frame, length)| (Heard::Frame(frame), length)))
}

/// Returns the first `length` bytes undecoded, because the correct server would reject them and the faulty server does not.
pub(crate) fn raw<P: Subject>(input: &[u8], length: usize) -> Decoded<'_, P> {
    let bytes = input.get(..length);
    Ok(bytes.map(|bytes| (Heard::Bytes(bytes), length)))
}

/// Handles a call like the layer below.
pub(crate) fn handle<P: Subject>(lab: &mut Lab<P>, call: Call<'_, P>) -> Reply<P> {
    lab.good(call)
}

/// An event of one connection.
pub(crate) struct Call<'a, P: Protocol> {
    pub(crate) from: ConnId,
    pub(crate) event: Event<Heard<'a, P>, P::Answer>,
    pub(crate) now: Instant,
}

impl<'a, P: Protocol<Command<'a>: Copy>> Call<'a, P> {
    /// If the event is a frame of the client, returns the frame.
    pub(crate) fn frame(&self) -> Option<P::Command<'a>> {
        match self.event {
            Event::Command(Heard::Frame(frame)) => Some(frame),
            _ => None,
        }
    }

    /// Returns the same call with another frame.
    pub(crate) fn with(&self, frame: P::Command<'a>) -> Call<'a, P> {
        Call {
            from: self.from,
            event: Event::Command(Heard::Frame(frame)),
            now: self.now,
        }
    }
}

/// One effect, with its own copy of the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Out {
    All(Vec<u8>),
    AllBut(ConnId, Vec<u8>),
    One(ConnId, Vec<u8>),
    Join(ConnId, String),
    Leave(ConnId),
    Finish(ConnId),
    Cut(ConnId),
    Tunnel(ConnId, ConnId),
}

/// The answer of a server to a call.
pub(crate) struct Reply<P: Protocol> {
    pub(crate) flow: Flow<P::Question>,
    pub(crate) outs: Vec<Out>,
    of: PhantomData<P>,
}

impl<P: Subject> Reply<P> {
    /// Makes a reply with these effects. `flow` says how the server reads the connection's next bytes.
    pub(crate) fn new(flow: Flow<P::Question>, outs: Vec<Out>) -> Reply<P> {
        let of = PhantomData;
        Reply { flow, outs, of }
    }

    /// Makes a reply without effects. The connection stays open.
    pub(crate) fn ignore() -> Reply<P> {
        Reply::send(Vec::new())
    }

    /// Makes a reply with these effects. The connection stays open.
    pub(crate) fn send(outs: Vec<Out>) -> Reply<P> {
        Reply::new(Flow::Frames, outs)
    }

    /// Makes a reply that closes the connection.
    pub(crate) fn close(id: ConnId) -> Reply<P> {
        Reply::new(Flow::Closed, vec![Out::Leave(id), Out::Finish(id)])
    }

    /// Replaces each effect with the effects that `change` returns.
    pub(crate) fn map(mut self, change: impl FnMut(Out) -> Vec<Out>) -> Reply<P> {
        self.outs = self.outs.into_iter().flat_map(change).collect();
        self
    }

    /// Fills each frame that the server relays up to a whole buffer with zero bytes. A short answer stays as it is.
    pub(crate) fn padded(self) -> Reply<P> {
        self.frames(|_, right| {
            let mut padded = right.to_vec();
            if right.len() > SHORT_ANSWER {
                padded.resize(right.len().max(BUFFER), 0);
            }
            padded
        })
    }

    /// Replaces the bytes of each frame that the server sends with the bytes that `change` returns.
    pub(crate) fn frames(self, mut change: impl FnMut(P::Said<'_>, &[u8]) -> Vec<u8>) -> Reply<P> {
        let mut changed = |bytes: Vec<u8>| {
            let said = P::said(&bytes).map(|(frame, _)| change(frame, &bytes));
            said.unwrap_or(bytes)
        };
        self.map(|out| {
            let out = match out {
                Out::All(bytes) => Out::All(changed(bytes)),
                Out::AllBut(id, bytes) => Out::AllBut(id, changed(bytes)),
                Out::One(id, bytes) => Out::One(id, changed(bytes)),
                other => other,
            };
            vec![out]
        })
    }
}
