//! Tests that the statements of the course are true: the verdicts on each step, the number of its threads, how step 7 stops,
//! and the commands, links and figures of the lessons.

#[cfg(unix)]
mod ends;
mod figures;
mod lessons;
mod server;
mod step;
mod verdicts;
