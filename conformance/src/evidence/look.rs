//! The state of a connection: what is next on it, and how the target ended it.

use crate::grammar::{DecodedField, Frame};

/// What is next on a connection. The runner has already removed the frames of other cases and the answers to earlier fences.
#[derive(Debug)]
pub(crate) enum Look {
    /// No byte has arrived, and the connection is still open.
    Nothing,
    /// The beginning of a frame has arrived, and the connection is still open.
    Partial,
    /// The beginning of a frame has arrived, and then the connection ended.
    Half(Vec<DecodedField>, End),
    /// A frame.
    Frame(Frame),
    /// Bytes that are not a frame.
    Broken {
        at: usize,
        why: String,
        fields: Vec<DecodedField>,
    },
    /// Bytes in a tunnel, which are never frames.
    Raw,
    /// The connection has ended, and all bytes that arrived before its end are handled.
    Ended(End),
}

/// How the target ended its side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// In the normal way: with FIN and, over TLS, with a close_notify before it.
    Fin,
    /// With RST.
    Reset,
    /// With FIN, but without the close_notify that TLS demands before it.
    Truncated,
    /// With a TLS alert, or with invalid records.
    Garbled,
    /// The target sent more bytes than a lane may receive, so the runner stopped reading. The target did not end the
    /// connection.
    Flood,
}
