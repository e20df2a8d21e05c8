//! The script of this protocol, see `tests/chaton/script.rs`.

use super::conversation;

#[allow(dead_code, reason = "the tests of the room use more of it")]
#[path = "../../chaton/frames.rs"]
pub(crate) mod frames;

#[allow(
    dead_code,
    unused_imports,
    reason = "the tests of the room use more of it"
)]
#[path = "../../chaton/script.rs"]
pub(crate) mod script;
