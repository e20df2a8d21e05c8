//! A load: many clients at once against one server, and every promise checked while it lasts.
//!
//! Unlike a scenario a load does not judge a document: it asks how much, how fast and at what cost, and whether what is
//! promised to one client still holds for all of them: each message reaches everybody, once, whole and in order.
//!
//! | file | what |
//! |---|---|
//! | `work`, `run` | what a load is told, and one load from its first connect to its figures |
//! | `speech` | the protocol's exchanges as `load` of wire.kdl has them, as bytes |
//! | `tongue`, `peers` | what any protocol must offer to a load; those of other servers, to compare with |
//! | `names` | how its clients are called, or who they are |
//! | `client`, `crowd` | many connections on one thread |
//! | `payload` | messages that show loss, disorder and damage |
//! | `fan_out` | messages for everybody, as fast as they come back or at a rate |
//! | `idle` | clients that are logged in and only answer |
//! | `talker`, `churn`, `tunnel` | the work that needs few connections: one blocking thread for each |
//! | `target` | what the server's process costs |
//! | `figures` | what came of it |

mod churn;
mod client;
mod crowd;
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

/// The settings that a load knows: where a server knows its clients from.
pub const SETTINGS: [&str; 2] = [REST, IDENTITIES];

/// Whether this system tells what that process costs.
#[must_use]
pub fn tells_its_cost(process: u32) -> bool {
    target::readable(process)
}
