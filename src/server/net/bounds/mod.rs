//! What protects the server: each thing that a client could take too much of has a bound here.
//!
//! | file | what it knows |
//! |---|---|
//! | [`limits`] | the numbers: bytes, seconds and threads, each with its reason |
//! | [`addresses`] | how many connections each address has |
//! | [`ceiling`] | how many connections this machine can carry |
//! | [`talk`] | how much one client may say in a time |
//! | [`budget`] | a number of things that may be taken and given back, such as descriptors |

pub(in crate::net) mod addresses;
pub(in crate::net) mod budget;
pub(in crate::net) mod ceiling;
pub(in crate::net) mod limits;
pub(in crate::net) mod talk;
