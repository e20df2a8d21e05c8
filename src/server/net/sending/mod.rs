//! The way out: from the effects of a room to the sockets of its clients.
//!
//! | file | what it contains |
//! |---|---|
//! | [`run`] | a list of the effects that the room wants |
//! | [`turn`] | carries out the effects of a run; one thread at a time has the turn |
//! | [`report`] | log lines about the frames and remarks of a run |
//! | [`outbox`] | the bytes that wait for one client, and which thread may write them |
//! | [`piece`] | bytes that wait to be sent, and a counter of these bytes for all clients together |
//! | [`queue`] | the bytes in an outbox, in order |
//! | [`progress`] | how fast a client must take its bytes |
//! | [`writers`] | the few threads that write to clients whose sockets were full |
//! | [`writable`] | where such clients wait until their sockets accept bytes again |

pub(in crate::net) mod outbox;
pub(in crate::net) mod piece;
pub(in crate::net) mod progress;
pub(in crate::net) mod queue;
pub(in crate::net) mod report;
pub(in crate::net) mod run;
pub(in crate::net) mod turn;
pub(in crate::net) mod writable;
pub(in crate::net) mod writers;
