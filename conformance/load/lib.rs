//! A load: many clients use one server at the same time, and the load checks what each of them receives.
//!
//! A scenario judges whether a server follows a document. A load measures how much a server can do, how fast, and at what
//! cost. It also checks promises that a server must keep for all clients: each message reaches every client once, complete
//! and in order.
//!
//! | file | what |
//! |---|---|
//! | `work`, `run` | the settings of a load, and one load from its first connect to its figures |
//! | `exchange`, `speech` | the protocol's exchanges, which `load` in wire.kdl describes, and their bytes |
//! | `tongue`, `peers` | the interface between a load and a protocol; the protocols of other servers, for comparison |
//! | `names` | the names or identities of the clients |
//! | `client`, `crowd` | many connections on one thread |
//! | `payload` | texts of messages that show whether a message was lost, damaged or out of order |
//! | `fan_out` | messages for everybody, as fast as they return or at a fixed rate |
//! | `idle` | clients that are logged in and send nothing except answers |
//! | `talker`, `churn`, `tunnel` | work that needs few connections: each connection has a blocking thread |
//! | `target` | the processor time, the memory and the threads of the server's process |
//! | `figures` | the results |

// This crate handles bytes that a server has sent. Whatever these bytes are, the program must not panic.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod churn;
mod client;
mod crowd;
mod exchange;
mod fan_out;
mod figures;
mod idle;
mod names;
mod payload;
pub mod peers;
mod run;
mod speech;
mod talker;
mod target;
mod tongue;
mod tunnel;
mod work;

use conformance_suite::identity::{IDENTITIES, REST};

pub use figures::{
    ChurnFigures, FanOutFigures, Figures, Flaws, IdleFigures, Latency, ServerCost, StormFigures,
    TunnelFigures,
};
pub use run::run;
pub use work::{Bounds, Direction, FanOut, Language, Pace, Teller, Trouble, Tunnel, Work};

/// The names of the settings that a load can use. Each setting says where the load gets identities that the server accepts.
pub const SETTINGS: [&str; 2] = [REST, IDENTITIES];

/// Returns whether the system reports the cost (processor time and memory) of the process with this id.
#[must_use]
pub fn tells_its_cost(process: u32) -> bool {
    target::readable(process)
}
