//! A room with one fault in it.
//!
//! A fault handles an event before the room does, or changes the effects of the room, or decodes frames wrongly. Everything
//! else works as in `matou serve`. In this crate, "the correct room" and "the correct server" are the room and the server
//! without the fault.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::time::Instant;

use matou_protocols::room::{ConnId, Effect, Effects, Entropy, Event, Flow, Packet, Protocol};
use matou_protocols::wire::Malformed;
use matou_server::net::{ConnectionLimits, Engine, Service};

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

    /// Returns the correct answer to a question of the room.
    fn answer(question: Self::Question) -> Self::Answer;

    /// Starts a server with this room. The room has no fault if the fault is in the decoder or in the relay.
    fn listen(
        engine: &Engine,
        room: Faulty<Self>,
        codec: (Self::Codec, Decode<Self>),
        address: SocketAddr,
    ) -> Result<Service, StartError> {
        let limits = ConnectionLimits::default();
        Ok(engine.listen_and_answer(room, codec, address, limits, Self::answer)?)
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

/// Handles a call like the correct server.
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

/// The correct room, facts about the room that the fault needs, and the notes that the fault has made.
pub(crate) struct Lab<P: Protocol> {
    room: P,
    /// The identified clients and their names.
    pub(crate) names: BTreeMap<ConnId, String>,
    /// The open connections.
    pub(crate) open: BTreeSet<ConnId>,
    /// The notes that the fault has made, by name.
    pub(crate) notes: BTreeMap<String, i64>,
    /// The functions that the fault wants to call later, each with its time.
    pub(crate) later: Vec<(Instant, Later<P>)>,
}

/// A function that a fault calls later.
pub(crate) type Later<P> = Box<dyn FnOnce(&mut Lab<P>, Instant) -> Reply<P> + Send>;

impl<P: Subject> Lab<P> {
    fn new() -> Lab<P> {
        let mut state = 1_u64;
        let entropy = move || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            state
        };
        Lab {
            room: P::healthy(Box::new(entropy)),
            names: BTreeMap::new(),
            open: BTreeSet::new(),
            notes: BTreeMap::new(),
            later: Vec::new(),
        }
    }

    /// Handles a call like the correct server. Ignores [`Heard::Bytes`], because the correct room handles only decoded
    /// frames.
    pub(crate) fn good(&mut self, call: Call<'_, P>) -> Reply<P> {
        let event = match call.event {
            Event::Command(Heard::Frame(frame)) => Event::Command(frame),
            Event::Command(Heard::Bytes(_)) => return Reply::ignore(),
            Event::Opened(address) => Event::Opened(address),
            Event::Malformed(malformed) => Event::Malformed(malformed),
            Event::Answer(answer) => Event::Answer(answer),
            Event::Busy => Event::Busy,
            Event::Overdue(overdue) => Event::Overdue(overdue),
            Event::ReadClosed => Event::ReadClosed,
            Event::Gone => Event::Gone,
        };
        let mut effects = Effects::default();
        let flow = self.room.handle(call.from, event, call.now, &mut effects);
        Reply::new(flow, self.outs(&effects))
    }

    fn outs(&mut self, effects: &Effects) -> Vec<Out> {
        let outs: Vec<_> = effects.log().into_iter().flat_map(owned::<P>).collect();
        for out in &outs {
            match out {
                Out::Join(id, name) => {
                    self.names.insert(*id, name.clone());
                }
                Out::Leave(id) => {
                    self.names.remove(id);
                }
                _ => {}
            }
        }
        outs
    }

    /// Returns the client with this name.
    pub(crate) fn called(&self, name: &str) -> Option<ConnId> {
        let found = self.names.iter().find(|(_, taken)| *taken == name);
        found.map(|(id, _)| *id)
    }

    /// Returns the note with this name. A note is zero until the fault changes it.
    pub(crate) fn note(&mut self, name: impl Into<String>) -> &mut i64 {
        self.notes.entry(name.into()).or_default()
    }
}

