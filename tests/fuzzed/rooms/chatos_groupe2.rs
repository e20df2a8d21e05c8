//! What the script must know about this protocol: the file `tests/chatos_groupe2/script.rs`, compiled for this crate.

use super::chaton::frames;
use super::conversation;

#[allow(
    dead_code,
    unused_imports,
    reason = "the tests of the room use more of it"
)]
#[path = "../../chatos_groupe2/script.rs"]
pub(crate) mod script;
