//! Tests of servers that the runner itself starts. The runner reports each incident of the server with the case that caused
//! it.

#[cfg(target_os = "linux")]
mod background;
mod blame;
mod causes;
mod command;
mod complaints;
#[cfg(unix)]
mod ending;
mod first_answer;
#[cfg(target_os = "linux")]
mod first_process;
#[cfg(unix)]
#[path = "../../../tests/common/heeding.rs"]
mod heeding;
mod incidents;
mod knowledge;
#[cfg(target_os = "linux")]
mod ownership;
mod starting;
