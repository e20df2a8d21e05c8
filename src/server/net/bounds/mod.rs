//! The limits that protect the server. If a client could use up a resource (connections, bytes,
//! memory, time), the resource has a limit here.
//!
//! | file | what it contains |
//! |---|---|
//! | [`limits`] | the numbers: bytes, seconds and threads, each with its reason |
//! | [`addresses`] | how many connections each address has |
//! | [`ceiling`] | how many connections this machine can carry |
//! | [`talk`] | how many bytes the clients of one address may send per second |
//! | [`budget`] | a limited number of things, such as descriptors, that are taken and given back |

pub(in crate::net) mod addresses;
pub(in crate::net) mod budget;
pub(in crate::net) mod ceiling;
pub(in crate::net) mod limits;
pub(in crate::net) mod talk;
