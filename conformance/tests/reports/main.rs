//! Tests of what reports, captures, matrices and taps contain when a target has a known fault.

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
