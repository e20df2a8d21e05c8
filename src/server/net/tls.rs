//! What seals and opens a connection's bytes. In a file of its own, because `tests/model` puts
//! another type here.

pub(super) use matou_sockets::{Opened, Tls};
