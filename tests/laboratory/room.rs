//! Our room with one named mistake in it.
//!
//! A fault looks at what happens before the room does, or changes what the room wants done after it, or reads frames
//! wrongly. Everything else is the server as it is shipped.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Instant;

use matou::chaton::{ClientFrame, Codec, Options, Room, ServerFrame};
use matou::room::{ConnId, Effect, Effects, Event, Flow, Packet, Protocol};
use matou::wire::Malformed;

/// What a faulty server takes for a frame.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Heard<'a> {
    /// What the right server takes for one.
    Frame(ClientFrame<'a>),
    /// Bytes that the right server would not take.
    Bytes(&'a [u8]),
}

impl fmt::Display for Heard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Heard::Frame(frame) => frame.fmt(f),
            Heard::Bytes(bytes) => write!(f, "{bytes:?}"),
        }
    }
}

/// Decoding, right or wrong.
pub(crate) type Decode =
    for<'a> fn(Codec, &'a [u8]) -> Result<Option<(Heard<'a>, usize)>, Malformed>;

/// Handling, right or wrong.
pub(crate) type Handle = fn(&mut Lab, Call<'_>) -> Reply;

/// How the right server decodes.
pub(crate) fn decode(codec: Codec, input: &[u8]) -> Result<Option<(Heard<'_>, usize)>, Malformed> {
    let frame = ClientFrame::decode(codec, input)?;
    Ok(frame.map(|(frame, length)| (Heard::Frame(frame), length)))
}

/// How the right server handles.
pub(crate) fn handle(lab: &mut Lab, call: Call<'_>) -> Reply {
    lab.good(call)
}

/// Something that happened.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) from: ConnId,
    pub(crate) event: Event<Heard<'a>>,
    pub(crate) now: Instant,
}

impl<'a> Call<'a> {
    /// The frame, if one came.
    pub(crate) fn frame(&self) -> Option<ClientFrame<'a>> {
        match self.event {
            Event::Command(Heard::Frame(frame)) => Some(frame),
            _ => None,
        }
    }

    /// The same place and time, with another frame.
    pub(crate) fn with(&self, frame: ClientFrame<'a>) -> Call<'a> {
        Call {
            from: self.from,
            event: Event::Command(Heard::Frame(frame)),
            now: self.now,
        }
    }
}

/// One thing to be done, of its own.
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

/// What a server does about a call.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) flow: Flow,
    pub(crate) outs: Vec<Out>,
}

impl Reply {
    /// Nothing is done.
    pub(crate) fn ignore() -> Reply {
        Reply::send(Vec::new())
    }

    /// This is done, and the connection goes on.
    pub(crate) fn send(outs: Vec<Out>) -> Reply {
        Reply {
            flow: Flow::Frames,
            outs,
        }
    }

    /// The connection is closed.
    pub(crate) fn close(id: ConnId) -> Reply {
        Reply {
            flow: Flow::Closed,
            outs: vec![Out::Leave(id), Out::Finish(id)],
        }
    }

    /// Each thing becomes none, one or several others.
    pub(crate) fn map(mut self, change: impl FnMut(Out) -> Vec<Out>) -> Reply {
        self.outs = self.outs.into_iter().flat_map(change).collect();
        self
    }

