pub(in crate::net) mod clock;
pub(in crate::net) mod deadlines;
#[path = "../../../../src/server/net/time/timekeeping.rs"]
pub(in crate::net) mod timekeeping;
