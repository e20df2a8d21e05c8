//! Private connections.
//!
//! | file | what is in it |
//! |---|---|
//! | `connections.rs` | [`PrivateConnections`], the list of all private connections, which the loop owns |
//! | `stage.rs` | [`Stage`]: whether a private connection is being made, open, or closed |
//! | `tunnel.rs` | one private connection, over any carrier |
//! | `requests.rs` | requests that are not answered yet |
//! | `direct/` | direct connections of ChatHack: one client listens, the other connects to it |
//! | `pipe.rs` | `--tunnel`: standard input and output on a private connection |
//!
//! The dialogue of the protocol has its own list of private connections ([`matou_protocols::dialogue::Tunnels`]). The
//! dialogue's list does no IO, and contains only what the protocol says about each private connection. This folder handles a
//! connection to a peer of Chatr Connect like any other connection, because `chatr/peer/` makes it a
//! [`Link`](crate::link::Link).

mod connections;
pub(crate) mod direct;
mod pipe;
mod requests;
mod stage;
pub(crate) mod tunnel;

pub(crate) use connections::PrivateConnections;
pub(crate) use pipe::Broken;
pub(crate) use requests::Asker;
pub(crate) use stage::Stage;