    /// Each frame that the server sends becomes other bytes, or none.
    pub(crate) fn frames(self, mut change: impl FnMut(ServerFrame<'_>, &[u8]) -> Vec<u8>) -> Reply {
        let mut changed = |bytes: Vec<u8>| match ServerFrame::decode(Codec::default(), &bytes) {
            Ok(Some((frame, _))) => change(frame, &bytes),
            _ => bytes,
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

/// The bytes of a frame of the server.
pub(crate) fn bytes(frame: ServerFrame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.encode(Codec::default(), &mut bytes);
    bytes
}

/// The right room, what a fault may have to know about it, and what a fault remembers.
pub(crate) struct Lab {
    room: Room,
    /// Everybody who is identified.
    pub(crate) names: BTreeMap<ConnId, String>,
    /// Everybody who is connected.
    pub(crate) open: BTreeSet<ConnId>,
    /// Whatever a fault remembers, by name.
    pub(crate) notes: BTreeMap<String, i64>,
    /// Calls that a fault puts off, and until when.
    pub(crate) later: Vec<(Instant, ConnId, String)>,
}

impl Lab {
    fn new() -> Lab {
        let mut state = 1_u64;
        let entropy = move || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            state
        };
        Lab {
            room: Room::new(Options::default(), Box::new(entropy)),
            names: BTreeMap::new(),
            open: BTreeSet::new(),
            notes: BTreeMap::new(),
            later: Vec::new(),
        }
    }

    /// What the right server does. Bytes that it would not take are nothing to it.
    pub(crate) fn good(&mut self, call: Call<'_>) -> Reply {
        let event = match call.event {
            Event::Command(Heard::Frame(frame)) => Event::Command(frame),
            Event::Command(Heard::Bytes(_)) => return Reply::ignore(),
            Event::Opened(address) => Event::Opened(address),
            Event::Malformed(malformed) => Event::Malformed(malformed),
            Event::Overdue(overdue) => Event::Overdue(overdue),
            Event::ReadClosed => Event::ReadClosed,
            Event::Gone => Event::Gone,
        };
        let mut effects = Effects::default();
        let flow = self.room.handle(call.from, event, call.now, &mut effects);
        Reply {
            flow,
            outs: self.outs(&effects),
        }
    }

    fn outs(&mut self, effects: &Effects) -> Vec<Out> {
        let outs: Vec<_> = effects.log().into_iter().flat_map(owned).collect();
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

    /// Who has this name.
    pub(crate) fn called(&self, name: &str) -> Option<ConnId> {
        let found = self.names.iter().find(|(_, taken)| *taken == name);
        found.map(|(id, _)| *id)
    }

    /// A note, made zero by its first reader.
    pub(crate) fn note(&mut self, name: impl Into<String>) -> &mut i64 {
        self.notes.entry(name.into()).or_default()
    }
}

/// Every frame for all on its own, so that a fault can take them one by one.
fn owned(effect: Effect<'_>) -> Vec<Out> {
    match effect {
        Effect::All(mut bytes) => {
            let mut outs = Vec::new();
            while let Ok(Some((_, length))) = ServerFrame::decode(Codec::default(), bytes) {
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

/// A room that handles and decodes as a fault says.
pub(crate) struct Faulty {
    lab: Lab,
    handle: Handle,
}

impl Faulty {
    pub(crate) fn new(handle: Handle) -> Faulty {
        Faulty {
            lab: Lab::new(),
            handle,
        }
    }
}

impl Protocol for Faulty {
    const NAME: &'static str = "faulty chaton";
    type Codec = Decode;
    type Command<'a> = Heard<'a>;

    fn decode<'a>(
        codec: &Decode,
        input: &'a [u8],
    ) -> Result<Option<(Heard<'a>, usize)>, Malformed> {
        codec(Codec::default(), input)
    }

    fn turns_the_stream(command: &Heard<'_>) -> bool {
        matches!(command, Heard::Frame(ClientFrame::LoginPrivate { .. }))
    }

    fn handle(
        &mut self,
        from: ConnId,
        event: Event<Heard<'_>>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow {
        match event {
            Event::Opened(_) => drop(self.lab.open.insert(from)),
            Event::Gone => drop(self.lab.open.remove(&from)),
            _ => {}
        }
        let reply = (self.handle)(&mut self.lab, Call { from, event, now });
        emit(reply.outs, out);
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
        emit(outs, out);
        let later = std::mem::take(&mut self.lab.later);
        let (due, still): (Vec<_>, Vec<_>) = later.into_iter().partition(|(at, ..)| *at <= now);
        self.lab.later = still;
        for (_, from, login) in due {
            let login = ClientFrame::Login { login: &login };
            let call = Call {
                from,
                event: Event::Command(Heard::Frame(login)),
                now,
            };
            let reply = self.lab.good(call);
            // The late part of a check that was made earlier: whatever the room says now, the answer is yes.
            let reply = reply.frames(|frame, right| match frame {
                ServerFrame::LoginRefused => bytes(ServerFrame::LoginAccepted),
                _ => right.to_vec(),
            });
            emit(reply.outs, out);
        }
    }
}

/// Bytes that are sent as they are.
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
