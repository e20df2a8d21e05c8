//! The script of this protocol, see `tests/chathack/script.rs`.

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
