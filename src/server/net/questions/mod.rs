//! Questions of a room that take long to answer, such as whether a password is right.
//!
//! | file | what it knows |
//! |---|---|
//! | [`workers`] | the threads that find answers, and the reader that waits for one |
//! | [`fair_queue`] | a bounded queue in which addresses take turns |

pub(in crate::net) mod fair_queue;
pub(in crate::net) mod workers;
