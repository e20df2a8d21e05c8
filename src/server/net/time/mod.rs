//! Deadlines, the thread that waits for them, and pauses.
//!
//! | file | what it contains |
//! |---|---|
//! | [`deadlines`] | the deadlines of one connection |
//! | [`clock`] | the deadlines of a hub, and how its thread waits for the earliest deadline |
//! | [`timekeeping`] | what the clock's thread does when a deadline has come |
//! | [`pause`] | a pause that ends early when its connection closes |

pub(in crate::net) mod clock;
pub(in crate::net) mod deadlines;
pub(in crate::net) mod pause;
pub(in crate::net) mod timekeeping;
