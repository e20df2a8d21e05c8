//! The type that encrypts and decrypts a connection's bytes. It has a file of its own, because
//! `tests/model` replaces it with another type.

pub(super) use matou_sockets::{Opened, Tls};
