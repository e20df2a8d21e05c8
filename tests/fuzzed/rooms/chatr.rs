//! What the script must know about this protocol: the file `tests/chatr/script.rs`, compiled for this crate.

use super::conversation;

#[allow(
    dead_code,
    unused_imports,
    reason = "the tests of the room use more of it"
)]
#[path = "../../chatr/script.rs"]
pub(crate) mod script;
