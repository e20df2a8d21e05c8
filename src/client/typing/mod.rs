//! What a user types.
//!
//! | file | what is in it |
//! |---|---|
//! | `input.rs` | the thread that reads standard input |
//! | `typed.rs` | what a line means: a message or a command |
//! | `held.rs` | lines that wait until their connection can accept them |
//! | `sent.rs` | lines that were sent and may not have arrived yet |

pub(crate) mod held;
pub(crate) mod input;
pub(crate) mod sent;
pub(crate) mod typed;
