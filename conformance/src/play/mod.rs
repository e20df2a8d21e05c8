//! Plays one case: carries out its steps on connections to the target.
//!
//! To see what one step does, go straight to its file: `steps/expect` carries out `expect`. To understand how everything
//! works together, first read `interpreter`, which plays a case from the first connect to the last close. Then read
//! `steps/track`, which polls steps in their order, and then the file of one step.
//!
//! | place | what |
//! |---|---|
//! | `interpreter` | one case from beginning to end |
//! | `steps` | what each kind of step does |
//! | `case` | the case while it runs: its connections, and what its steps have taken so far |
//! | `shared` | the data that all cases of a run share |
//! | `lane` | a connection with its reader and writer threads, and how they wake the interpreter |
//!
//! The code of each row uses only the rows below it in this table.

mod case;
mod interpreter;
pub(crate) mod lane;
pub(crate) mod shared;
mod steps;

pub(crate) use case::Cutting;
pub(crate) use interpreter::play;
