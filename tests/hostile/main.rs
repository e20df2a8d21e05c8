//! What must not break anything, done on purpose: bounded, and each within seconds.

#[cfg(unix)]
mod log_volume;
mod passwords;
mod program;
#[allow(dead_code, reason = "the registry is not asked anything here")]
#[path = "../chatr/secure.rs"]
mod secure;
#[allow(dead_code, reason = "one key is enough here")]
#[path = "../chatr/vectors.rs"]
mod vectors;
