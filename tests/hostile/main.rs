//! Tests with hostile or broken peers, which attack the server while it serves other clients. Each attack is bounded and
//! takes a few seconds.

#[cfg(unix)]
mod few_resources;
#[cfg(unix)]
mod log_volume;
mod passwords;
#[cfg(unix)]
mod paste;
#[cfg(unix)]
#[allow(dead_code, reason = "not every attack needs all of it")]
#[path = "../chat/program.rs"]
mod program;
#[cfg(unix)]
#[allow(dead_code, reason = "not every attack needs all of it")]
#[path = "../chat/screen.rs"]
mod screen;
#[allow(dead_code, reason = "the registry is not asked anything here")]
#[path = "../chatr/secure.rs"]
mod secure;
mod serving;
#[cfg(unix)]
mod signals;
mod stalled_readers;
#[allow(dead_code, reason = "one key is enough here")]
#[path = "../chatr/vectors.rs"]
mod vectors;
