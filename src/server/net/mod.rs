//! Threads and sockets. The only place that knows them, written for a reader who is new to blocking IO.
//!
//! # A byte's journey
//!
//! 1. `listener`: one thread per listener waits in `accept` and hands each new socket to a thread of `threads`.
//! 2. `reader`: that thread owns the connection's read side for as long as it lives. It blocks in `read`, cuts what came
//!    into frames (no lock held), and takes them to the hub.
//! 3. `hub`: under one lock the room turns commands into effects, which are appended to the *run*. Whoever finds nobody
//!    sending takes the *turn*: swaps the run for an empty one, lets go of the lock, and sends. Whoever finds somebody
//!    sending goes back to reading: the holder of the turn will see what was appended.
//! 4. `turn`: each recipient gets everything of a round in one send, in the order of the log.
//! 5. `outbox`: the send does not block. What the socket does not take is queued, within a bound, and
//! 6. `writers`: a few threads write such queues out. They do not block on one client: those whose sockets are full wait
//!    together in `writable`, and a writer comes to those that take bytes again. `progress` says how fast a client must take
//!    them; the clock cuts those that do not.
//! 7. `tls`: where a listener has a certificate, what is read is opened (`source`) and what is sent is sealed (`outbox`);
//!    everything else stays the same.
//! 8. `tunnel`: raw bytes never see the hub. Each end's reader pumps its own direction, with back-pressure.
//!
//! What a room cannot know by itself, and what takes long to find out, is asked: the reader whose frame led to the question
//! waits for one of the `workers` with no lock held, and brings the answer to the hub as the next event of its connection.
//! Addresses take turns there (`fair_queue`).
//!
//! `requests` is for listeners that have no room: each connection is a request and its answer.
//!
//! `clock` is the one thread per hub that waits for time. `limits` says how much of everything there may be.
//!
//! # Lock order
//!
//! A thread that holds one of these may only take those to the right of it:
//! `turn -> hub state -> clock`, `turn -> tunnel end -> outbox -> clock`, `deadlines -> clock`. None is held across a
//! system call that can block. A thread that holds the list of `writable` takes no other.

mod certificate;
mod clock;
mod connection;
mod deadlines;
mod fair_queue;
mod hub;
mod limits;
mod listener;
mod outbox;
mod progress;
mod reader;
mod requests;
mod run;
mod service;
mod socket;
mod source;
mod sync;
mod sys;
mod threads;
mod tls;
mod tunnel;
mod turn;
mod workers;
mod writable;
mod writers;

pub use certificate::{Certificate, CertificateError};
pub use limits::{ConnectionLimits, Keepalive, ProcessLimits};
pub use requests::RequestService;
pub use service::{Engine, ListenError, Revoker, Service};
