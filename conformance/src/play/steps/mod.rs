//! What each kind of step does. `expect` is the arrow `<` of a scenario, `act` the arrow `>`. Each is polled until it is done, waits or fails (`progress`).
//!
//! | file | what |
//! |---|---|
//! | `progress` | the result of polling a step |
//! | `track` | steps in their order |
//! | `act`, `assemble` | a lane connects, sends, closes; the bytes of a send |
//! | `expect`, `any_order` | what must come next on a lane |
//! | `silence`, `fence` | nothing may come, proved by an exchange |
//! | `together`, `either`, `eventually` | blocks of steps |

mod act;
mod any_order;
mod assemble;
mod either;
mod eventually;
mod expect;
mod fence;
mod progress;
mod silence;
mod together;
mod track;

pub(crate) use progress::Progress;
pub(crate) use track::Track;
