//! What a connection shows: what is next on it, and how the target ended it.

use crate::grammar::{DecodedField, Frame};

/// What is next on a connection, after foreign frames and answers to old fences are taken away.
#[derive(Debug)]
pub(crate) enum Look {
    /// Nothing came, and more may come.
    Nothing,
    /// The beginning of a frame; more may come.
    Partial,
    /// The beginning of a frame, and the connection has ended.
    Half(Vec<DecodedField>, End),
    /// A frame.
    Frame(Frame),
    /// Bytes that are no frame.
    Broken {
        at: usize,
        why: String,
        fields: Vec<DecodedField>,
    },
    /// The connection has ended.
    Ended(End),
}

/// How the target ended its side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// In order, with FIN; over TLS, with close_notify.
    Fin,
    /// With RST.
    Reset,
    /// With FIN, and without the close_notify that TLS demands before it.
    Truncated,
    /// With an alert of TLS, or records that make no sense.
    Garbled,
    /// It did not: we stopped reading, because it sent more than 64 MiB in one case.
    Flood,
}
