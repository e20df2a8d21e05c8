//! What reports, captures, matrices and taps tell, against the targets that are written to be wrong.

#[allow(dead_code)]
#[path = "../judgement/protocol.rs"]
mod protocol;
#[allow(dead_code)]
#[path = "../judgement/target.rs"]
mod target;

mod capture;
mod commands;
mod for_machines;
mod matrix;
mod page;
mod replay;
mod tap;
