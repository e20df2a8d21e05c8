//! The program `matou`.

use std::process::ExitCode;

fn main() -> ExitCode {
    matou::cli::run()
}
