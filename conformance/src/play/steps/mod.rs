//! What each kind of step does. `act` carries out steps with the arrow `>`, and `expect` those with the arrow `<`. The
//! interpreter polls a step until the step is done or has failed (`progress`).
//!
//! | file | what |
//! |---|---|
//! | `progress` | the result of polling a step |
//! | `track` | steps in their order |
//! | `act`, `assemble` | the actions of a lane (connect, send, close), and the bytes of a send |
//! | `expect`, `any_order` | what must arrive next on a lane |
//! | `silence`, `fence` | the proof that nothing has arrived, and the exchange that is used for it |
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
