//! A course on blocking IO: one chat server, written seven times.
//!
//! All steps speak Chaton, with the same frames and the same room as `matou serve`. Only the engine between the sockets and
//! the room changes, and each step repairs one fault of the step before it. The lesson of each step is in the same folder;
//! the teacher's page is `README.md`.
//!
//! | step | program | its engine | its fault |
//! |---|---|---|---|
//! | 1 | `one-client` | one thread, one client at a time | the second client waits for the first |
//! | 2 | `one-lock` | a thread per client, writes under one lock | one stalled client stops the room |
//! | 3 | `two-threads` | a reader, a writer and a channel per client | a wake-up and a system call per message and recipient |
//! | 4 | `one-write` | the writer drains its channel into one write | a quiet room gains nothing |
//! | 5 | `direct-send` | the sender sends without blocking; writers for full sockets | all senders wait for the thread that is sending |
//! | 6 | `one-run` | senders share one run; one thread has the turn | no end is orderly, and no limit exists |
//! | 7 | `orderly-end` | limits, half-close, tunnels, an orderly stop | lesson 8 compares it with `matou serve` |
//!
//! The program `one-thread` is not a step of the course. It serves the same room with only one thread and with non-blocking
//! sockets. Lesson 6 compares it with step 6. The solutions of exercises that change a step are in the folder `solutions`.
//!
//! This file contains the two parts that are the same in all steps: one part cuts bytes into frames, and the other part
//! finds the recipients of the bytes that the room wants to send. Neither part does any IO. [`outbox`] is the subject of
//! step 5; steps 6 and 7 use it too.

pub mod outbox;

use std::collections::BTreeSet;
use std::sync::Arc;

use matou_protocols::chaton::{ClientFrame, Codec, Options, Room};
use matou_protocols::room::{ConnId, Effect, Effects, Event, Flow};

/// Returns the address to listen on: the first argument, or 127.0.0.1:7777.
pub fn address() -> String {
    let given = std::env::args().nth(1);
    given.unwrap_or_else(|| "127.0.0.1:7777".to_owned())
}

/// Makes an empty room with the default options. Its connect_ids are random.
pub fn new_room() -> Room {
    let entropy = Box::new(|| getrandom::u64().unwrap_or_default());
    Room::new(Options::default(), entropy)
}

/// The bytes of one connection that were read, but do not yet form a whole frame.
///
/// TCP delivers a stream of bytes and does not mark where a frame ends. One `read` may return half a frame, or three whole
/// frames and a half.
#[derive(Debug, Default)]
pub struct Incoming {
    codec: Codec,
    bytes: Vec<u8>,
}

impl Incoming {
    /// Appends the bytes that one `read` has returned.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Passes each whole frame to `handle`, in order, and keeps the remaining bytes for the next `read`. If `handle` returns
    /// any other value than [`Flow::Frames`], stops and returns this value.
    ///
    /// The number of remaining bytes stays small: a frame has at most three texts of 1024 bytes, and a frame that announces
    /// a longer text is malformed.
    pub fn frames(&mut self, mut handle: impl FnMut(Event<ClientFrame<'_>>) -> Flow) -> Flow {
        let mut used = 0;
        let flow = loop {
            let flow = match ClientFrame::decode(self.codec, &self.bytes[used..]) {
                Ok(None) => break Flow::Frames,
                Ok(Some((frame, length))) => {
                    used += length;
                    handle(Event::Command(frame))
                }
                Err(malformed) => handle(Event::Malformed(malformed)),
            };
            if flow != Flow::Frames {
                break flow;
            }
        };
        self.bytes.drain(..used);
        flow
    }

    /// True when a part of a frame has arrived, but not its end.
    pub fn has_half_a_frame(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// Returns the bytes after the last frame.
    pub fn into_rest(self) -> Vec<u8> {
        self.bytes
    }
}

/// The clients that receive messages to everyone: their login was accepted, and they have not left.
#[derive(Debug, Default)]
pub struct Members(BTreeSet<ConnId>);

/// What an engine does to one connection.
#[derive(Debug)]
pub enum Action<'a> {
    /// Send these bytes: one or more whole frames. All recipients of a message share the same bytes.
    Send(ConnId, &'a Arc<[u8]>),
    /// Close this connection after it has sent the bytes of the earlier actions.
    Finish(ConnId),
    /// Close this connection at once.
    Cut(ConnId),
    /// Relay every byte between these two connections, from now on.
    Tunnel(ConnId, ConnId),
}

impl Members {
    /// Turns the room's effects, in their order, into actions for single connections, and passes each action to `act`.
    pub fn dispatch(&mut self, effects: &Effects, mut act: impl FnMut(Action<'_>)) {
        for effect in effects.log() {
            match effect {
                Effect::One(to, bytes) => act(Action::Send(to, &Arc::from(bytes))),
                Effect::All(bytes) => self.send(None, bytes, &mut act),
                Effect::AllBut(but, bytes) => self.send(Some(but), bytes, &mut act),
                Effect::Join(id, _) => {
                    self.0.insert(id);
                }
                Effect::Leave(id) => {
                    self.0.remove(&id);
                }
                Effect::Finish(id) => act(Action::Finish(id)),
                Effect::Cut(id) => act(Action::Cut(id)),
                Effect::Tunnel(one, other) => act(Action::Tunnel(one, other)),
            }
        }
    }

    fn send(&self, but: Option<ConnId>, bytes: &[u8], act: &mut impl FnMut(Action<'_>)) {
        let bytes = Arc::from(bytes);
        for member in self.0.iter().filter(|member| Some(**member) != but) {
            act(Action::Send(*member, &bytes));
        }
    }
}
