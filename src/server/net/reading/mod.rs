//! A connection's own thread.
//!
//! | file | what it contains |
//! |---|---|
//! | [`reader`] | the life of that thread: it blocks in `read`, and takes frames to the hub |
//! | [`source`] | where its bytes come from: the socket itself, or TLS on top of it |

pub(in crate::net) mod reader;
pub(in crate::net) mod source;
