#[path = "../../../../src/server/net/sending/outbox.rs"]
pub(in crate::net) mod outbox;
#[path = "../../../../src/server/net/sending/piece.rs"]
pub(in crate::net) mod piece;
pub(in crate::net) mod progress;
#[path = "../../../../src/server/net/sending/queue.rs"]
pub(in crate::net) mod queue;
#[path = "../../../../src/server/net/sending/run.rs"]
pub(in crate::net) mod run;
pub(in crate::net) mod turn;
