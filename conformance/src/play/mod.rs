//! Plays one case: carries out its steps on connections to the target.
//!
//! Read `interpreter` first (it plays a case from the first connect to the last close). Then read `steps/track` (it polls
//! steps in their order) and the file of one step, for example `steps/expect`.
//!
//! | place | what |
//! |---|---|
//! | `interpreter` | one case from beginning to end |
//! | `steps` | what each kind of step does |
//! | `case` | the case while it runs: its connections, and what its steps have taken so far |
//! | `shared` | the data that all cases of a run share |
//! | `lane` | a connection with its reader and writer threads, and how they wake the interpreter |
//!
//! The code of each place uses only the places below it in this table.

mod case;
mod interpreter;
pub(crate) mod lane;
pub(crate) mod shared;
mod steps;

pub(crate) use case::Cutting;
pub(crate) use interpreter::play;
