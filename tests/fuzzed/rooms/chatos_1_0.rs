//! What the script must know about this protocol: the file `tests/chatos_1_0/script.rs`, compiled for this crate.

use super::conversation;

#[allow(dead_code, reason = "the tests of the room use more of it")]
#[path = "../../chatos_1_0/frames.rs"]
mod frames;

#[allow(
    dead_code,
    unused_imports,
    reason = "the tests of the room use more of it"
)]
#[path = "../../chatos_1_0/script.rs"]
pub(crate) mod script;
