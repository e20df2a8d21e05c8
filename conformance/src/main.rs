//! The command `conformance`; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    conformance::cli::main()
}
