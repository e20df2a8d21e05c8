//! Tells the compiler from which commit a release is built.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let version = env!("CARGO_PKG_VERSION");
    // A development build does not show its commit. If it did, cargo would have to build again after every commit.
    let is_release = env::var("PROFILE").as_deref() == Ok("release");
    match is_release.then(commit).flatten() {
        Some(commit) => println!("cargo::rustc-env=VERSION={version} ({commit})"),
        None => println!("cargo::rustc-env=VERSION={version}"),
    }
}

/// Returns the repository's current commit, and makes cargo build again after the next commit. Returns `None` if there is no
/// repository, for example in an archive of the sources.
fn commit() -> Option<String> {
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    println!("cargo::rerun-if-changed={log}");
    git(&["rev-parse", "--short=9", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
