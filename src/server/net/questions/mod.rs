//! Questions of a room that take a long time to answer, such as whether a password is right.
//!
//! | file | what it contains |
//! |---|---|
//! | [`workers`] | the threads that find answers, and how a reader waits for an answer |
//! | [`fair_queue`] | a bounded queue in which addresses take turns |

pub(in crate::net) mod fair_queue;
pub(in crate::net) mod workers;
