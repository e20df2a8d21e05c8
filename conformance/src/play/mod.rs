//! Plays one case: carries out its steps on connections to the target.
//!
//! Read `interpreter` first (a case from its first connect to its last close), then `steps/track` (steps in their order,
//! polled) and one step, for example `steps/expect`.
//!
//! | place | what |
//! |---|---|
//! | `interpreter` | one case from beginning to end |
//! | `steps` | what each kind of step does |
//! | `case` | the case while it runs, its connections, what its steps have taken so far |
//! | `shared` | what all cases of a run share |
//! | `lane` | a connection with its reader and writer threads, and how they wake the interpreter |
//!
//! Each place uses only the places below it in this table.

mod case;
mod interpreter;
pub(crate) mod lane;
pub(crate) mod shared;
mod steps;

pub(crate) use case::Cutting;
pub(crate) use interpreter::play;
