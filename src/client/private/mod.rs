//! Private connections.
//!
//! | file | what is in it |
//! |---|---|
//! | `connections.rs` | [`PrivateConnections`], the register of all of them, which the loop owns |
//! | `stage.rs` | [`Stage`]: how far one has come |
//! | `tunnel.rs` | one private connection, over any carrier |
//! | `requests.rs` | requests that are not answered yet |
//! | `direct/` | direct connections of ChatHack: one client listens, the other connects to it |
//! | `pipe.rs` | `--tunnel`: standard input and output on a private connection |
//!
//! The dialogue of the protocol has a list of its own ([`matou_protocols::dialogue::Tunnels`]): it does no IO, and knows only
//! what the protocol says about each one. A peer of Chatr is a connection like others here, because `chatr/peer/` gives it a
//! link.

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
