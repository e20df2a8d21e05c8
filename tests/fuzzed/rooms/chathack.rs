//! What the script must know about this protocol: the file `tests/chathack/script.rs`, compiled for this crate.

use super::conversation;

#[allow(dead_code, reason = "the tests of the room use more of it")]
#[path = "../../chathack/frames.rs"]
mod frames;

#[allow(
    dead_code,
    unused_imports,
    reason = "the tests of the room use more of it"
)]
#[path = "../../chathack/script.rs"]
pub(crate) mod script;
