//! The way in: from the listening socket to a thread that serves the connection.
//!
//! | file | what it contains |
//! |---|---|
//! | [`socket`] | how listening and accepted sockets are set up |
//! | [`listener`] | the thread that accepts connections, and refuses those that exceed a limit |
//! | [`refused`] | connections that are accepted and then refused |
//! | [`threads`] | the threads of connections; each serves one connection after the other |
//! | [`requests`] | listeners without a room: each connection has one request and one response |

pub(in crate::net) mod listener;
pub(in crate::net) mod refused;
pub(in crate::net) mod requests;
pub(in crate::net) mod socket;
pub(in crate::net) mod threads;
