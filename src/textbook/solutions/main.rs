//! Runs the solution of an exercise: `solution 127.0.0.1:7777 lesson-1-exercise-3`. It also runs the steps that the
//! solutions change: `solution 127.0.0.1:7777 step1`.
//!
//! Each solution is a patch in this folder, with its explanation. `build.rs` applies the patches.

use std::io;
use std::process::ExitCode;

/// The function `main` of a step.
type Main = fn() -> io::Result<()>;

include!(concat!(env!("OUT_DIR"), "/programs.rs"));

fn main() -> io::Result<ExitCode> {
    // The steps take the first argument as their address.
    let wanted = std::env::args().nth(2).unwrap_or_default();
    let program = PROGRAMS.iter().find(|(name, _)| *name == wanted);
    let Some((_, run)) = program else {
        let names: Vec<_> = PROGRAMS.iter().map(|(name, _)| *name).collect();
        eprintln!(
            "usage: solution ADDRESS NAME, where NAME is one of: {}",
            names.join(", ")
        );
        return Ok(ExitCode::from(2));
    };
    run().map(|()| ExitCode::SUCCESS)
}
