//! The script of this protocol, see `tests/chatos_1_0/script.rs`.

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
