#[path = "../../../../src/server/net/sending/outbox.rs"]
pub(in crate::net) mod outbox;
pub(in crate::net) mod progress;
#[path = "../../../../src/server/net/sending/queue.rs"]
pub(in crate::net) mod queue;
#[path = "../../../../src/server/net/sending/run.rs"]
pub(in crate::net) mod run;
pub(in crate::net) mod turn;
