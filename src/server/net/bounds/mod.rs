//! What protects the server: each thing that a client could take too much of has a bound here.
//!
//! | file | what it knows |
//! |---|---|
//! | [`limits`] | the numbers: bytes, seconds and threads, each with its reason |
//! | [`addresses`] | how many connections each address has |
//! | [`ceiling`] | how many connections this machine can carry |

pub(in crate::net) mod addresses;
pub(in crate::net) mod ceiling;
pub(in crate::net) mod limits;
