//! The script of this protocol, see `tests/chatos_groupe2/script.rs`.

use super::chaton::frames;
use super::conversation;

#[allow(
    dead_code,
    unused_imports,
    reason = "the tests of the room use more of it"
)]
#[path = "../../chatos_groupe2/script.rs"]
pub(crate) mod script;
