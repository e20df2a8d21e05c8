//! Servers that have named faults: one fault, or several at once.
//!
//! # In scope, and out of scope
//!
//! In scope: *faults*, which are mistakes that the servers of real teams make; for each fault, a server that has this fault
//! and no other; and servers that have several faults of one protocol. The servers use the rooms of `matou-protocols` and the engine of `matou-server`. So everything except
//! the faults works as in `matou serve`. Out of scope: judging. `tests/laboratory` shows that the suite catches each fault,
//! and in the course, students get some of the servers and find out which fault each server has (`src/textbook/mystery`).
//!
//! | module | what it contains |
//! |---|---|
//! | `fault` | a fault as a value, and [`Specimen`]: a server of any protocol with one fault |
//! | `running` | starts a server with one or more faults |
//! | `room` | what a fault sees of a room: it changes what the room receives, does or sends |
//! | `lab` | the correct room, and the faults as layers over it |
//! | `faulty` | the room with its faults, as the engine sees it |
//! | `missing` | packets that a server does not implement |
//! | `proxy` | a relay between the clients and a correct server, for the faults in tunnels |
//! | [`chaton`], [`chatos_groupe2`], [`chatos_1_0`], [`chathack`], [`chatr`] | the faults of each protocol, in the order of its requirements |
//!
//! A client can send any bytes to these servers, as to any other server. No bytes from a client may make the process end.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

pub mod chathack;
pub mod chaton;
pub mod chatos_1_0;
pub mod chatos_groupe2;
pub mod chatr;
mod fault;
mod faulty;
mod lab;
mod missing;
mod proxy;
mod room;
mod running;

pub use fault::Specimen;
pub use running::{Running, StartError};

/// Returns the faults of every protocol.
pub fn faults() -> Vec<Specimen> {
    chaton::faults()
        .into_iter()
        .chain(chatos_groupe2::faults())
        .chain(chatos_1_0::faults())
        .chain(chathack::faults())
        .chain(chatr::faults())
        .collect()
}

/// Returns the faults of servers that do not implement a packet, for every protocol. [`faults`] does not contain them.
pub fn missing_packets() -> Vec<Specimen> {
    chaton::missing_packets()
        .into_iter()
        .chain(chatos_groupe2::missing_packets())
        .chain(chatos_1_0::missing_packets())
        .chain(chathack::missing_packets())
        .chain(chatr::missing_packets())
        .collect()
}
