pub(in crate::net) mod limits;
#[path = "../../../../src/server/net/bounds/talk.rs"]
pub(in crate::net) mod talk;
