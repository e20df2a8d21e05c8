//! The command `conformance`; its code is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    conformance::cli::main()
}
