//! The program `matou`.

fn main() -> std::process::ExitCode {
    matou::cli::run()
}
