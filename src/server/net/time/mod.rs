//! Deadlines, and the thread that waits for them.
//!
//! | file | what it knows |
//! |---|---|
//! | [`deadlines`] | the deadlines of one connection |
//! | [`clock`] | the earliest one of all connections of a hub |
//! | [`timekeeping`] | what the clock's thread does when one has come |

pub(in crate::net) mod clock;
pub(in crate::net) mod deadlines;
pub(in crate::net) mod timekeeping;
