//! This module starts the server's threads and opens its sockets. The comments in this module are
//! written for readers who are new to blocking IO.
//!
//! A call *blocks* when it returns only after something has happened elsewhere. `read` blocks until
//! bytes arrive, or until the peer ends its direction of the connection: then `read` returns 0,
//! which means end of file (EOF). [`Condvar::wait`](sync::Condvar) blocks until another thread
//! calls `notify_one` or `notify_all`. A blocked thread uses no CPU time, but it can do nothing
//! else meanwhile. At every place where a thread blocks, a comment says three things: what the
//! thread waits for, which thread or event wakes it, and what may have changed when it goes on.
//!
//! # The life of a connection
//!
//! 1. [`accept_each`](accepting::listener::accept_each) blocks until a client connects, and then
//!    accepts the connection.
//! 2. [`Accept::admit`](accepting::listener::Accept) checks that the client's address does not have
//!    too many connections, and gives the new socket to a thread
//!    ([`Threads::run`](accepting::threads::Threads::run)). That thread is the connection's
//!    *reader* until the connection ends.
//! 3. [`reader::run`](reading::reader::run) tells the hub that the connection is open, and then
//!    blocks in `read` again and again.
//! 4. The room accepts a login. The thread that carries out the room's decision adds the connection
//!    to the list of *members*, the connections that are logged in ([`Turn`](sending::turn::Turn)).
//!    From then on the client receives the bytes that are sent to all members.
//! 5. The connection ends in one of these ways:
//!    * The peer ends its direction: it sends FIN, the reader's `read` returns 0 (EOF), and the
//!      room handles [`Event::ReadClosed`].
//!    * The server begins an *orderly close*
//!      ([`Connection::finish`](connection::Connection::finish)): it writes the queued bytes and
//!      then sends FIN. The reader then waits for the peer's FIN, but only for a limited time
//!      (`linger` in [`reader`](reading::reader)).
//!    * The server *cuts* the connection ([`Connection::cut`](connection::Connection::cut)): it
//!      closes the connection at once, and drops the queued bytes, because the client is too slow
//!      or too late, or because the connection is broken.
//! 6. The reader calls [`Hub::gone`](hub::Hub::gone), which gives the room the connection's last
//!    event. The thread then waits until it gets another connection to serve.
//!
//! # The life of a message
//!
//! 1. The reader's `read` returns with bytes. The reader decodes all complete frames in these
//!    bytes, without holding a lock (`frames` in [`reader`](reading::reader)).
//! 2. A decoded frame is called a *command*. [`Hub::commands`](hub::Hub::commands) takes the hub's
//!    lock once for all these commands. The room turns each command into *effects*, such as "send
//!    these bytes to all members". The effects are appended to a list, the
//!    [`Run`](sending::run::Run).
//! 3. If no thread is sending, this thread takes the *turn*, which is the right to send (`settle`
//!    in [`hub`]). It swaps the run for an empty one, releases the lock and carries the run out. If
//!    another thread is sending, this thread goes back to `read`: the sending thread looks at the
//!    run again before it stops sending.
//! 4. [`Turn::apply`](sending::turn::Turn::apply) carries a run out: each recipient gets all its
//!    bytes in one [`Connection::send`](connection::Connection::send).
//! 5. [`Outbox::push`](sending::outbox::Outbox::push) passes the bytes to the operating system with
//!    a `send` that does not block. For most messages this is the last step: the system has
//!    accepted all bytes.
//! 6. If the send buffer of the socket is full, the outbox queues the remaining bytes. The
//!    connection is put on the list of [`Writable`](sending::writable::Writable). When its socket
//!    accepts bytes again, one of the [`Writers`](sending::writers::Writers) sends them
//!    ([`Outbox::write`]).
//!
//! So a message in a quiet room needs one `read`, one `send` for each recipient, and no other
//! thread.
//!
//! # The life of a deadline
//!
//! 1. A thread sets the deadline. For example, a reader calls
//!    [`Connection::expect_frame`](connection::Connection::expect_frame) when only a part of a
//!    frame has arrived. The connection stores all its [`Deadlines`](time::deadlines::Deadlines),
//!    but registers only the earliest deadline with the hub's [`Clock`](time::clock::Clock).
//! 2. The clock's thread blocks in [`Clock::next`](time::clock::Clock::next) until the earliest
//!    registered time of all connections. A thread that registers an earlier time wakes the clock's
//!    thread.
//! 3. [`Hub::keep_time`](hub::Hub) asks the connection which deadline has passed
//!    ([`Connection::look_at_deadlines`](connection::Connection::look_at_deadlines)). Often no
//!    deadline has passed: when a deadline is moved or cleared, its old entry stays in the clock.
//! 4. If a deadline has passed, the next step depends on the kind of deadline. If the peer is late
//!    with a frame or a login, the room decides what to do ([`Event::Overdue`]; the rooms share
//!    `Lifecycle::overdue` in `protocols/room/connections.rs`). If it is time to check whether the
//!    client takes its queued bytes fast enough, the client's outbox checks this
//!    ([`Outbox::look`]). If an orderly close took too long, the connection is cut.
//! 5. The connection registers its next deadline.
//!
//! The rooms have deadlines too ([`Protocol::deadline`]). Each time the room has handled an event,
//! the hub tells the clock the earliest deadline of the room.
//!
//! # Threads
//!
//! | name | how many | its work | where it blocks | how it ends |
//! |---|---|---|---|---|
//! | `matou-accept` | one per listener | accepts | `poll` on the listener | its owner drops the `AcceptWake` and joins the thread ([`Service::close`]) |
//! | `matou-conn` | one per connection | reads frames, and carries out their effects if no other thread does | `read`; a condition variable while its client has sent too much ([`Connection::wait_to_hear_more`](connection::Connection::wait_to_hear_more)) | when its connection has ended and it gets no other connection in time; [`Threads::close`](accepting::threads::Threads::close) ends the threads that wait |
//! | `matou-clock` | one per hub | deadlines | a condition variable | after the hub's last connection has gone; [`Service::join`] joins the thread |
//! | `matou-writer-N` | 1 to 8, an option | writes to clients whose sockets were full | `epoll_wait` (on Linux) | [`Writers::stop`](sending::writers::Writers::stop) joins the threads |
//! | `matou-lookup-N`, `matou-hash-N` | a few | answers questions of rooms | a condition variable | [`Workers::stop`](questions::workers::Workers::stop) wakes the threads and waits until they have ended |
//!
//! One more kind of thread exists outside this module: `matou account import` computes password
//! hashes on threads named `matou-import`, which end with that command.
//!
//! A [`Service`] owns its accept thread and its clock's thread; a [`RequestService`] owns an accept
//! thread only. The [`Engine`] owns all other threads. When the whole server stops, the threads end
//! in this order: accept threads, clocks (each after the last connection of its hub), workers,
//! threads of connections, writers.
//!
//! # Locks
//!
//! A thread that holds a lock may take only the locks to the right of it in the same row:
//!
//! * `turn -> hub state -> clock`
//! * `turn -> tunnel end -> outbox`
//! * `turn -> deadlines -> clock`
//! * `turn -> relieving -> tunnel end -> outbox`
//!   ([`Writers::relieve`](sending::writers::Writers::relieve); this method also takes the lock of
//!   the list in [`writable`](sending::writable), but releases that lock before it takes the lock
//!   of an outbox)
//!
//! A thread that holds the lock of the list in [`writable`](sending::writable) takes no other lock.
//! No lock is held during a system call that can block. The only exception is the lock `asking` in
//! `sending/writable/poll.rs`, which only writers take. The comment of each struct that has a lock
//! states the rules of this lock.
//!
//! # Where to find what
//!
//! | place | what it contains |
//! |---|---|
//! | [`accepting`] | the way in: listeners, and the threads that serve connections |
//! | [`reading`] | a connection's own thread, and where its bytes come from |
//! | [`hub`] | one room, its lock, and the run of its effects |
//! | [`sending`] | the way out: the turn, outboxes, writers |
//! | [`connection`] | a client's socket, and what all these threads may do with it |
//! | [`time`] | deadlines, and the clock that waits for them |
//! | [`bounds`] | what protects the server: the limits, and the code that enforces them |
//! | [`questions`] | questions of a room that take long to answer, and the workers that answer them |
//! | [`tunnel`] | private connections, whose bytes are relayed without a change |
//! | [`certificate`], [`tls`] | what a listener with TLS needs |
//! | [`service`] | starts and stops all of it |
//! | [`sys`], [`sync`] | system calls, and what replaces them on systems that do not have them; the locks |
//!
//! Read these modules in the order of this table. The `mod.rs` of each folder has a table of the
//! files in that folder.

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
