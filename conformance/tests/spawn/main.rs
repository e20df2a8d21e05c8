//! Tests of servers that the runner itself starts. The runner reports each incident of the server with the case that caused
//! it.

mod blame;
mod command;
mod incidents;
mod knowledge;
mod starting;
