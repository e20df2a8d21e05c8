//! Deadlines, the thread that waits for them, and pauses.
//!
//! | file | what it knows |
//! |---|---|
//! | [`deadlines`] | the deadlines of one connection |
//! | [`clock`] | the earliest one of all connections of a hub |
//! | [`timekeeping`] | what the clock's thread does when one has come |
//! | [`pause`] | a pause that the end of a connection cuts short |

pub(in crate::net) mod clock;
pub(in crate::net) mod deadlines;
pub(in crate::net) mod pause;
pub(in crate::net) mod timekeeping;
