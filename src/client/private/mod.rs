//! Private connections.
//!
//! | file | what is in it |
//! |---|---|
//! | `tunnel.rs` | one private connection, over any carrier |
//! | `requests.rs` | requests that are not answered yet |
//! | `direct/` | direct connections of ChatHack: one client listens, the other connects to it |
//! | `pipe.rs` | `--tunnel`: standard input and output on a private connection |

pub(crate) mod direct;
pub(crate) mod pipe;
pub(crate) mod requests;
pub(crate) mod tunnel;
