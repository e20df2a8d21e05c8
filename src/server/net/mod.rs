//! Threads and sockets. No other module knows them. The text is for readers who are new to blocking
//! IO.
//!
//! A call *blocks* when it does not return before something has happened elsewhere: `read` blocks
//! until the peer sends, and [`Condvar::wait`](sync::Condvar) until another thread notifies. A
//! blocked thread costs no CPU, but it can do nothing else meanwhile. So for every place where a
//! thread blocks, the text says what the thread waits for, who wakes it, and what may have changed
//! when it goes on.
//!
//! # The life of a connection
//!
//! 1. [`accept_each`](accepting::listener::accept_each) blocks until a client connects, and accepts
//!    the socket.
//! 2. [`Accept::admit`](accepting::listener::Accept) checks the limit of the client's address and
//!    gives the socket to a thread ([`Threads::run`](accepting::threads::Threads::run)). That
//!    thread is the connection's *reader* until the connection ends.
//! 3. [`reader::run`](reading::reader::run) tells the hub that the connection is open, and then
//!    blocks in `read` again and again.
//! 4. The room accepts a login. Carrying out this effect, the turn adds the connection to the list
//!    of members ([`Turn`](sending::turn::Turn)), so that it receives what is sent to all.
//! 5. The connection ends in one of these ways:
//!    * The peer closes its side: `read` returns 0, and the room handles [`Event::ReadClosed`].
//!    * The server closes it in order, [`Connection::finish`](connection::Connection::finish): what
//!      is queued is written, then FIN. The reader waits for the peer's FIN, within limits
//!      (`linger` in [`reader`](reading::reader)).
//!    * The server closes it at once, [`Connection::cut`](connection::Connection::cut): the client
//!      is too slow or too late, or the connection is broken.
//! 6. [`Hub::gone`](hub::Hub::gone) is its last event. The thread then waits for the next
//!    connection.
//!
//! # The life of a message
//!
//! 1. The reader's `read` returns with bytes. Without any lock, the reader decodes all whole frames
//!    in them (`frames` in [`reader`](reading::reader)).
//! 2. [`Hub::commands`](hub::Hub::commands) takes the hub's lock once for all of them. The room
//!    turns each command into effects, such as "send these bytes to all members". The effects are
//!    appended to a log, the [`Run`](sending::run::Run).
//! 3. If no thread is sending, this thread takes the *turn* (`settle` in [`hub`]): it swaps the run
//!    for an empty one, releases the lock and carries the run out. If another thread is sending,
//!    this thread goes back to `read`. The sending thread looks at the run again before it stops.
//! 4. [`Turn::apply`](sending::turn::Turn::apply) carries a run out: each recipient gets all its
//!    bytes in one [`Connection::send`](connection::Connection::send).
//! 5. [`Outbox::push`](sending::outbox::Outbox::push) passes the bytes to the system with a `send`
//!    that does not block. Most messages end here: they are in the socket.
//! 6. If the socket is full, the outbox queues the rest. The connection waits in
//!    [`Writable`](sending::writable::Writable) until its socket accepts bytes again, and then one
//!    of the [`Writers`](sending::writers::Writers) sends ([`Outbox::write`]).
//!
//! So a message in a quiet room needs one `read`, one `send` for each recipient, and no other
//! thread.
//!
//! # The life of a deadline
//!
//! 1. A thread sets it, for example
//!    [`Connection::expect_frame`](connection::Connection::expect_frame) when half a frame has
//!    come. The connection keeps its [`Deadlines`](time::deadlines::Deadlines), and only the
//!    earliest is registered with the hub's [`Clock`](time::clock::Clock).
//! 2. The clock's thread blocks in [`Clock::next`](time::clock::Clock::next) until the earliest
//!    entry of all connections.
//! 3. [`Hub::keep_time`](hub::Hub) asks the connection which deadline has passed
//!    ([`Connection::look_at_deadlines`](connection::Connection::look_at_deadlines)). Often none
//!    has: a deadline that was moved or cleared leaves its old entry in the clock.
//! 4. What is due is done: the room decides about a late peer ([`Event::Overdue`]; the rooms share
//!    `Lifecycle::overdue` in `protocols/room/connections.rs`), the outbox judges a slow one
//!    ([`Outbox::look`]), an orderly close that took too long is cut.
//! 5. The connection registers its next deadline.
//!
//! The rooms have deadlines too ([`Protocol::deadline`]). The hub tells the clock the earliest one
//! after each visit.
//!
//! # Threads
//!
//! | name | how many | its work | where it blocks | how it ends |
//! |---|---|---|---|---|
//! | `matou-accept` | one per listener | accepts | `poll` on the listener | the owner drops its `AcceptWake` and joins it ([`Service::close`]) |
//! | `matou-conn` | one per connection | reads, and sends what its frames lead to | `read`; a condition variable while its client says too much | the connection ends; [`Threads::close`](accepting::threads::Threads::close) ends those that wait for another one |
//! | `matou-clock` | one per hub | deadlines | a condition variable | the hub's last connection has gone; [`Service::join`] joins it |
//! | `matou-writer-N` | 1 to 8, an option | writes to clients whose sockets were full | `epoll_wait` | [`Writers::stop`](sending::writers::Writers::stop) joins them |
//! | `matou-lookup-N`, `matou-hash-N` | a few | answers questions of rooms | a condition variable | [`Workers::stop`](questions::workers::Workers::stop) |
//!
//! (Outside this module, `matou account import` hashes on threads `matou-import`, which end with
//! that command.)
//!
//! [`Service`] owns the first and the third kind ([`RequestService`] has an accept thread only),
//! [`Engine`] the others. A stop of the whole server ends them in this order: accept threads,
//! clocks (each after the last connection of its hub), workers, threads of connections, writers.
//!
//! # Locks
//!
//! A thread that holds one of these locks may only take locks to the right of it:
//!
//! * `turn -> hub state -> clock`
//! * `turn -> tunnel end -> outbox`
//! * `turn -> deadlines -> clock`
//! * `turn -> relieving -> outbox` ([`Writers::relieve`](sending::writers::Writers::relieve); it also
//!   looks at the list of [`writable`](sending::writable), and releases that first)
//!
//! A thread that holds the list of [`writable`](sending::writable) takes no other lock. No lock is
//! held across a system call that can block; the right to ask in `sending/writable/poll.rs`, which
//! only writers take, is the one exception. The rules of each lock are beside its struct.
//!
//! # Where to find what
//!
//! | place | what it knows |
//! |---|---|
//! | [`accepting`] | the way in: listeners, and the threads that serve connections |
//! | [`reading`] | a connection's own thread, and where its bytes come from |
//! | [`hub`] | one room, its lock and its run |
//! | [`sending`] | the way out: the turn, outboxes, writers |
//! | [`connection`] | a client's socket, as all these threads see it |
//! | [`time`] | deadlines, and the clock that waits for them |
//! | [`bounds`] | what protects the server: the limits, and what keeps them |
//! | [`questions`] | questions that take long, and the workers that answer them |
//! | [`tunnel`] | private connections, whose bytes are relayed as they are |
//! | [`certificate`], [`tls`] | what a listener inside TLS needs |
//! | [`service`] | starts and stops all of it |
//! | [`sys`], [`sync`] | system calls with their fallbacks, and the locks |
//!
//! Read them in this order. Each folder has a map of its own.

#![allow(
    rustdoc::private_intra_doc_links,
    reason = "this text guides readers of the source, and its links are checked"
)]

mod accepting;
mod bounds;
mod certificate;
mod connection;
mod hub;
mod questions;
mod reading;
mod sending;
mod service;
mod sync;
mod sys;
mod time;
mod tls;
mod tunnel;

#[cfg(doc)]
use matou_protocols::room::{Event, Protocol};
#[cfg(doc)]
use sending::outbox::Outbox;

pub use accepting::requests::RequestService;
pub use bounds::limits::{ConnectionLimits, Keepalive, ProcessLimits};
pub use certificate::{Certificate, CertificateError};
pub use service::{Engine, ListenError, Revoker, Service};
