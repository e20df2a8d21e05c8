//! What seals and opens a connection's bytes. In one place, so that a model checker can put another value there: see
//! `tests/model`.

pub(super) use matou_sockets::{Opened, Tls};
