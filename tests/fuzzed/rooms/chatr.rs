//! The script of this protocol, see `tests/chatr/script.rs`.

use super::conversation;

#[allow(
    dead_code,
    unused_imports,
    reason = "the tests of the room use more of it"
)]
#[path = "../../chatr/script.rs"]
pub(crate) mod script;