/// Copies an effect. If the effect is for all clients, splits it into one effect for each frame, so that a fault can change
/// single frames.
fn owned<P: Subject>(effect: Effect<'_>) -> Vec<Out> {
    match effect {
        Effect::All(mut bytes) => {
            let mut outs = Vec::new();
            while let Some((_, length)) = P::said(bytes) {
                let (frame, rest) = bytes.split_at(length);
                outs.push(Out::All(frame.to_vec()));
                bytes = rest;
            }
            outs
        }
        Effect::AllBut(id, bytes) => vec![Out::AllBut(id, bytes.to_vec())],
        Effect::One(id, bytes) => vec![Out::One(id, bytes.to_vec())],
        Effect::Join(id, name) => vec![Out::Join(id, name.to_owned())],
        Effect::Leave(id) => vec![Out::Leave(id)],
        Effect::Finish(id) => vec![Out::Finish(id)],
        Effect::Cut(id) => vec![Out::Cut(id)],
        Effect::Tunnel(one, other) => vec![Out::Tunnel(one, other)],
    }
}

/// A room that handles calls or decodes frames with a fault.
pub(crate) struct Faulty<P: Subject> {
    lab: Lab<P>,
    handle: Handle<P>,
    utter: Utter<P>,
}

impl<P: Subject> Faulty<P> {
    pub(crate) fn new(handle: Handle<P>, utter: Utter<P>) -> Faulty<P> {
        Faulty {
            lab: Lab::new(),
            handle,
            utter,
        }
    }
}

impl<P: Subject> Protocol for Faulty<P> {
    const NAME: &'static str = P::NAME;
    type Codec = (P::Codec, Decode<P>);
    type Command<'a> = Heard<'a, P>;
    type Question = P::Question;
    type Answer = P::Answer;

    fn decode<'a>((codec, decode): &Self::Codec, input: &'a [u8]) -> Decoded<'a, P> {
        decode(codec, input)
    }

    fn turns_the_stream(command: &Heard<'_, P>) -> bool {
        matches!(command, Heard::Frame(frame) if P::turns_the_stream(frame))
    }

    fn handle(
        &mut self,
        from: ConnId,
        event: Event<Heard<'_, P>, P::Answer>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow<P::Question> {
        match event {
            Event::Opened(_) => drop(self.lab.open.insert(from)),
            Event::Gone => drop(self.lab.open.remove(&from)),
            _ => {}
        }
        let reply = (self.handle)(&mut self.lab, Call { from, event, now });
        emit((self.utter)(&mut self.lab, now, reply.outs), out);
        reply.flow
    }

    fn deadline(&self) -> Option<Instant> {
        let later = self.lab.later.iter().map(|(at, ..)| *at);
        later.chain(self.lab.room.deadline()).min()
    }

    fn tick(&mut self, now: Instant, out: &mut Effects) {
        let mut effects = Effects::default();
        self.lab.room.tick(now, &mut effects);
        let outs = self.lab.outs(&effects);
        emit((self.utter)(&mut self.lab, now, outs), out);
        let later = std::mem::take(&mut self.lab.later);
        let (due, still): (Vec<_>, Vec<_>) = later.into_iter().partition(|(at, ..)| *at <= now);
        self.lab.later = still;
        for (_, later) in due {
            let reply = later(&mut self.lab, now);
            emit(reply.outs, out);
        }
    }
}

/// Bytes that are sent without a change.
struct Raw(Vec<u8>);

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl Packet for Raw {
    fn encode(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.0);
    }
}

fn emit(outs: Vec<Out>, effects: &mut Effects) {
    for out in outs {
        match out {
            Out::All(bytes) => effects.all(&Raw(bytes)),
            Out::AllBut(id, bytes) => effects.all_but(id, &Raw(bytes)),
            Out::One(id, bytes) => effects.one(id, &Raw(bytes)),
            Out::Join(id, name) => effects.join(id, &name),
            Out::Leave(id) => effects.leave(id),
            Out::Finish(id) => effects.finish(id),
            Out::Cut(id) => effects.cut(id),
            Out::Tunnel(one, other) => effects.tunnel(one, other),
        }
    }
}
