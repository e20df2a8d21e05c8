//! The way in: from the listening socket to a thread that serves the connection.
//!
//! | file | what it knows |
//! |---|---|
//! | [`socket`] | how listening and accepted sockets are set up |
//! | [`listener`] | the thread that accepts, and refuses what is too much |
//! | [`refused`] | the connections that were accepted only to be refused |
//! | [`threads`] | the threads of connections, which are used again |
//! | [`requests`] | listeners that have no room: a request, a response, the end |

pub(in crate::net) mod listener;
pub(in crate::net) mod refused;
pub(in crate::net) mod requests;
pub(in crate::net) mod socket;
pub(in crate::net) mod threads;
