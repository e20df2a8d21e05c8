//! The program `matou`: a chat server for small binary protocols, and a client to talk to it.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
